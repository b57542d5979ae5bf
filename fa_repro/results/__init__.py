"""Results on disk: figure folders, trained runs, tables, provenance. No other code writes to the results folder."""
