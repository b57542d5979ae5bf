"""Uniform sign-concordant feedback (uSF): errors return through the signs of the forward weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fa_repro.rules import Positive, Rule, Signals, Step, cascade


@dataclass(frozen=True)
class UniformSignConcordant(Rule):
    """`dh = m sign(W)' e`, with one magnitude `m` for all feedback weights.

    Attributes
    ----------
    magnitude : float
        `m`. The papers use 1, with batch normalisation or sign-based updates, which make it irrelevant. Here it scales
        the learning rates of the hidden layers relative to that of the output layer.

    References
    ----------
    Liao, Leibo and Poggio 2016, "How important is weight symmetry in backpropagation?", "uniform sign-concordant
    feedbacks"; Moskovitz, Litwin-Kumar and Abbott 2018, "Feedback alignment in deep convolutional networks".
    """

    magnitude: Positive = 1.0

    def signals(self, step: Step, state: Any) -> tuple[Signals, Any]:
        return cascade(step, [self.magnitude * np.sign(weights) for weights in step.upper_weights]), state
