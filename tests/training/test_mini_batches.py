"""Training in mini-batches, on digits."""

from typing import Any

import numpy as np
import pytest

from fa_repro.nn.random import Streams
from fa_repro.tasks import mnist
from fa_repro.tasks.mnist import Mnist
from fa_repro.training.runs import Run, initial_network
from fa_repro.training.trainer import train
from tests.support.configs import digit_runs
from tests.support.digits import last_error, only

pytestmark = pytest.mark.usefixtures("digits")


def plain_loop(run: Run, feedback_range: float | None) -> dict[str, np.ndarray]:
    """One example at a time within a batch, nothing shared with the package but its random numbers and the data."""
    setup = run.condition.setup
    streams = Streams([(setup.seed, run.trial)])
    inputs, targets = setup.task.draw(setup.task.init(streams, np.float64), setup.examples)
    start = initial_network(setup, streams)
    (w0, w), (b0, b) = (a[0].copy() for a in start.weights), (a[0].copy() for a in start.biases)
    back = w if feedback_range is None else feedback_range * streams.uniform("feedback/0", w.shape, float)[0]
    rate, decay, size = setup.learning_rate, setup.training.weight_decay, setup.training.batch_size
    for first in range(0, setup.examples, size):
        dw0, dw, db0, db = (np.zeros_like(a) for a in (w0, w, b0, b))
        for x, target in zip(inputs[0, first : first + size], targets[0, first : first + size], strict=True):
            h = 1 / (1 + np.exp(-(w0 @ x + b0)))
            e = target - 1 / (1 + np.exp(-(w @ h + b)))
            dh = (back.T @ e) * h * (1 - h)
            dw0, dw = dw0 + np.outer(dh, x) - decay / rate * w0, dw + np.outer(e, h) - decay / rate * w
            db0, db = db0 + dh, db + e
        for weights, change in ((w0, dw0), (w, dw), (b0, db0), (b, db)):
            weights += rate * change
    return {"weights_0": w0, "weights_1": w, "biases_0": b0, "biases_1": b}


@pytest.mark.parametrize(("name", "feedback_range"), [("backprop", None), ("feedback_alignment", 1.0)])
@pytest.mark.parametrize("size", [1, 7, 50])
def test_digit_training_equals_a_plain_loop(name: str, feedback_range: float | None, size: int) -> None:
    rate = {f"algorithms.{name}.learning_rate": 0.01, "network.init_range": 0.1}
    if feedback_range is not None:
        rate[f"algorithms.{name}.feedback_range"] = feedback_range
    changes = {"training.dtype": "float64", "training.batch_size": size, "training.weight_decay": 1e-4, "trials": 1}
    (each,) = digit_runs(overrides={"training.epochs": 0.4, **changes, **rate}, only=[name])
    expected = plain_loop(each, feedback_range)
    arrays = train([each])[0].arrays
    assert arrays.keys() == expected.keys()
    for key, array in expected.items():
        np.testing.assert_allclose(arrays[key], array, rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", ["backprop", "feedback_alignment", "sparse_feedback_alignment", "shallow"])
def test_trial_gives_the_same_bits_in_any_batch(name: str) -> None:
    runs = only(name, trials=3)
    for one, outcome in zip(runs, train(runs), strict=True):
        alone = train([one])[0]
        for key in ("test_error_percent", "angle_backprop_deg"):
            np.testing.assert_array_equal(alone.columns[key], outcome.columns[key])
        for key, array in outcome.arrays.items():
            np.testing.assert_array_equal(alone.arrays[key], array)


def test_digits_are_learned() -> None:
    ends = {}
    own = {"learning_rate": 0.01, "feedback_range": 0.1}
    for name, keys in {
        "backprop": ["learning_rate"],
        "feedback_alignment": own,
        "sparse_feedback_alignment": own,
    }.items():
        ends[name] = last_error(
            only(
                name, training__epochs=20, network__init_range=0.1, **{f"algorithms__{name}__{k}": own[k] for k in keys}
            )
        )
    assert 80 < first_error(only("backprop")) <= 100
    assert max(ends.values()) < 5


def first_error(runs: list[Run]) -> float:
    return float(np.mean([outcome.columns["test_error_percent"][0] for outcome in train(runs)]))


@pytest.mark.parametrize("hidden", [[20], [20, 15]])
def test_shallow_precomputation_changes_nothing(monkeypatch: pytest.MonkeyPatch, hidden: list[int]) -> None:
    runs = only("shallow", network__hidden=hidden, network__init_range=0.1, training__dtype="float64")
    made: list[Any] = []
    through = Mnist.precompute
    monkeypatch.setattr(Mnist, "precompute", lambda *args: made.append(through(*args)) or made[-1])
    kept = train(runs)
    monkeypatch.setattr(mnist, "MOST_KEPT", 0)
    anew = train(runs)
    assert made[0].learned.inputs.shape == (2, 600, hidden[-1])
    assert made[1] is None
    for one, other in zip(kept, anew, strict=True):
        assert one.arrays.keys() == other.arrays.keys()
        for key in one.arrays:
            np.testing.assert_allclose(one.arrays[key], other.arrays[key], rtol=1e-10, atol=1e-13)
        np.testing.assert_array_equal(one.columns["test_error_percent"], other.columns["test_error_percent"])
        assert np.isnan(one.columns["angle_backprop_deg"]).all()
