"""Theorem 2: pseudobackprop moves each hidden unit in the direction that the Gauss-Newton method does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from fa_repro.arrays import Array
from fa_repro.network import ACTIVATIONS
from fa_repro.rules.pseudobackprop import Pseudobackprop
from fa_repro.settings import Positive
from fa_repro.tasks.linear import Linear
from fa_repro.theory import Theory
from fa_repro.theory._learning import lessons, small_net
from fa_repro.theory._statements import Findings, Listed, Rates, Size, slope

if TYPE_CHECKING:
    import pandas as pd

EXACT = 1e-8
"""Most by which the ratio of linear units may be off: rounding, at the smallest learning rate."""


@dataclass(frozen=True)
class Theorem2(Theory):
    """An update at rate `eta` moves hidden unit `i` by `eta (s'_i)^2 x'x` times its Gauss-Newton step, and `O(eta^2)`.

    Attributes
    ----------
    size : (inputs, hidden, outputs) of the net
    init_range : float
        Its weights are drawn from U[-init_range, init_range].
    activations : names of the hidden units
    rates : learning rates

    References
    ----------
    Lillicrap et al. 2014, supplementary proof 2.
    """

    size: Size = (30, 20, 10)
    init_range: Annotated[Positive, Field(le=10.0)] = 0.3
    activations: Annotated[tuple[Literal["linear", "tanh", "logistic"], ...], Listed, Field(min_length=1)] = (
        "linear",
        "tanh",
        "logistic",
    )
    rates: Rates = (1e-3, 3e-4, 1e-4, 3e-5)

    def compute(self, seed: int, trials: int) -> "Mapping[str, pd.DataFrame]":
        found = Findings(2)
        for activation in self.activations:
            deviations = np.array([self._deviations(activation, seed, trials, rate) for rate in self.rates])
            for trial in range(trials):
                found.measured(f"ratio_deviation/{activation}", trial, self.rates, deviations[:, trial])
            if activation == "linear":
                text = "linear units: ratio to the Gauss-Newton step is rate x'x (relative deviation)"
                found.statement(text, deviations.max(axis=0), high=EXACT)
            else:
                text = f"{activation} units: ratio is rate s'^2 x'x but for O(rate) (slope)"
                found.statement(text, [slope(self.rates, each) for each in deviations.T], 0.9, 1.1)
        return found.tables()

    def _deviations(self, activation: str, seed: int, trials: int, rate: float) -> Array:
        """Largest relative deviation of a hidden unit's ratio from the theorem's, for each trial."""
        inputs, hidden, outputs = self.size
        ranges = {"init_range": (self.init_range,), "activation": activation}
        setup = small_net(seed, Linear(inputs, outputs), hidden, Pseudobackprop(), rate, 2, **ranges)
        first, second = lessons(setup, range(trials))
        x = first.inputs
        h, moved = first.network.below_output(x)[:, 0], second.network.below_output(x)[:, 0]
        slopes = ACTIVATIONS[activation].slope
        sigma = np.ones_like(h) if slopes is None else slopes(h)
        found = []
        for trial in range(trials):
            # The Gauss-Newton step of h: of all that fit y* best, to first order, the shortest.
            newton = np.linalg.lstsq(first.network.weights[1][trial], first.step.error[trial, 0])[0]
            expected = rate * sigma[trial] ** 2 * (x[trial, 0] @ x[trial, 0]) * newton
            found.append(np.abs((moved[trial] - h[trial]) / expected - 1).max())
        return np.array(found)
