"""A fully connected network of R replicas: weights, biases and the forward pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fa_repro.nn.random import Streams
from fa_repro.typing import Array


@dataclass(frozen=True)
class Activation:
    """An activation function, and its derivative as a function of its value."""

    value: Callable[[Array], Array]
    derivative: Callable[[Array], Array] | None
    """None if the derivative is 1 everywhere."""


def _logistic(z: Array) -> Array:
    """(1 + tanh(z/2)) / 2, which cannot overflow, unlike 1 / (1 + exp(-z))."""
    h = np.tanh(np.multiply(z, 0.5))
    h *= 0.5
    h += 0.5
    return h


ACTIVATIONS = {
    "linear": Activation(lambda z: z, None),
    "tanh": Activation(np.tanh, lambda h: 1.0 - h * h),
    "logistic": Activation(_logistic, lambda h: h * (1.0 - h)),
}


class Activity(NamedTuple):
    """The result of one forward pass."""

    pre_activation: Array
    """Pre-activation of the first layer, shape (R, batch, units)."""
    hidden: list[Array]
    """Activity of each hidden layer, from the input up, shape (R, batch, units)."""
    output: Array
    """Shape (R, batch, units_out)."""


@dataclass(frozen=True)
class Network:
    """Weights and biases of R replicas. Only the trainer changes them, in place.

    Attributes
    ----------
    weights : list of arrays, shape (R, units_out, units_in)
        From the input layer up: W0, ..., W.
    biases : list of arrays, shape (R, units_out)
        Empty for a network without biases.
    """

    weights: list[Array]
    biases: list[Array]
    hidden: Activation
    output: Activation

    @classmethod
    def initialise(
        cls,
        sizes: Sequence[int],
        activation: str,
        output: str,
        init_range: Sequence[float],
        bias_range: Sequence[float] | None,
        streams: Streams,
        dtype: npt.DTypeLike,
        purpose: str = "",
    ) -> "Network":
        """Draw a network from uniform distributions.

        Parameters
        ----------
        sizes : sequence of int
            Units of each layer, including input and output.
        activation, output : str
            Names from `ACTIVATIONS` for the hidden and the output units.
        init_range : sequence of float, or of arrays of shape (R, 1, 1)
            W of layer l is drawn from U[-init_range[l], init_range[l]].
        bias_range : sequence of float, or of arrays of shape (R, 1, 1), or None
            The same for the biases; None for no biases.
        streams : Streams
        dtype
            Type of the weights and biases.
        purpose : str
            Prefix for the names of the random streams, for a network other than the trained one.
        """
        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
        weights = [
            scale * streams.uniform(f"{purpose}weights/{layer}", shape, dtype)
            for layer, (shape, scale) in enumerate(zip(shapes, init_range, strict=True))
        ]
        biases = [
            (scale * streams.uniform(f"{purpose}biases/{layer}", (1, units), dtype))[:, 0]
            for layer, ((units, _), scale) in enumerate(zip(shapes, bias_range or (), strict=bool(bias_range)))
        ]
        return cls(weights, biases, ACTIVATIONS[activation], ACTIVATIONS[output])

    def forward(self, pre_activation: Array, noise: Sequence[Array] | None = None) -> Activity:
        """Activity of every layer, given the pre-activation of the first.

        Parameters
        ----------
        pre_activation : array, shape (R, batch, units)
        noise : sequence of arrays, shape (R, batch, units), optional
            Added to the pre-activation of each hidden layer.
        """
        hidden: list[Array] = []
        z = pre_activation
        for layer in range(len(self.weights) - 1):
            hidden.append(self.hidden.value(z if noise is None else z + noise[layer]))
            z = self.pre_activation(layer + 1, hidden[-1])
        return Activity(pre_activation, hidden, self.output.value(z))

    def last_hidden(self, inputs: Array) -> Array:
        """Activity of the last hidden layer: shape (R or 1, batch, units_in) -> (R, batch, units)."""
        for layer in range(len(self.weights) - 1):
            inputs = self.hidden.value(self.pre_activation(layer, inputs))
        return inputs

    def predict(self, inputs: Array) -> Array:
        """The output: shape (R or 1, batch, units_in) -> (R, batch, units_out)."""
        return self.output.value(self.pre_activation(len(self.weights) - 1, self.last_hidden(inputs)))

    @property
    def output_layer(self) -> "Network":
        """The output layer alone, as a network that shares the arrays of this one."""
        return replace(self, weights=self.weights[-1:], biases=self.biases[-1:])

    def pre_activation(self, layer: int, inputs: Array) -> Array:
        """Pre-activation of a layer, given the activity of the layer below it."""
        z = inputs @ self.weights[layer].mT
        if self.biases:
            z += self.biases[layer][:, None, :]
        return z
