"""What runs in a worker process. It imports NumPy only after the environment that NumPy reads has been set."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping
from multiprocessing import connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fa_repro.execution.batching import Batch

_done: Any = None  # the work done by all workers, a shared number


def start(done: Any, begun: Any, environment: Mapping[str, str]) -> None:
    """Initialise a worker: it leaves Ctrl-C to its parent, and ends when its parent does.

    Parameters
    ----------
    done, begun : shared numbers
        The work done by all workers, and whether any worker has started.
    environment : mapping of str to str
        Variables to set. The parent's own environment is not touched, as other threads use it.
    """
    global _done
    os.environ.update(environment)
    _done = done
    begun.value = 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def work(batch: "Batch", root: Path, overwrite: bool) -> None:
    """Train the runs of a batch that are not stored yet, and store them in the results folder `root`."""
    from fa_repro.execution.batching import train_and_store
    from fa_repro.results.store import Store

    train_and_store(batch, Store(root), overwrite, _tick)


def _tick(more: int) -> None:
    with _done.get_lock():
        _done.value += more
