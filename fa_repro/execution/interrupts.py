"""Ctrl-C ends a command, whatever becomes of the exception that it raises.

It raises KeyboardInterrupt, so that files are left whole and workers end in order. That alone is not enough: Python
drops exceptions in callbacks of its import system and in finalizers, extension modules clear them while they are
imported, and an import that is broken off may raise something else in its place. So the first interrupt sets an alarm
too, which ends the process where the exception has not. A second one ends it at once. Results are whole in any case:
they appear at once or not at all, and workers end when their parent does.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

CODE = 130
GO_ON = "interrupted. The same command goes on from here: finished runs are kept."
"""What a person is told, unless `set_message` says otherwise."""

GRACE = 4.0
"""Seconds from the first interrupt to the alarm."""

_words = GO_ON
_came = False


def set_message(words: str) -> None:
    """What to say to a person if this command is interrupted."""
    global _words
    _words = words


def message() -> str:
    """What is said to a person if this command is interrupted."""
    return _words


def reraise() -> None:
    """Raise KeyboardInterrupt if this command has been interrupted: an error raised since may be that in disguise."""
    if _came:
        raise KeyboardInterrupt


def install_handler() -> None:
    """Let an interrupt end the process from here to its end. Where someone else handles them, nothing is changed."""
    global _words, _came
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    _words, _came, dropped = GO_ON, False, sys.unraisablehook

    def not_dropped(about: "sys.UnraisableHookArgs") -> None:
        if issubclass(about.exc_type, KeyboardInterrupt):
            _end()
        dropped(about)

    signal.signal(signal.SIGINT, _first)
    sys.unraisablehook = not_dropped


@contextmanager
def handled() -> Iterator[None]:
    """Let an interrupt end the process from here to the end of the block.

    In another thread than the main one, and where someone else handles interrupts, nothing is changed.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    dropped = sys.unraisablehook
    install_handler()
    try:
        yield
    finally:
        if hasattr(signal, "setitimer") and _came:
            signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = dropped


def _first(*_: Any) -> None:
    global _came
    _came = True
    signal.signal(signal.SIGINT, lambda *_: os._exit(CODE))
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _end)
        signal.setitimer(signal.ITIMER_REAL, GRACE)
    raise KeyboardInterrupt


def _end(*_: Any) -> None:
    with suppress(OSError):
        os.write(2, f"{_words}\n".encode())
    os._exit(CODE)
