"""What is measured on held-out examples."""

import numpy as np
import pytest

from fa_repro.tasks.mnist import Mnist
from fa_repro.training import metrics
from fa_repro.training.recorder import grid
from fa_repro.training.settings import Record
from fa_repro.training.trainer import train
from tests.support.digits import only, state_of

pytestmark = pytest.mark.usefixtures("digits")


@pytest.mark.parametrize("size", [1, 7, 50])
def test_test_error_uses_the_current_weights(size: int) -> None:
    """Also in the middle of a window of delayed updates, where the first layer's weights lag behind."""
    changes = {"training__batch_size": size, "training__weight_decay": 1e-4, "trials": 2}
    long = train(only("backprop", **changes))
    examples = long[0].columns["example"]
    assert examples[2] % 16 != 0
    for at in (1, 2, 4):
        short = only("backprop", **changes, training__epochs=None, training__examples=int(examples[at]))
        for trial, outcome in enumerate(train(short)):
            w0, w, b0, b = (outcome.arrays[key] for key in ("weights_0", "weights_1", "biases_0", "biases_1"))
            ((inputs, targets),) = Mnist().examples(state_of(Mnist()), "test")
            output = np.tanh(inputs[0] @ w0.T / 2 + b0 / 2) / 2 + 0.5
            wrong = ((output @ w.T + b).argmax(axis=1) != targets[0].argmax(axis=1)).mean()
            assert long[trial].columns["test_error_percent"][at] == pytest.approx(100 * wrong, abs=1e-9)
            assert outcome.columns["test_error_percent"][-1] == pytest.approx(100 * wrong, abs=1e-9)


@pytest.mark.parametrize("size", [1, 50])
def test_measuring_does_not_change_training(size: int) -> None:
    one, other = (
        train(only("feedback_alignment", training__batch_size=size, record__probes=columns, record__grid=when))
        for columns, when in (
            (["test_error_percent", "angle_backprop_deg"], "epochs"),
            (["test_error_percent", "angle_backprop_deg", "nse"], "linear"),
        )
    )
    for a, b in zip(one, other, strict=True):
        for key in a.arrays:
            np.testing.assert_array_equal(a.arrays[key], b.arrays[key])


def test_validation_uses_held_out_images() -> None:
    changes = {
        "task__validation": 200,
        "record__probes": ["test_error_percent", "validation_error_percent", "angle_backprop_deg"],
    }
    for outcome in train(only("backprop", **changes)):
        columns = outcome.columns
        assert not np.array_equal(columns["test_error_percent"], columns["validation_error_percent"])
        assert (columns["validation_error_percent"] % 0.5 < 1e-9).all()


def test_misclassified_counts_examples() -> None:
    target = np.eye(3)[None, [0, 1, 2, 2]]
    output = np.array([[[0.9, 0.1, 0.2], [0.9, 0.1, 0.2], [0.5, 0.5, 0.4], [np.nan, 0.0, 1.0]]])
    assert metrics.misclassified(target, output).tolist() == [3]
    assert metrics.misclassified(target, np.concatenate([target, 1 - target])).tolist() == [0, 4]


def test_error_is_nan_from_divergence_on() -> None:
    changes = {"network__output": "linear", "training__loss": "squared_error", "network__activation": "linear"}
    lost, *_ = train(only("backprop", **changes, algorithms__backprop__learning_rate=0.5))
    assert lost.diverged_at is not None
    at = lost.columns["example"] >= lost.diverged_at
    assert np.isnan(lost.columns["test_error_percent"][at]).all()
    assert np.isfinite(lost.columns["test_error_percent"][~at]).all()


def test_the_grid_of_epochs() -> None:
    record = Record("epochs")
    assert grid(record, 640 * 3, 1, 640).tolist() == [0, 10, 20, 40, 80, 160, 320, 640, 1280, 1920]
    assert grid(record, 700, 50, 640).tolist() == [0, 50, 100, 150, 300, 650, 700]
    assert grid(record, 100, 1, 640).tolist() == [0, 10, 20, 40, 80, 100]
    with pytest.raises(ValueError, match="this task has no epochs"):
        grid(record, 100, 1)
