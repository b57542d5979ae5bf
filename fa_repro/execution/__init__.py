"""Execution: finding missing runs and training them, in one process, in several, or on a Dask cluster."""
