"""Kolen-Pollack: feedback weights learn by the same updates and decay as the forward weights, and so become them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fa_repro.nn.weight_decay import settle
from fa_repro.rules import Array, Network, RandomFeedback, Signals, Step, Streams, cascade


class Feedback(NamedTuple):
    """Feedback weights, and the decay that they still owe."""

    matrices: list[Array]
    """Shape (R, units_out, units_in), as the forward weights."""
    owed: Array
    """See `fa_repro.nn.weight_decay.settle`."""


@dataclass(frozen=True)
class KolenPollack(RandomFeedback):
    """`dh = B e`, with every change of `W` made to `B'` as well: `dB = rate * h d' - decay * B`.

    So `B - W'` changes by the decay alone, which takes it away; without decay it stays as it is, and what grows is what
    both have learned. Each synapse needs no other's weight: the change is a product of what both ends of both have at
    hand.

    Attributes
    ----------
    feedback_range : float, or one per hidden layer from the input up
        `B` starts from U[-feedback_range, feedback_range].

    References
    ----------
    Kolen and Pollack 1994, "Backpropagation without weight transport"; Akrout et al. 2019, "Deep learning without
    weight transport", eq. 16 and 17.
    """

    def init(self, network: Network, streams: Streams) -> Feedback:
        matrices = self.draw(network, streams)
        return Feedback(matrices, np.ones((len(matrices[0]) if matrices else 1, 1, 1)))

    def signals(self, step: Step, state: Feedback) -> tuple[Signals, Feedback]:
        found = cascade(step, state.matrices)
        shrink, owed = None, state.owed
        if step.decay is not None:
            shrink, owed = settle(owed * (1.0 - step.decay * step.error.shape[1]), step.error.dtype)
        kept = state.matrices if shrink is None else [matrix * shrink for matrix in state.matrices]
        return found, Feedback(
            [
                matrix + (step.rate * signal).mT @ below
                for matrix, signal, below in zip(kept, found[1:], step.activity.hidden, strict=True)
            ],
            owed,
        )
