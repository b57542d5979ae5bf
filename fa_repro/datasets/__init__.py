"""Data sets: finding, downloading, verifying and decoding their files."""

NOTICES = "fa_repro.notices"
"""Name of the logger for notices to the user that are not warnings, such as where data was downloaded from."""
