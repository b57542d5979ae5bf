"""Configs: turn a YAML file, overrides and sweeps into validated, immutable settings for every run."""
