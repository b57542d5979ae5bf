"""A random nonlinear function to be approximated: a network of any depth."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import numpy.typing as npt
from pydantic import Field

from fa_repro.nn.network import Network
from fa_repro.nn.random import Normals, Streams
from fa_repro.schema import Count, Flag, Layers, Scale, Units, per_layer
from fa_repro.tasks import Task
from fa_repro.typing import Array

SMALLEST = 1e-15
"""Smallest order of magnitude of a target, whose square is a divisor."""


class _State(NamedTuple):
    target: Network
    inputs: Normals
    held_out: dict[str, tuple[Array, Array]]


@dataclass(frozen=True)
class Nonlinear(Task):
    """`y* = f(x)` with `x ~ N(0, I)` and `f` a random network with linear output.

    Attributes
    ----------
    inputs, outputs : int
        Units of `x` and of `y*`.
    hidden : tuple of int
        Units of the hidden layers of `f`, from the input up.
    target_range, target_bias_range : float, or one per layer from the input up
        Weights and biases of `f` are drawn from U[-range, range].
    activation : str
        Activation function of the hidden units of `f`.
    same_target : bool
        Whether all trials of a seed share one `f`, instead of each having its own.
    test_examples : int
        Number of examples in the test set, and in the validation set for a search.

    References
    ----------
    Lillicrap et al. 2014, Fig. 2c and 2d: 30-20-10-10, tanh, 5,000 test examples.
    """

    inputs: Units
    outputs: Units
    hidden: Layers
    target_range: Scale
    target_bias_range: Scale = (0.0,)
    activation: Literal["linear", "tanh", "logistic"] = "tanh"
    same_target: Flag = False
    test_examples: Annotated[Count, Field(le=10**6)] = 5000

    def __post_init__(self) -> None:
        if isinstance(self.hidden, tuple):
            for name in ("target_range", "target_bias_range"):
                per_layer(name, getattr(self, name), len(self.hidden) + 1)
            weights, biases = self.target_range, self.target_bias_range
            plain = all(isinstance(value, float) for value in (*weights, *biases))  # not arrays of several runs
            if plain and self._largest() < SMALLEST:
                raise ValueError(
                    "target_range: the target is 0 everywhere, or nearly, so its relative error is undefined. "
                    "Use a larger range"
                )

    def _largest(self) -> float:
        """Order of magnitude of the target, from the ranges of its layers."""
        layers, size = len(self.hidden) + 1, 1.0
        ranges = (per_layer(name, getattr(self, name), layers) for name in ("target_range", "target_bias_range"))
        for layer, (weight, bias) in enumerate(zip(*ranges, strict=True)):
            size = weight * size + bias
            if layer < layers - 1 and self.activation != "linear":
                size = min(size, 1.0) if self.activation == "tanh" else 0.5
        return size

    @property
    def sizes(self) -> tuple[int, int]:
        return self.inputs, self.outputs

    @property
    def held_out(self) -> tuple[str, ...]:
        return ("test", "validation")

    def init(self, streams: Streams, dtype: npt.DTypeLike) -> _State:
        sizes, layers = (self.inputs, *self.hidden, self.outputs), len(self.hidden) + 1
        weights, biases = (
            per_layer(name, getattr(self, name), layers) for name in ("target_range", "target_bias_range")
        )
        own = streams.in_common() if self.same_target else streams
        target = Network.initialise(sizes, self.activation, "linear", weights, biases, own, dtype, "target/")
        held_out = {}
        for name in self.held_out:
            shown = streams.normals(f"{name} inputs", self.inputs).draw(self.test_examples).astype(dtype, copy=False)
            held_out[name] = shown, target.predict(shown)
        return _State(target, streams.normals("inputs", self.inputs), held_out)

    def draw(self, state: _State, count: int) -> tuple[Array, Array]:
        examples = state.inputs.draw(count).astype(state.target.weights[0].dtype, copy=False)
        return examples, state.target.predict(examples)

    def examples(self, state: _State, name: str) -> Iterator[tuple[Array, Array]]:
        yield state.held_out[name]
