"""Loss functions, each with its teaching signal for the output layer."""

from abc import ABC, abstractmethod

import numpy as np

from fa_repro.nn.network import Activation
from fa_repro.typing import Array


class Loss(ABC):
    """Base class of losses of the output `y` given the target `y*`."""

    @abstractmethod
    def value(self, target: Array, output: Array) -> Array:
        """Loss of each example: shapes (R, batch, units_out) -> (R, batch)."""

    @abstractmethod
    def signal(self, target: Array, output: Array, activation: Activation) -> Array:
        """Teaching signal `-dL/dz`, with `z` the pre-activation of the output units: shape (R, batch, units_out)."""


class SquaredError(Loss):
    """`L = 1/2 e'e`: the signal is `e * sigma'(y)`."""

    def value(self, target: Array, output: Array) -> Array:
        error = target - output
        return 0.5 * np.vecdot(error, error)

    def signal(self, target: Array, output: Array, activation: Activation) -> Array:
        error = target - output
        return error if activation.derivative is None else error * activation.derivative(output)


class CrossEntropy(Loss):
    """Cross-entropy of independent logistic outputs: the signal is `e`, as in the paper."""

    def value(self, target: Array, output: Array) -> Array:
        tiny = np.finfo(output.dtype).tiny
        logs = target * np.log(np.maximum(output, tiny)) + (1 - target) * np.log(np.maximum(1 - output, tiny))
        return -logs.sum(axis=-1)

    def signal(self, target: Array, output: Array, activation: Activation) -> Array:
        return target - output


LOSSES: dict[str, Loss] = {"squared_error": SquaredError(), "cross_entropy": CrossEntropy()}
