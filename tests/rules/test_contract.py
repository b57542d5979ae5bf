"""The contract that every rule keeps."""

from typing import Any

import numpy as np
import pytest

from fa_repro import registry
from fa_repro.rules.feedback_alignment import FeedbackAlignment
from tests.support.components import assert_frozen_and_documented
from tests.support.networks import NETS, make_rule, make_step

RULES = registry.names("rules")


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("sizes", "activation"), NETS)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_signals_have_shapes_and_no_side_effects(
    name: str, sizes: tuple[int, ...], activation: str, batch: int, dtype: str
) -> None:
    step, streams, _ = make_step(sizes, activation, batch, dtype=dtype)
    before = [
        array.copy() for array in (*step.network.weights, *step.network.biases, *step.activity.hidden, step.error)
    ]
    rule = make_rule(name)
    rule.check(len(sizes) - 2)
    signals, _ = rule.signals(step, rule.init(step.network, streams))
    assert [None if s is None else (s.shape, s.dtype) for s in signals] == [
        None if s is None else ((2, batch, units), np.dtype(dtype)) for s, units in zip(signals, sizes[1:], strict=True)
    ]
    assert all(np.isfinite(signal).all() for signal in signals if signal is not None)
    np.testing.assert_array_equal(signals[-1], step.error)
    after = [*step.network.weights, *step.network.biases, *step.activity.hidden, step.error]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("name", RULES)
def test_signals_depend_only_on_seed_and_trial(name: str) -> None:
    def three() -> list[Any]:
        step, streams, _ = make_step((5, 4, 3), "tanh")
        rule = make_rule(name)
        state, found = rule.init(step.network, streams), []
        for _ in range(3):
            signals, state = rule.signals(step, state)
            found += list(signals)
        return found

    for once, again in zip(three(), three(), strict=True):
        assert (once is None) == (again is None)
        if once is not None:
            np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize("name", RULES)
def test_signals_ignore_the_first_layers_weights(name: str) -> None:
    """They lag behind within a window of examples, see `InputLayer`."""
    found = []
    for first in (None, np.nan):
        step, streams, _ = make_step((5, 4, 4, 3), "tanh")
        rule = make_rule(name)
        state = rule.init(step.network, streams)
        if first is not None:
            step.network.weights[0][:] = first
        found.append(rule.signals(step, state)[0])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_frozen_and_documented(name: str) -> None:
    assert_frozen_and_documented(make_rule(name))


def test_feedback_ranges_are_per_layer() -> None:
    step, streams, _ = make_step((5, 60, 50, 40))
    state = FeedbackAlignment((0.1, 2.0)).init(step.network, streams)
    assert [matrix.shape for matrix in state] == [(2, 50, 60), (2, 40, 50)]
    for matrix, scale in zip(state, (0.1, 2.0), strict=True):
        assert 0.98 * scale < np.abs(matrix).max() <= scale
    with pytest.raises(
        ValueError, match=r"expected one number or a list of 3 \(one per hidden layer\), got a list of 2"
    ):
        FeedbackAlignment((0.1, 2.0)).check(3)
