"""Kolen-Pollack: feedback weights have the updates and decay of the forward weights, and so converge to them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fa_repro.nn.weight_decay import settle
from fa_repro.rules import Array, Network, RandomFeedback, Signals, Step, Streams, cascade


class Feedback(NamedTuple):
    """Feedback weights, and their decay that is still to be applied."""

    matrices: list[Array]
    """Shape (R, units_out, units_in), the same as the forward weights."""
    owed: Array
    """See `fa_repro.nn.weight_decay.settle`."""


@dataclass(frozen=True)
class KolenPollack(RandomFeedback):
    """`dh = B e`, with every change of `W` applied to `B'` as well: `dB = rate * h d' - decay * B`.

    So `B - W'` changes by the decay alone and shrinks to 0. Without decay it stays constant, while the learned part
    that both share grows. No synapse needs the weight of another: each change is a product of quantities that are
    available at both of its ends.

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
