"""Batch-wise random magnitude sign-concordant feedback (brSF): the forward weights' signs, magnitudes drawn anew."""

from dataclasses import dataclass

import numpy as np

from fa_repro.rules import Network, RandomFeedback, Signals, Step, Streams, Uniforms, cascade, per_layer


@dataclass(frozen=True)
class BatchwiseSignConcordant(RandomFeedback):
    """`dh = (M o sign(W))' e`, with magnitudes `M` drawn anew for each mini-batch.

    Attributes
    ----------
    feedback_range : float, or one per hidden layer from the input up
        `M` is drawn from U[0, feedback_range]. The papers use 1.

    References
    ----------
    Liao, Leibo and Poggio 2016, "How important is weight symmetry in backpropagation?", "batchwise random magnitude
    sign-concordant feedbacks"; Moskovitz, Litwin-Kumar and Abbott 2018, "Feedback alignment in deep convolutional
    networks".
    """

    def init(self, network: Network, streams: Streams) -> list[Uniforms]:
        return [
            streams.uniforms(f"magnitudes/{layer}", weights[0].size)
            for layer, weights in enumerate(network.weights[1:])
        ]

    def signals(self, step: Step, state: list[Uniforms]) -> tuple[Signals, list[Uniforms]]:
        scales = per_layer("feedback_range", self.feedback_range, len(state), "hidden layer")
        feedback = [
            scale * source.draw(1).reshape(weights.shape).astype(weights.dtype, copy=False) * np.sign(weights)
            for scale, source, weights in zip(scales, state, step.upper_weights, strict=True)
        ]
        return cascade(step, feedback), state
