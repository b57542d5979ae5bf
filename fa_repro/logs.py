"""What a person sees of the log: warnings, what is told, and with --verbose everything."""

import logging
import sys

TOLD = "fa_repro.told"
"""Name of the logger for what a person should see although nothing is wrong."""


def show(verbose: bool) -> None:
    """Write the log to standard error from here on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logger = logging.getLogger("fa_repro")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.DEBUG if verbose else logging.WARNING)
    logging.getLogger(TOLD).setLevel(logging.INFO)
