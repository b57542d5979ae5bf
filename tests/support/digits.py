"""Shared by the tests of digits."""

from typing import Any

import numpy as np

from fa_repro.nn.random import Streams
from fa_repro.tasks.mnist import Mnist
from fa_repro.training.runs import Run
from fa_repro.training.trainer import train
from tests.support.configs import digit_runs


def state_of(task: Mnist, trials: int = 1) -> Any:
    return task.init(Streams([(0, trial) for trial in range(trials)]), np.float32)


def only(name: str, **changes: Any) -> list[Run]:
    overrides = {key.replace("__", "."): value for key, value in changes.items()}
    return digit_runs(overrides=overrides, only=[name])


def last_error(runs: list[Run]) -> float:
    return float(np.mean([outcome.columns["test_error_percent"][-1] for outcome in train(runs)]))


SMALL = {"network.hidden": [20], "training.epochs": 2, "trials": 2}
