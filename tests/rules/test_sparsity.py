"""Half of the elements of W and of B removed."""

import numpy as np
import pytest

from fa_repro.nn.random import Streams
from fa_repro.training.runs import initial_network
from fa_repro.training.trainer import train
from tests.support.digits import last_error, only

pytestmark = pytest.mark.usefixtures("digits")


def test_half_of_w_and_b_stays_removed() -> None:
    runs = only("sparse_feedback_alignment", network__hidden=[40, 30], network__init_range=0.1)
    setup = runs[0].condition.setup
    streams = Streams([(0, each.trial) for each in runs])
    start = initial_network(setup, streams)
    feedback = setup.rule.init(start, streams)
    outcomes = train(runs)
    for layer in (1, 2):
        w = np.stack([outcome.arrays[f"weights_{layer}"] for outcome in outcomes])
        b = feedback[layer - 1]
        for trial in range(2):
            size = w[trial].size
            assert np.count_nonzero(w[trial]) == np.count_nonzero(b[trial]) == size // 2
            both = np.count_nonzero((w[trial] != 0) & (b[trial] != 0))
            assert abs(both - size / 4) < 4 * np.sqrt(size / 16)  # drawn on their own
        np.testing.assert_array_equal(w != 0, start.weights[layer] != 0)
        assert not np.array_equal(w[0] != 0, w[1] != 0)
        assert not np.allclose(w, start.weights[layer])
    assert np.count_nonzero(start.weights[0]) == start.weights[0].size


def test_no_sparsity_is_plain_feedback_alignment() -> None:
    dense, sparse = only("feedback_alignment"), only("sparse_feedback_alignment")
    assert {
        run.key for run in only("sparse_feedback_alignment", **{"algorithms__sparse_feedback_alignment__sparsity": 0.0})
    } == {run.key for run in dense}
    assert last_error(sparse) > 0
