"""When is measured, and runs that diverge."""

import numpy as np
import pytest

from fa_repro.training.recorder import grid
from fa_repro.training.settings import Record
from fa_repro.training.trainer import train
from tests.support.configs import small_runs
from tests.support.outcomes import assert_same


def test_grids() -> None:
    np.testing.assert_array_equal(grid(Record("every"), 4, 1), [0, 1, 2, 3])
    np.testing.assert_array_equal(grid(Record("every"), 7, 3), [0, 3, 6])
    np.testing.assert_array_equal(grid(Record("linear", 5), 20, 1), [0, 5, 10, 15, 20])
    np.testing.assert_array_equal(grid(Record("linear", 5), 20, 10), [0, 10, 20])
    np.testing.assert_array_equal(grid(Record("log", 4), 100, 1), [0, 1, 10, 100])
    np.testing.assert_array_equal(grid(Record("log", 50), 1, 1), [0, 1])
    assert len(grid(Record("log", 100), 10**6, 50)) <= 101


@pytest.mark.parametrize("batch", [1, 7, 40, 64])
def test_sparser_recording_gives_same_numbers(batch: int) -> None:
    changes = {"training.examples": 600, "training.batch_size": batch}
    every = train(small_runs("feedback_alignment", changes, feedback_range=0.5))
    some = train(
        small_runs("feedback_alignment", {**changes, "record.grid": "linear", "record.points": 9}, feedback_range=0.5)
    )
    for one, other in zip(every, some, strict=True):
        np.testing.assert_array_equal(one.arrays["weights_0"], other.arrays["weights_0"])
        shared, first, second = np.intersect1d(one.columns["example"], other.columns["example"], return_indices=True)
        assert len(shared) > 0
        assert other.columns["example"][-1] == 600
        for name in ("nse", "angle_backprop_deg"):
            np.testing.assert_array_equal(one.columns[name][first], other.columns[name][second])


def test_batch_larger_than_all_examples_is_cut() -> None:
    changes = {"training.batch_size": 10**12, "record.grid": "linear"}
    for outcome in train(small_runs("backprop", changes)):
        np.testing.assert_array_equal(outcome.columns["example"], [0, 40])


def test_first_measurement_precedes_any_update() -> None:
    outcome = train(small_runs("backprop", {"network.init_range": 0.0}))[0]
    assert outcome.columns["nse"][0] == 1.0


def test_divergence_is_isolated_and_located() -> None:
    changes = {"training.examples": 700, "sweep": {"algorithms.one.learning_rate": [0.01, 0.3]}, "trials": 2}
    columns = {"record.probes": ["nse", "angle_backprop_deg", "angle_pseudobackprop_deg"]}
    runs = small_runs("feedback_alignment", {**changes, **columns}, feedback_range=0.5)
    outcomes = dict(
        zip(((r.condition.swept["algorithms.one.learning_rate"], r.trial) for r in runs), train(runs), strict=True)
    )
    for trial in (0, 1):
        sound, lost = outcomes[0.01, trial], outcomes[0.3, trial]
        assert sound.diverged_at is None
        assert np.isfinite(sound.columns["nse"]).all()
        at = lost.diverged_at
        assert at is not None
        assert 0 < at < 700
        assert np.isfinite(lost.columns["nse"][:at]).all()
        assert (lost.columns["nse"][at:] == np.inf).all()
        assert np.isnan(lost.columns["angle_backprop_deg"][at:]).all()
        assert lost.columns["nse"][at - 1] > 1e6
    alone = train([runs[-1]])[0]
    assert_same(alone, outcomes[0.3, 1])


def test_divergence_is_independent_of_the_grid() -> None:
    changes = {"training.examples": 700, "algorithms.one.learning_rate": 0.3, "trials": 1}
    every = train(small_runs("backprop", changes))[0]
    seldom = train(small_runs("backprop", {**changes, "record.grid": "linear", "record.points": 3}))[0]
    assert every.diverged_at == seldom.diverged_at is not None
    np.testing.assert_array_equal(seldom.columns["nse"][-1:], [np.inf])
