"""Log messages that the user sees: warnings and notices, and everything with --verbose."""

import logging
import sys

from fa_repro.datasets import NOTICES


def configure_logging(verbose: bool) -> None:
    """Write the log to standard error from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logger = logging.getLogger("fa_repro")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.DEBUG if verbose else logging.WARNING)
    logging.getLogger(NOTICES).setLevel(logging.INFO)
