"""Keeps results independent of what the rest of the process sets, and the rest of the process as it was.

Two things are shared with the caller and with other threads: NumPy's settings (how numbers are written as text, what
happens on overflow) and the number of threads that BLAS uses for matrix products, which may change the last bits of a
number. Nothing here is left changed, even if Ctrl-C arrives at any moment.
"""

import contextvars
import functools
import os
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
T = TypeVar("T")
_Libraries: TypeAlias = dict[str, tuple[Any, int]]

FLOATING_POINT = {"all": "ignore"}
"""Settings of `numpy.seterr`. A warning would be an error to a caller who has made warnings errors."""

_PRINTING = contextvars.Context().run(np.get_printoptions)  # the defaults, whatever is set here


def restoring(work: Callable[[], T], restore: Callable[[], object]) -> T:
    """Do work, and restore in any case; `restore` is called again if Ctrl-C interrupts it."""
    try:
        try:
            return work()
        finally:
            restore()
    except KeyboardInterrupt:
        restore()
        raise


def isolated(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function use NumPy's default settings, whatever its caller has set; the caller's are not changed."""

    def inside(*args: P.args, **keys: P.kwargs) -> T:
        np.seterr(**FLOATING_POINT)  # type: ignore[arg-type]
        np.set_printoptions(**_PRINTING)
        return function(*args, **keys)

    @functools.wraps(function)
    def wrapper(*args: P.args, **keys: P.kwargs) -> T:
        # NumPy keeps its settings in context variables; changes of a copied context end with it.
        return contextvars.copy_context().run(inside, *args, **keys)

    return wrapper


def one_thread(function: Callable[P, T]) -> Callable[P, T]:
    """Let an isolated function use one thread for matrix products; it may run in several threads at once."""
    return _limited(function, exclusive=False)


def every_core(function: Callable[P, T]) -> Callable[P, T]:
    """Let an isolated function use a thread per core for matrix products; it waits until no other thread needs one.

    Within it, functions marked `one_thread` may be called.
    """
    return _limited(function, exclusive=True)


def _limited(function: Callable[P, T], exclusive: bool) -> Callable[P, T]:
    alone = isolated(function)

    @functools.wraps(function)
    def wrapper(*args: P.args, **keys: P.kwargs) -> T:
        limit = _Limit(exclusive)

        def work() -> T:
            limit.set()
            return alone(*args, **keys)

        return restoring(work, limit.unset)

    return wrapper


def cores() -> int:
    """Processor cores that this process may use; BLAS starts as many threads."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Limit:
    """A limit of the threads of BLAS: one, or exclusively one per core.

    The first limit notes what was set before, the last one restores it. Limits of different threads that differ never
    hold at the same time. `unset` may be called more than once.
    """

    def __init__(self, exclusive: bool) -> None:
        self._exclusive, self._thread = exclusive, threading.get_ident()
        self._own: _Libraries = {}

    def set(self) -> None:
        with _lock:
            while not all(self._agrees(other) for other in _holding):
                _turn.wait()
            _holding.append(self)
            # Looked for each time, as a library may have been loaded since.
            for library in ThreadpoolController().select(user_api="blas").lib_controllers:
                if (threads := library.num_threads) is not None:
                    per_thread = getattr(library, "threading_layer", "") == "openmp"
                    (self._own if per_thread else _before).setdefault(library.filepath, (library, threads))
            for library, _ in (*self._own.values(), *_before.values()):
                _set_threads(library, self._threads)

    def unset(self) -> None:
        with _lock:
            if self in _holding:
                _holding.remove(self)
            for library, threads in self._own.values():
                _set_threads(library, threads)
            for library, threads in _before.values():
                _set_threads(library, _holding[-1]._threads if _holding else threads)
            if not _holding:
                _before.clear()
            _turn.notify_all()

    @property
    def _threads(self) -> int:
        return cores() if self._exclusive else 1

    def _agrees(self, other: "_Limit") -> bool:
        return self._thread == other._thread or not (self._exclusive or other._exclusive)


def _set_threads(library: Any, threads: int) -> None:
    """Set the number of threads of a library, although threadpoolctl since 3.8 lets only the first thread do that."""
    clear = getattr(library, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)
    library.set_num_threads(threads)
    if clear is not None:
        clear(force=True)


_lock = threading.RLock()  # entered itself: an interrupt may leave `with _turn` without releasing it
_turn = threading.Condition(_lock)
_holding: list[_Limit] = []
_before: _Libraries = {}  # by path: each library, and its number of threads before the first limit
