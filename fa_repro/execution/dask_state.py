"""What Dask changes in the whole process, and its undoing."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

CHATTY = ("distributed", "tornado", "asyncio")
MUTE = logging.CRITICAL + 1

_one_at_a_time = threading.Lock()


@contextmanager
def process_state_kept() -> Iterator[None]:
    """Use Dask in the block alone, as it changes logging and the environment of the process; undo that at the end."""
    with _one_at_a_time, _quiet(), _environment_restored():
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the tracebacks that Dask logs for errors that are reported as messages anyway."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in CHATTY]
    levels = {name: logging.getLogger(name).level for name in names}
    if not log.isEnabledFor(logging.DEBUG):
        for name in names:
            logging.getLogger(name).setLevel(MUTE)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def _environment_restored() -> Iterator[None]:
    """Undo what Dask sets in the environment of this process when it starts workers."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in {*before, *os.environ}:
            if name not in before:
                del os.environ[name]
            elif os.environ.get(name) != before[name]:
                os.environ[name] = before[name]
