"""Feedback alignment: errors return through fixed random weights."""

from dataclasses import dataclass
from typing import Any

from fa_repro.arrays import Array
from fa_repro.network import Network
from fa_repro.rules import Rule, Signals, Step, cascade
from fa_repro.settings import Scale, per_layer
from fa_repro.streams import Streams


@dataclass(frozen=True)
class FeedbackAlignment(Rule):
    """`dh = B e`, with `B` drawn once and never changed.

    Attributes
    ----------
    feedback_range : float, or one per hidden layer from the input up
        `B` is drawn from U[-feedback_range, feedback_range].

    References
    ----------
    Lillicrap et al. 2014, Fig. 1c.
    """

    feedback_range: Scale

    def check(self, hidden_layers: int) -> None:
        per_layer("feedback_range", self.feedback_range, hidden_layers, "hidden layer")

    def init(self, network: Network, streams: Streams) -> list[Array]:
        above = network.weights[1:]
        scales = per_layer("feedback_range", self.feedback_range, len(above), "hidden layer")
        return [
            scale * streams.uniform(f"feedback/{layer}", weights.shape[1:], weights.dtype)
            for layer, (weights, scale) in enumerate(zip(above, scales, strict=True))
        ]

    def signals(self, step: Step, state: Any) -> tuple[Signals, Any]:
        return cascade(step, state), state
