"""The mathematics of the learning rules: gradients, identities, and the contract that every rule keeps."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from fa_repro import registry
from fa_repro.nn.losses import LOSSES
from fa_repro.nn.network import Network
from fa_repro.rules import Step
from fa_repro.rules.backprop import Backprop
from fa_repro.rules.feedback_alignment import FeedbackAlignment
from fa_repro.rules.node_perturbation import NodePerturbation
from fa_repro.rules.pseudobackprop import Pseudobackprop
from fa_repro.training.trainer import Learner
from fa_repro.typing import Array
from tests.support.configs import small_runs
from tests.support.networks import NETS, make_rule, make_step, total_loss

RULES = registry.names("rules")


# ---- gradients ----


@pytest.mark.parametrize(("sizes", "activation"), [*NETS, ((4, 3), "linear")])
@pytest.mark.parametrize(
    ("output", "loss"), [("linear", "squared_error"), ("logistic", "squared_error"), ("logistic", "cross_entropy")]
)
def test_backprop_is_the_gradient(sizes: tuple[int, ...], activation: str, output: str, loss: str) -> None:
    step, _, x = make_step(sizes, activation, output=output, loss=loss)
    signals, _ = Backprop().signals(step, None)
    delta = 1e-6
    inputs = [x, *step.activity.hidden]
    for layer, signal in enumerate(signals):
        assert signal is not None
        gradients = (
            (step.network.weights[layer], -np.matmul(signal.mT, inputs[layer])),
            (step.network.biases[layer], -signal.sum(axis=1)),
        )
        for parameters, gradient in gradients:
            for index in np.ndindex(parameters.shape[1:]):
                at = (slice(None), *index)
                kept = parameters[at].copy()
                parameters[at] = kept + delta
                above = total_loss(step, x)
                parameters[at] = kept - delta
                numeric = (above - total_loss(step, x)) / (2 * delta)
                parameters[at] = kept
                np.testing.assert_allclose(gradient[at], numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("activation", ["linear", "tanh", "logistic"])
def test_slope_is_the_derivative_of_the_value(activation: str) -> None:
    from fa_repro.nn.network import ACTIVATIONS

    unit, z = ACTIVATIONS[activation], np.linspace(-3, 3, 13)
    numeric = (unit.value(z + 1e-6) - unit.value(z - 1e-6)) / 2e-6
    derivative = np.ones_like(z) if unit.derivative is None else unit.derivative(unit.value(z))
    np.testing.assert_allclose(derivative, numeric, rtol=1e-8)


def test_cross_entropy_stays_finite_where_the_output_saturates() -> None:
    target, output = np.array([[[1.0, 0.0]]]), np.array([[[0.0, 1.0]]])
    assert np.isfinite(LOSSES["cross_entropy"].value(target, output)).all()


def test_node_perturbation_estimates_the_gradient_without_bias_in_a_linear_net() -> None:
    step, streams, _ = make_step((5, 4, 3), batch=1, replicas=1)
    rule = NodePerturbation(noise_std=0.5)
    expected = Backprop().signals(step, None)[0][0]
    state, draws = rule.init(step.network, streams), []
    for _ in range(20_000):
        signals, state = rule.signals(step, state)
        draws.append(signals[0])
    stacked = np.array(draws)[:, 0, 0]
    error = stacked.std(axis=0) / np.sqrt(len(stacked))
    z = (stacked.mean(axis=0) - expected[0, 0]) / error
    assert np.abs(z).max() < 4.5  # four normal deviates: one in 40,000 seeds would fail
    assert (error < 0.15 * np.abs(expected).max()).all()  # else the bound above says nothing


def test_node_perturbation_of_small_noise_estimates_the_gradient_in_a_deep_nonlinear_net() -> None:
    step, streams, _ = make_step((4, 3, 3, 2), "tanh", batch=1, replicas=1)
    rule = NodePerturbation(noise_std=1e-3)
    expected = np.concatenate([s[0, 0] for s in Backprop().signals(step, None)[0][:-1]])
    state, draws = rule.init(step.network, streams), []
    for _ in range(5_000):
        signals, state = rule.signals(step, state)
        draws.append(np.concatenate([s[0, 0] for s in signals[:-1]]))
    z = (np.mean(draws, axis=0) - expected) / (np.std(draws, axis=0) / np.sqrt(len(draws)))
    assert np.abs(z).max() < 4.5


# ---- identities ----


@pytest.mark.parametrize(("sizes", "activation"), NETS)
def test_feedback_alignment_with_transposed_weights_is_backprop(sizes: tuple[int, ...], activation: str) -> None:
    step, *_ = make_step(sizes, activation)
    aligned, _ = FeedbackAlignment((0.5,)).signals(step, step.upper_weights)
    for ours, theirs in zip(aligned, Backprop().signals(step, None)[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_pseudobackprop_is_backprop_where_rows_are_orthonormal() -> None:
    step, *_ = make_step((6, 5, 3), "tanh")
    step.network.weights[1][:] = np.linalg.qr(step.network.weights[1].mT)[0].mT
    for ours, theirs in zip(Pseudobackprop().signals(step, None)[0], Backprop().signals(step, None)[0], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def test_pseudobackprop_is_the_smallest_hidden_change_that_cancels_the_error() -> None:
    step, *_ = make_step((6, 5, 3))
    change = Pseudobackprop().signals(step, None)[0][0]
    weights = step.network.weights[1]
    np.testing.assert_allclose(change @ weights.mT, step.error, rtol=1e-10)
    for replica in range(2):
        least = np.linalg.lstsq(weights[replica], step.error[replica].T, rcond=None)[0].T
        np.testing.assert_allclose(change[replica], least, rtol=1e-10)


def test_pseudobackprop_of_weights_of_rank_one_keeps_to_their_direction() -> None:
    step, *_ = make_step((6, 5, 3))
    u, v = np.array([1.0, 2.0, -1.0]), np.array([0.3, -0.1, 0.2, 0.5, 0.7])
    step.network.weights[1][:] = np.outer(u, v)
    change = Pseudobackprop().signals(step, None)[0][0]
    expected = (step.error @ u)[..., None] * v / (u @ u) / (v @ v)
    np.testing.assert_allclose(change, expected, rtol=1e-10)


def test_pseudobackprop_of_a_diverged_replica_disturbs_no_other() -> None:
    step, *_ = make_step((6, 5, 3))
    sound = Pseudobackprop().signals(step, None)[0][0][1]
    step.network.weights[1][0, 0, 0] = np.nan
    np.testing.assert_array_equal(Pseudobackprop().signals(step, None)[0][0][1], sound)


def test_feedback_alignment_conserves_its_invariant_to_first_order() -> None:
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


# ---- the contract, kept by every rule that is found ----


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("sizes", "activation"), NETS)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_signals_have_their_shapes_and_change_nothing(
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
    np.testing.assert_array_equal(signals[-1], step.error)
    after = [*step.network.weights, *step.network.biases, *step.activity.hidden, step.error]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("name", RULES)
def test_signals_are_a_function_of_seed_and_trial(name: str) -> None:
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
def test_signals_do_not_depend_on_the_first_layers_weights(name: str) -> None:
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
    rule = make_rule(name)
    for field in fields(rule):
        with pytest.raises(AttributeError):
            setattr(rule, field.name, 1.0)
    assert "References" in (type(rule).__doc__ or "")


def test_feedback_of_each_layer_has_its_own_range() -> None:
    step, streams, _ = make_step((5, 60, 50, 40))
    state = FeedbackAlignment((0.1, 2.0)).init(step.network, streams)
    assert [matrix.shape for matrix in state] == [(2, 50, 60), (2, 40, 50)]
    for matrix, scale in zip(state, (0.1, 2.0), strict=True):
        assert 0.98 * scale < np.abs(matrix).max() <= scale
    with pytest.raises(ValueError, match=r"expected one number or 3 \(one per hidden layer\), got 2"):
        FeedbackAlignment((0.1, 2.0)).check(3)
