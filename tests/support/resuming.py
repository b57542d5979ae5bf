"""Shared by the tests of resuming."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from fa_repro.rules.backprop import Backprop

Command = Callable[..., Result]


def broken(patch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: Any) -> None:
        raise MemoryError("not enough")

    patch.setattr(Backprop, "init", no_memory)
