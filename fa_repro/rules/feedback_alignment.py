"""Feedback alignment: errors return through fixed random weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fa_repro.rules import Array, Network, RandomFeedback, Share, Signals, Step, Streams, cascade


@dataclass(frozen=True)
class FeedbackAlignment(RandomFeedback):
    """`dh = B e`, with `B` drawn once and never changed.

    Attributes
    ----------
    feedback_range : float, or one per hidden layer from the input up
        `B` is drawn from U[-feedback_range, feedback_range].
    sparsity : float
        Fraction of the elements of `B`, and of the forward weights that it replaces, that are permanently removed.
        They are drawn independently for each matrix: with half of both removed, half of the remaining weights have no
        counterpart in the other matrix.

    References
    ----------
    Lillicrap et al. 2014, Fig. 1c; Fig. 2a for half of the elements removed.
    """

    sparsity: Share = 0.0

    def init(self, network: Network, streams: Streams) -> list[Array]:
        feedback = self.draw(network, streams)
        if np.any(self.sparsity):
            for matrix, mask in zip(feedback, self._masks("feedback", feedback, streams), strict=True):
                matrix *= mask
        return feedback

    def masks(self, network: Network, streams: Streams) -> list[Array] | None:
        return self._masks("weights", network.weights[1:], streams) if np.any(self.sparsity) else None

    def signals(self, step: Step, state: Any) -> tuple[Signals, Any]:
        return cascade(step, state), state

    def _masks(self, what: str, matrices: list[Array], streams: Streams) -> list[Array]:
        """A mask of zeros and ones for each matrix; the number of zeros is rounded to the nearest integer."""
        masks = []
        # In a batch with several sparsities it has the dtype of the weights; the count must be as in a run of its own.
        share = np.asarray(self.sparsity, matrices[0].dtype).astype(np.float64)
        for layer, matrix in enumerate(matrices):
            draws = streams.uniform(f"sparsity/{what}/{layer}", matrix.shape[1:], np.float64)
            ranks = draws.reshape(len(draws), -1).argsort(axis=1).argsort(axis=1).reshape(draws.shape)
            masks.append((ranks >= np.round(share * draws[0].size)).astype(matrix.dtype))
        return masks
