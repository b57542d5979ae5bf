"""Log messages that the user sees: warnings and notices, and everything with --verbose."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from fa_repro.datasets import NOTICES
from fa_repro.plain_text import escape_controls


class _Formatter(logging.Formatter):
    """One line for each message; control characters in it are escaped."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return escape_controls(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return escape_controls(super().formatException(ei), lines=True)


def configure_logging(verbose: bool) -> None:
    """Write the log to standard error until the end of the current command."""
    click.get_current_context().with_resource(_to_standard_error(verbose))


@contextmanager
def _to_standard_error(verbose: bool) -> Iterator[None]:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(levelname)s: %(message)s"))
    levels = {"fa_repro": logging.DEBUG if verbose else logging.WARNING, NOTICES: logging.INFO}
    before = {name: logging.getLogger(name).level for name in levels}
    logging.getLogger("fa_repro").addHandler(handler)
    try:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        yield
    finally:
        logging.getLogger("fa_repro").removeHandler(handler)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
