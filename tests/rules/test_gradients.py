"""Gradients, by finite differences."""

import numpy as np
import pytest

from fa_repro.nn.losses import LOSSES
from fa_repro.rules.backprop import Backprop
from fa_repro.rules.node_perturbation import NodePerturbation
from tests.support.networks import NETS, make_step, total_loss


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


def test_saturated_cross_entropy_is_finite() -> None:
    target, output = np.array([[[1.0, 0.0]]]), np.array([[[0.0, 1.0]]])
    assert np.isfinite(LOSSES["cross_entropy"].value(target, output)).all()


def test_node_perturbation_is_unbiased_if_linear() -> None:
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


def test_node_perturbation_gives_deep_gradients() -> None:
    step, streams, _ = make_step((4, 3, 3, 2), "tanh", batch=1, replicas=1)
    rule = NodePerturbation(noise_std=1e-3)
    expected = np.concatenate([s[0, 0] for s in Backprop().signals(step, None)[0][:-1]])
    state, draws = rule.init(step.network, streams), []
    for _ in range(5_000):
        signals, state = rule.signals(step, state)
        draws.append(np.concatenate([s[0, 0] for s in signals[:-1]]))
    z = (np.mean(draws, axis=0) - expected) / (np.std(draws, axis=0) / np.sqrt(len(draws)))
    assert np.abs(z).max() < 4.5
