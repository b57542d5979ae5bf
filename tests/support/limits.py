"""Limits of time and memory for what must neither hang nor fill the memory."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS = 120
"""After so long something is taken to hang, on the slowest machine."""

MEMORY = 500 * 2**20
"""Bytes that a command may take beyond what the process has."""


@contextmanager
def timed() -> Iterator[None]:
    """Raise TimeoutError in a block that takes too long."""

    def end(*_: Any) -> None:
        raise TimeoutError(f"hangs: not finished after {SECONDS} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def limited() -> Iterator[None]:
    """Raise TimeoutError or MemoryError in a block that takes too long or too much memory."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, limits[1]))
    try:
        with timed():
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
