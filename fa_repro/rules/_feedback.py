"""Feedback weights that start at random: what several rules have in common."""

from dataclasses import dataclass

from fa_repro.nn.network import Network
from fa_repro.nn.random import Streams
from fa_repro.rules import Rule
from fa_repro.schema import Scale, per_layer
from fa_repro.typing import Array


@dataclass(frozen=True)
class RandomFeedback(Rule):
    """A rule with a matrix of feedback weights for each layer above the first, all rules with the same draws.

    Attributes
    ----------
    feedback_range : float, or one per hidden layer from the input up
        They are drawn from U[-feedback_range, feedback_range].
    """

    feedback_range: Scale

    def check(self, hidden_layers: int) -> None:
        per_layer("feedback_range", self.feedback_range, hidden_layers, "hidden layer")

    def draw(self, network: Network, streams: Streams, direct: bool = False) -> list[Array]:
        """Feedback weights of each layer above the first, from the bottom up, shape (R, units_out, units_in).

        With `direct` feedback `units_out` are those of the output for all of them.
        """
        above = network.weights[1:]
        scales = per_layer("feedback_range", self.feedback_range, len(above), "hidden layer")
        shapes = [((above[-1] if direct else each).shape[1], each.shape[2]) for each in above]
        return [
            scale * streams.uniform(f"feedback/{layer}", shape, above[0].dtype)
            for layer, (shape, scale) in enumerate(zip(shapes, scales, strict=True))
        ]
