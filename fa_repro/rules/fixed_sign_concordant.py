"""Fixed random magnitude sign-concordant feedback (frSF): the signs of the forward weights, magnitudes drawn once."""

from dataclasses import dataclass

import numpy as np

from fa_repro.rules import Array, Network, RandomFeedback, Signals, Step, Streams, cascade


@dataclass(frozen=True)
class FixedSignConcordant(RandomFeedback):
    """`dh = (M o sign(W))' e`, with magnitudes `M` drawn once and never changed.

    Attributes
    ----------
    feedback_range : float, or one per hidden layer from the input up
        `M` is drawn from U[0, feedback_range]: the magnitudes of feedback alignment's `B`. The papers use 1.

    References
    ----------
    Liao, Leibo and Poggio 2016, "How important is weight symmetry in backpropagation?", "fixed random magnitude
    sign-concordant feedbacks"; Moskovitz, Litwin-Kumar and Abbott 2018, "Feedback alignment in deep convolutional
    networks".
    """

    def init(self, network: Network, streams: Streams) -> list[Array]:
        return [np.abs(matrix) for matrix in self.draw(network, streams)]

    def signals(self, step: Step, state: list[Array]) -> tuple[Signals, list[Array]]:
        return cascade(step, [m * np.sign(w) for m, w in zip(state, step.upper_weights, strict=True)]), state
