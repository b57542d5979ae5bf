"""Execution: which runs are missing, and how they are trained, in one process, in several, or on a Dask cluster."""
