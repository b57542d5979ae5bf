"""Shared by the tests of resuming."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from click.testing import Result

from fa_repro.training import trainer
from fa_repro.training.runs import Run

Command = Callable[..., Result]


def broken(patch: pytest.MonkeyPatch) -> None:
    """No memory to train backprop; its rule is as it was, as the keys of its runs follow its code."""
    train = trainer.train

    def no_memory(runs: Sequence[Run], *rest: Any) -> Any:
        if runs[0].condition.algorithm == "backprop":
            raise MemoryError("not enough")
        return train(runs, *rest)

    patch.setattr(trainer, "train", no_memory)
