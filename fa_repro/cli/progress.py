"""Progress of training: a bar with the remaining time on a terminal, occasional plain lines elsewhere."""

import sys
import time
from typing import Any

import click

from fa_repro.cli.output import echo


class Terminal:
    """Progress on standard error: a bar if that is a terminal, otherwise one line every 30 seconds."""

    INTERVAL = 30.0

    def __init__(self) -> None:
        self._bar: Any = None
        self._label = ""
        self._total = self._done = 0
        self._began = self._said = 0.0

    def start(self, work: int, label: str) -> None:
        self._label, self._total, self._done = label, work, 0
        self._began = self._said = time.monotonic()
        if sys.stderr is not None and sys.stderr.isatty():
            self._bar = click.progressbar(length=work, label=label, file=sys.stderr, width=30)
            self._bar.__enter__()

    def advance(self, work: int) -> None:
        self._done += work
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(work)
        elif now - self._said >= self.INTERVAL:
            self._said = now
            left = (now - self._began) * (self._total - self._done) / max(self._done, 1)
            echo(f"{self._label}: {100 * self._done / self._total:.0f} %, {max(left, 0):.0f} s left", err=True)

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
