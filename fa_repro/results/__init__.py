"""Results on disk: the folder of a figure, the store of trained runs, tables, provenance. Nothing else writes there."""
