"""Difference target propagation: layers learn targets, which learned approximate inverses pass down."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fa_repro.rules import Array, Network, Normals, Positive, RandomFeedback, Signals, Step, Streams


class Inverses(NamedTuple):
    """Approximate inverses `g(u) = s(V u + c)`: the activity of each hidden layer, given that of the layer above."""

    matrices: list[Array]
    """`V'`, shape (R, units_out, units_in), the same as the forward weights that it inverts."""
    biases: list[Array]
    """`c`, shape (R, 1, units_in)."""
    noise: list[Normals]


@dataclass(frozen=True)
class DifferenceTargetPropagation(RandomFeedback):
    """`dh = g(u + du) - g(u)`, where `g` has learned to reconstruct the hidden activity from the activity `u` above it.

    The output's target is `y + target_step * e`. A hidden layer's target is its own activity plus the change of `g`
    from the activity to the target of the layer above. The layer follows the gradient of half the squared distance to
    its target. Reconstruction errors of `g` thus cancel; plain target propagation lacks this correction.

    Noise is added to the hidden activity, and each `g` learns to reconstruct the result from the response of the layer
    above, by the gradient of half the squared error, averaged over the mini-batch. In a linear net
    `dh = target_step V e`: backprop for `V = W'`, pseudobackprop for `V = pinv(W)`.

    Attributes
    ----------
    feedback_range : float, or one per hidden layer from the input up
        `V` starts from U[-feedback_range, feedback_range], `c` at 0.
    feedback_rate : float
        Learning rate of `V` and `c`.
    noise_std : float
        Standard deviation of the noise in each hidden unit, in units of its activity.
    target_step : float
        Distance from the output to its target, in units of the output's teaching signal.

    References
    ----------
    Lee, Zhang, Fischer and Bengio 2015, "Difference target propagation", algorithm 1.
    """

    feedback_rate: Positive
    noise_std: Positive
    target_step: Positive = 1.0

    def init(self, network: Network, streams: Streams) -> Inverses:
        matrices = self.draw(network, streams)
        biases = [np.zeros((len(matrix), 1, matrix.shape[2]), matrix.dtype) for matrix in matrices]
        noise = [streams.normals(f"corruption/{layer}", matrix.shape[2]) for layer, matrix in enumerate(matrices)]
        return Inverses(matrices, biases, noise)

    def signals(self, step: Step, state: Inverses) -> tuple[Signals, Inverses]:
        value, derivative = step.network.hidden.value, step.network.hidden.derivative
        above, target = step.activity.output, step.activity.output + self.target_step * step.error
        found = [step.error]
        for hidden, matrix, bias in reversed(
            list(zip(step.activity.hidden, state.matrices, state.biases, strict=True))
        ):
            change = value(target @ matrix + bias) - value(above @ matrix + bias)
            found.append(change if derivative is None else change * derivative(hidden))
            above, target = hidden, hidden + change
        return found[::-1], self._inverted(step, state)

    def _inverted(self, step: Step, state: Inverses) -> Inverses:
        """The inverses after one learning step."""
        matrices, biases = [], []
        for layer, hidden in enumerate(step.activity.hidden, start=1):
            matrix, bias = state.matrices[layer - 1], state.biases[layer - 1]
            noise = state.noise[layer - 1].next(hidden.shape[1]).astype(hidden.dtype, copy=False)
            corrupted = hidden + self.noise_std * noise
            unit = step.network.output if layer == len(step.activity.hidden) else step.network.hidden
            above = unit.value(step.network.pre_activation(layer, corrupted))
            given = step.network.hidden.value(above @ matrix + bias)
            signal = corrupted - given
            if step.network.hidden.derivative is not None:
                signal *= step.network.hidden.derivative(given)
            rate = self.feedback_rate / hidden.shape[1]
            matrices.append(matrix + rate * (above.mT @ signal))
            biases.append(bias + rate * signal.sum(axis=1, keepdims=True))
        return Inverses(matrices, biases, state.noise)
