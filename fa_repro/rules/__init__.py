"""Learning rules: the teaching signal that each layer receives.

Each module here defines one rule and is found by its file name. A rule is a frozen dataclass; its fields are the YAML
keys it accepts besides `rule` and `learning_rate`.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeAlias

from fa_repro.nn.losses import Loss
from fa_repro.nn.network import Activity, Network
from fa_repro.nn.random import Normals, Streams, Uniforms
from fa_repro.schema import NonNegative, Positive, Scale, Settings, Share, per_layer
from fa_repro.typing import Array

__all__ = [
    "Array",
    "Network",
    "NonNegative",
    "Normals",
    "Positive",
    "RandomFeedback",
    "Rule",
    "Scale",
    "Share",
    "Signals",
    "Step",
    "Streams",
    "Uniforms",
    "cascade",
    "per_layer",
]

Signals: TypeAlias = Sequence[Array | None]
"""Per layer, from the input up: `-dL/dz`, shape (R, batch, units_out), or None for a layer that does not learn."""


class Step(NamedTuple):
    """One mini-batch after its forward pass, before any weight changes."""

    network: Network
    """Its first layer may lag behind (see `fa_repro.training.input_layer.InputLayer`); rules do not need it."""
    activity: Activity
    target: Array
    """`y*`, shape (R or 1, batch, units_out)."""
    error: Array
    """The output layer's own teaching signal, shape (R, batch, units_out)."""
    loss: Loss
    rate: Any = 0.0
    """Learning rate of the next update, a number or an array of shape (R, 1, 1)."""
    decay: Array | None = None
    """Weight decay of that update: the fraction of a weight that decays per example, shape (R, 1, 1) in float64."""

    @property
    def upper_weights(self) -> list[Array]:
        """Weights of the layers above the first, from the bottom up, shape (R, units_out, units_in)."""
        return self.network.weights[1:]


@dataclass(frozen=True)
class Rule(Settings):
    """Base class of learning rules, which compute the teaching signal of each layer.

    Attributes
    ----------
    trains_hidden : bool
        False if the rule never gives the hidden layers a signal; their activity can then be computed once.
    """

    trains_hidden: ClassVar[bool] = True

    def check(self, hidden_layers: int) -> None:
        """Raise ValueError if the rule's settings do not fit a network of this many hidden layers."""

    def init(self, network: Network, streams: Streams) -> Any:
        """The state of the rule before the first step, such as its feedback weights."""
        return None

    def masks(self, network: Network, streams: Streams) -> Sequence[Array] | None:
        """Masks that say which forward weights exist, or None if all of them do.

        Returns
        -------
        sequence of arrays of 0 and 1, shape (R, units_out, units_in), or None
            One for each layer above the first, from the bottom up. The trainer keeps masked weights at 0.
        """
        return None

    @abstractmethod
    def signals(self, step: Step, state: Any) -> tuple[Signals, Any]:
        """The teaching signal of every layer, and the state for the next step. Does not modify `step`."""


@dataclass(frozen=True)
class RandomFeedback(Rule):
    """A rule with random feedback weights for each layer above the first; all such rules share the same draws.

    Attributes
    ----------
    feedback_range : float, or one per hidden layer from the input up
        Feedback weights are drawn from U[-feedback_range, feedback_range].
    """

    feedback_range: Scale

    def check(self, hidden_layers: int) -> None:
        per_layer("feedback_range", self.feedback_range, hidden_layers, "hidden layer")

    def draw(self, network: Network, streams: Streams, direct: bool = False) -> list[Array]:
        """Feedback weights of each layer above the first, from the bottom up, shape (R, units_out, units_in).

        With `direct` feedback, `units_out` is the number of output units for all of them.
        """
        above = network.weights[1:]
        scales = per_layer("feedback_range", self.feedback_range, len(above), "hidden layer")
        shapes = [((above[-1] if direct else each).shape[1], each.shape[2]) for each in above]
        return [
            scale * streams.uniform(f"feedback/{layer}", shape, above[0].dtype)
            for layer, (shape, scale) in enumerate(zip(shapes, scales, strict=True))
        ]


def cascade(step: Step, feedback: Sequence[Array]) -> list[Array]:
    """Propagate the output layer's signal down through the layers.

    Parameters
    ----------
    step : Step
    feedback : sequence of arrays, shape (R, units_out, units_in)
        For each layer above the first, from the bottom up, the matrix used in place of its forward weights.

    Returns
    -------
    list of arrays, shape (R, batch, units)
        The signal of each layer, from the input up.

    References
    ----------
    Lillicrap et al. 2014: backprop's `W' e` with the forward weights as feedback, `B e` with fixed random ones; in
    deeper nets `(B1 ((B2 e) * h1')) * h0'`.
    """
    derivative = step.network.hidden.derivative
    signal = step.error
    signals = [signal]
    for matrix, hidden in zip(reversed(feedback), reversed(step.activity.hidden), strict=True):
        signal = signal @ matrix
        if derivative is not None:
            signal *= derivative(hidden)
        signals.append(signal)
    return signals[::-1]
