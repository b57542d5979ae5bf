"""Theorem 2: pseudobackprop moves each hidden unit in the same direction as the Gauss-Newton method."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from fa_repro.nn.network import ACTIVATIONS
from fa_repro.rules.pseudobackprop import Pseudobackprop
from fa_repro.schema import Listed, Positive
from fa_repro.tasks.linear import Linear
from fa_repro.theory import Theory
from fa_repro.theory._learning import small_net, traced_steps
from fa_repro.theory._statements import Distinct, Findings, Rates, Size, check_findings, slope

if TYPE_CHECKING:
    import pandas as pd

EXACT = 1e-8
"""Largest allowed deviation of the change of linear units, relative to it: rounding errors at the smallest rate."""

BEND = 1.2
"""Largest deviation of nonlinear units that is allowed, relative to the change and to the rate.

`|s'' / s'|` is at most 2. So if the input of a unit moves by at most the rate, the unit moves as its derivative
predicts, up to a relative deviation of the rate itself, and a little more for terms of higher order.
"""

MANY = 20
"""Minimum number of trials to estimate the order of a deviation; in a single trial it may change sign with the rate."""


@dataclass(frozen=True)
class Theorem2(Theory):
    """An update at rate `eta` moves hidden unit `i` by `eta (s'_i)^2 x'x` times its Gauss-Newton step + `O(eta^2)`.

    Attributes
    ----------
    size : (inputs, hidden, outputs) of the net
    init_range : float
        Its weights are drawn from U[-init_range, init_range].
    activations : names of the hidden units
    rates : learning rates, in units in which 1 moves the input of a linear unit by at most 1

    References
    ----------
    Lillicrap et al. 2014, supplementary proof 2.
    """

    size: Size = (30, 20, 10)
    init_range: Annotated[Positive, Field(ge=0.01, le=1.0)] = 0.3
    activations: Annotated[tuple[Literal["linear", "tanh", "logistic"], ...], Listed, Field(min_length=1), Distinct] = (
        "linear",
        "tanh",
        "logistic",
    )
    rates: Rates = (0.03, 0.01, 0.003, 0.001)

    def compute(self, seed: int, trials: int) -> "Mapping[str, pd.DataFrame]":
        found = Findings(2)
        for activation in self.activations:
            deviations = []
            for trial in range(max(trials, MANY)):
                own = [self._deviation(activation, seed, trial, rate) for rate in self.rates]
                deviations.append(found.measured(f"deviation_by_rate/{activation}", trial, self.rates, own))
            if activation == "linear":
                text = "linear units: their change is rate x'x times the Gauss-Newton step (relative deviation)"
                found.statement(text, [own.max() for own in deviations], high=EXACT)
            else:
                text = f"{activation} units: it is rate s'^2 x'x times that step, but for O(rate) (deviation / rate)"
                found.statement(text, [float((own / self.rates).max()) for own in deviations], high=BEND)
                rms = np.sqrt((np.array(deviations) ** 2).mean(axis=0))
                text = f"{activation} units: the deviation vanishes with the rate (slope of the r.m.s. of trials)"
                found.statement(text, [slope(self.rates, rms)], low=0.9)
        return found.tables()

    def check(self, tables: "Mapping[str, pd.DataFrame]", trials: int) -> None:
        quantities = {f"deviation_by_rate/{name}": max(trials, MANY) for name in self.activations}
        statements = [f"{name} units: " for name in self.activations for _ in range(1 if name == "linear" else 2)]
        check_findings(tables, 2, quantities, statements)

    def _deviation(self, activation: str, seed: int, trial: int, rate: float) -> float:
        """Deviation of the change of the hidden units from that of the theorem, relative to the latter."""
        inputs, hidden, outputs = self.size
        ranges = {"init_range": (self.init_range,), "activation": activation}
        setup = small_net(seed, Linear(inputs, outputs), hidden, Pseudobackprop(), 1.0, 2, **ranges)
        first = next(traced_steps(setup, [trial]))
        x = first.inputs
        # The Gauss-Newton step of h: the shortest of all steps that fit y* best to first order.
        newton = np.linalg.lstsq(first.network.weights[1][0], first.step.error[0, 0])[0]
        length = float(x[0, 0] @ x[0, 0])
        rate /= length * np.abs(newton).max()
        _, second = traced_steps(replace(setup, learning_rate=rate), [trial])
        h, moved = (traced.network.last_hidden(x)[0, 0] for traced in (first, second))
        derivative = ACTIVATIONS[activation].derivative
        sigma = np.ones_like(h) if derivative is None else derivative(h)
        expected = rate * length * sigma**2 * newton
        return float(np.linalg.norm(moved - h - expected) / np.linalg.norm(expected))
