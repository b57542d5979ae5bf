"""Epochs, sparsity and sets that are held out, in configs."""

from typing import Any

import numpy as np
import pytest

from fa_repro.config.locate import shipped_folder
from fa_repro.config.resolve import resolve_config
from fa_repro.errors import ConfigError
from fa_repro.execution.batching import form_batches
from fa_repro.io import yaml
from fa_repro.training.trainer import train
from tests.support.configs import digit_runs

pytestmark = pytest.mark.usefixtures("digits")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training.examples": 100}, "expected either examples or epochs, got both; set one of them to null"),
        ({"training.epochs": None}, "expected either examples or epochs, got neither"),
        ({"training.epochs": 0}, "training.epochs"),
        ({"task.pixels": "standardized"}, "Did you mean standardised?"),
        ({"task.validation": -1}, "task.validation"),
        ({"algorithms.backprop.sparsity": 0.5}, "sparsity: unknown key"),
        ({"algorithms.feedback_alignment.sparsity": 1.0}, "sparsity"),
        ({"training.weight_decay": 0.02}, "would remove 1 of each weight; at most 0.5 is allowed"),
        (
            {"record.probes": ["validation_error_percent"]},
            "the task holds out no validation examples; it holds out test",
        ),
        (
            {"task": {"name": "linear", "inputs": 3, "outputs": 2}},
            "this task has no epochs: set training.examples instead",
        ),
        ({"algorithms.initial": {"rule": "backprop", "learning_rate": 0.1}}, "initial is reserved"),
        ({"record.probes": ["angle_backprop_deg"]}, "the figure needs test_error_percent"),
    ],
)
def test_what_cannot_be_is_reported(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        digit_runs(overrides=changes)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"record.weights": False}, "the figure draws weights: set record.weights to true"),
        (
            {
                "task": {"name": "linear", "inputs": 6, "outputs": 2},
                **{"training.examples": 10, "training.epochs": None, "record": {"weights": True, "grid": "every"}},
                **{"training.loss": "squared_error"},
            },
            "the figure draws square images, but 6 inputs do not form a square",
        ),
    ],
)
def test_undrawable_fields_fail_before_training(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        digit_runs("receptive-fields", changes)
    assert message in str(error.value)


def test_different_lengths_are_not_batched() -> None:
    document = yaml.load((shipped_folder() / "mnist.yaml").read_bytes(), "mnist.yaml")
    runs = resolve_config(
        document, {"network.hidden": [20], "trials": 2}, sweep={"training.epochs": [1, 2]}, only=["backprop"]
    ).runs()
    assert sorted(len(group) for group in form_batches(runs)) == [2, 2]
    assert len({run.key for run in runs}) == 4
    assert {run.condition.setup.examples for run in runs} == {600, 1200}


def test_sparsity_is_independent_of_the_batch() -> None:
    shares = [0.1475, 0.5, 0.035, 0.0]  # 0.1475 of 200 weights is halfway between 29 and 30
    runs = digit_runs(
        overrides={"sweep": {"algorithms.sparse_feedback_alignment.sparsity": shares}, "trials": 1},
        only=["sparse_feedback_alignment"],
    )
    ((*batch,),) = form_batches(runs)
    for one, outcome in zip(batch, train(batch), strict=True):
        for key, array in train([one])[0].arrays.items():
            np.testing.assert_array_equal(outcome.arrays[key], array)
