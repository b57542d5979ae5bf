"""Identities of the rules of the paper."""

import numpy as np
import pytest

from fa_repro.nn.network import Network
from fa_repro.rules import Step
from fa_repro.rules.backprop import Backprop
from fa_repro.rules.feedback_alignment import FeedbackAlignment
from fa_repro.rules.pseudobackprop import Pseudobackprop
from fa_repro.training.trainer import Learner
from fa_repro.typing import Array
from tests.support.configs import small_runs
from tests.support.networks import NETS, make_step


@pytest.mark.parametrize(("sizes", "activation"), NETS)
def test_transposed_feedback_equals_backprop(sizes: tuple[int, ...], activation: str) -> None:
    step, *_ = make_step(sizes, activation)
    aligned, _ = FeedbackAlignment((0.5,)).signals(step, step.upper_weights)
    for ours, theirs in zip(aligned, Backprop().signals(step, None)[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_orthonormal_pseudobackprop_is_backprop() -> None:
    step, *_ = make_step((6, 5, 3), "tanh")
    step.network.weights[1][:] = np.linalg.qr(step.network.weights[1].mT)[0].mT
    for ours, theirs in zip(Pseudobackprop().signals(step, None)[0], Backprop().signals(step, None)[0], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def test_pseudobackprop_is_least_squares() -> None:
    step, *_ = make_step((6, 5, 3))
    change = Pseudobackprop().signals(step, None)[0][0]
    weights = step.network.weights[1]
    np.testing.assert_allclose(change @ weights.mT, step.error, rtol=1e-10)
    for replica in range(2):
        least = np.linalg.lstsq(weights[replica], step.error[replica].T, rcond=None)[0].T
        np.testing.assert_allclose(change[replica], least, rtol=1e-10)


def test_rank_one_pseudobackprop_keeps_direction() -> None:
    step, *_ = make_step((6, 5, 3))
    u, v = np.array([1.0, 2.0, -1.0]), np.array([0.3, -0.1, 0.2, 0.5, 0.7])
    step.network.weights[1][:] = np.outer(u, v)
    change = Pseudobackprop().signals(step, None)[0][0]
    expected = (step.error @ u)[..., None] * v / (u @ u) / (v @ v)
    np.testing.assert_allclose(change, expected, rtol=1e-10)


def test_diverged_replica_disturbs_no_other() -> None:
    step, *_ = make_step((6, 5, 3))
    sound = Pseudobackprop().signals(step, None)[0][0][1]
    step.network.weights[1][0, 0, 0] = np.nan
    np.testing.assert_array_equal(Pseudobackprop().signals(step, None)[0][0][1], sound)


def test_feedback_alignment_conserves_invariant() -> None:
    """`B W + W'B' - A A'` changes by exactly `-eta^2 Be x'x (Be)'` in one online step (slides, theorem 1)."""
    (run,) = small_runs("feedback_alignment", {"trials": 1, "task.inputs": 5, "task.outputs": 3}, feedback_range=0.5)
    step, streams, examples = make_step((5, 4, 3), batch=1, replicas=1)
    network = Network(step.network.weights, [], step.network.hidden, step.network.output)
    rule = FeedbackAlignment((0.5,))
    activity = network.forward(network.pre_activation(0, examples))
    error = step.target - activity.output
    signals, state = rule.signals(Step(network, activity, step.target, error, step.loss), rule.init(network, streams))
    feedback = state[0][0].T  # the paper's B, hidden x outputs

    def invariant() -> Array:
        w0, w = (weights[0] for weights in network.weights)
        return feedback @ w + w.T @ feedback.T - w0 @ w0.T

    before = invariant()
    learner = Learner(network, run.condition.setup)
    for _ in learner.batches(examples):
        learner.apply(activity, signals)
    x, be = examples[0, 0], signals[0][0, 0]
    rate = run.condition.setup.learning_rate
    np.testing.assert_allclose(invariant() - before, -(rate**2) * (x @ x) * np.outer(be, be), rtol=1e-6, atol=1e-13)
    assert np.abs(rate * np.outer(be, activity.hidden[0][0, 0])).max() > 1e-3  # the terms that cancel are not small
