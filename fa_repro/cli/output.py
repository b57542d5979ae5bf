"""Output of the command line: everything that is printed goes through `echo`."""

import codecs
import os
import re
import sys
from contextlib import suppress

import click

from fa_repro.plain_text import escape_controls

_BYTES = re.compile("([\udca0-\udcff]+)")
"""Bytes of paths that are not Unicode, as `os.fsdecode` represents them; others could be control characters."""


def echo(message: object, err: bool = False, lines: bool = False, nl: bool = True) -> None:
    """Print a message; control characters in it, and what the stream's encoding does not have, are escaped.

    Parameters
    ----------
    message : object
        Converted to text by `str`.
    err : bool
        Whether to print to standard error.
    lines : bool
        Whether the text has several lines, so that its line feeds are printed.
    nl : bool
        Whether to end it by a line feed.
    """
    text, stream = str(message), sys.stderr if err else sys.stdout
    encoding = codecs.lookup(getattr(stream, "encoding", None) or "ascii").name
    encoding = "utf-8" if encoding == "ascii" else encoding  # as click does
    if encoding == "utf-8" and getattr(stream, "errors", None) == "surrogateescape":  # paths arrive as they are
        parts = _BYTES.split(text)
        text = "".join(part if place % 2 else escape_controls(part, lines) for place, part in enumerate(parts))
    else:
        text = escape_controls(text, lines).encode(encoding, "backslashreplace").decode(encoding)
    click.echo(text, err=err, nl=nl)  # noqa: TID251


def discard_unwritten() -> None:
    """Discard what cannot be written to standard output, so that Python does not fail again as it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
