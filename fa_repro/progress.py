"""Progress of training: a bar with the time left on a terminal, a plain line now and then elsewhere."""

import sys
import time
from typing import Any, Protocol

import click


class Progress(Protocol):
    """What `fa_repro.experiment` tells of how far it is."""

    def start(self, examples: int, label: str) -> None:
        """Training begins; it will see this many examples, all runs added."""

    def tick(self, examples: int) -> None:
        """This many more have been seen."""

    def stop(self) -> None:
        """Training has ended."""


class Silent:
    """Says nothing."""

    def start(self, examples: int, label: str) -> None:
        pass

    def tick(self, examples: int) -> None:
        pass

    def stop(self) -> None:
        pass


class Terminal:
    """Writes to standard error: a bar if that is a terminal, else one line per 30 seconds."""

    INTERVAL = 30.0

    def __init__(self) -> None:
        self._bar: Any = None
        self._label = ""
        self._total = self._seen = 0
        self._began = self._said = 0.0

    def start(self, examples: int, label: str) -> None:
        self._label, self._total, self._seen = label, examples, 0
        self._began = self._said = time.monotonic()
        if sys.stderr.isatty():
            self._bar = click.progressbar(length=examples, label=label, file=sys.stderr, width=30)
            self._bar.__enter__()

    def tick(self, examples: int) -> None:
        self._seen += examples
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(examples)
        elif now - self._said >= self.INTERVAL:
            self._said = now
            left = (now - self._began) * (self._total - self._seen) / max(self._seen, 1)
            click.echo(f"{self._label}: {100 * self._seen / self._total:.0f} %, {max(left, 0):.0f} s left", err=True)

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
