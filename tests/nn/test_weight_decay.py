"""Weight decay."""

import numpy as np
import pytest

from fa_repro.nn.random import Streams
from fa_repro.training.runs import initial_network
from fa_repro.training.trainer import Decay, train
from tests.support.digits import only

pytestmark = pytest.mark.usefixtures("digits")


@pytest.mark.parametrize(("dtype", "each"), [("float32", 5e-8), ("float32", 5e-5), ("float64", 1e-15)])
def test_decay_below_precision_accumulates(dtype: str, each: float) -> None:
    start = np.random.default_rng(0).uniform(-1, 1, (2, 30, 40)).astype(dtype)
    weights = start.copy()
    decay, steps = Decay(weights), 50_000
    factor = 1.0 - np.array([each, 0.0])[:, None, None]
    for _ in range(steps):
        decay.apply(factor)
    total = steps * each
    allowed = 0.01 * total + 256 * np.finfo(dtype).eps  # one per cent, and what is still owed
    assert np.abs(weights[0] / start[0] - np.exp(-total)).max() < allowed
    np.testing.assert_array_equal(weights[1], start[1])


def test_biases_do_not_decay() -> None:
    (each, _) = only(
        "backprop", training__weight_decay=0.01, algorithms__backprop__learning_rate=1e-9, network__bias_range=0.3
    )
    start = initial_network(each.condition.setup, Streams([(0, 0)]))
    arrays = train([each])[0].arrays
    np.testing.assert_allclose(arrays["biases_1"], start.biases[1][0], atol=1e-5)
