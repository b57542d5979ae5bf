"""Config: from a YAML file, overrides and sweeps to validated, immutable settings for every run."""
