"""Where MNIST is looked for: environment variables, or what a command has chosen in their place."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

DATA, CACHE, OFFLINE = "FA_REPRO_DATA", "FA_REPRO_CACHE", "FA_REPRO_OFFLINE"
"""Names of the environment variables."""

_chosen: ContextVar[dict[str, str] | None] = ContextVar("chosen", default=None)


def setting(name: str) -> str:
    """The value of a setting, empty if it has none."""
    return chosen().get(name) or os.environ.get(name, "")


def chosen() -> dict[str, str]:
    """Settings that this command has chosen; its worker processes get them as environment variables."""
    return _chosen.get() or {}


@contextmanager
def choose(name: str, value: str) -> Iterator[None]:
    """Let a setting have a value until the end of the block, in this thread."""
    token = _chosen.set(chosen() | {name: value})
    try:
        yield
    finally:
        _chosen.reset(token)
