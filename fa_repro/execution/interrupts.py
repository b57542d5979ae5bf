"""Handling of Ctrl-C, which ends a command even if the exception it raises is lost.

It raises KeyboardInterrupt, so that files are left complete and workers end in order. That alone is not enough: Python
drops exceptions in callbacks of its import system and in finalizers, extension modules clear them while they are
imported, and an interrupted import may raise another error instead. So the first interrupt also sets an alarm, which
ends the process if the exception has not done so. A second interrupt ends it at once. Results are valid in any case:
they are written completely or not at all, and workers end when their parent does.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

CODE = 130
RESUME = "interrupted. Run the same command again to resume: finished runs are kept."
"""Message to the user, unless `set_message` sets another."""

GRACE = 4.0
"""Seconds from the first interrupt to the alarm."""

_HAS_ALARM = hasattr(signal, "setitimer")

_words = RESUME
_came = False
_timer = (0.0, 0.0)  # the caller's, which the alarm replaces


def set_message(words: str) -> None:
    """Set the message to the user for when this command is interrupted."""
    global _words
    _words = words


def message() -> str:
    """The message to the user for when this command is interrupted."""
    return _words


def reraise() -> None:
    """Raise KeyboardInterrupt if this command has been interrupted, as that may have caused a later error."""
    if _came:
        raise KeyboardInterrupt


def leave() -> None:
    """End the process if it has been interrupted; at its usual end, Python would wait for the threads of libraries."""
    if _came:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(CODE)


def install_handler() -> None:
    """Let interrupts end the process from now on, unless something else handles them already."""
    global _words, _came
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    _words, _came, dropped = RESUME, False, sys.unraisablehook

    def not_dropped(about: "sys.UnraisableHookArgs") -> None:
        if issubclass(about.exc_type, KeyboardInterrupt):
            _end()
        dropped(about)

    signal.signal(signal.SIGINT, _first)
    sys.unraisablehook = not_dropped


@contextmanager
def handled() -> Iterator[None]:
    """Let interrupts end the process until the end of the block.

    Does nothing outside the main thread, or if something else handles interrupts already.
    """
    global _words, _came
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    dropped, alarm = sys.unraisablehook, signal.getsignal(signal.SIGALRM) if _HAS_ALARM else None
    install_handler()
    try:
        yield
    finally:
        if _HAS_ALARM and _came:
            signal.setitimer(signal.ITIMER_REAL, *_timer)
            signal.signal(signal.SIGALRM, alarm or signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = dropped
        _words, _came = RESUME, False


def _first(*_: Any) -> None:
    global _came, _timer
    _came = True
    signal.signal(signal.SIGINT, lambda *_: os._exit(CODE))
    if _HAS_ALARM:
        signal.signal(signal.SIGALRM, _end)
        _timer = signal.setitimer(signal.ITIMER_REAL, GRACE)
    raise KeyboardInterrupt


def _end(*_: Any) -> None:
    with suppress(OSError):
        os.write(2, f"{_words}\n".encode())
    os._exit(CODE)
