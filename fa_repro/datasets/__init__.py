"""Data sets: where they are found or fetched from, and how their files are verified and decoded."""

NOTICES = "fa_repro.notices"
"""Name of the logger for what a user should read although nothing is wrong, such as where data was fetched from."""
