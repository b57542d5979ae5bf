"""Theorem 3: from zero weights and on a single pair, feedback alignment is parallel to pseudobackprop."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from fa_repro.rules.feedback_alignment import FeedbackAlignment
from fa_repro.rules.pseudobackprop import Pseudobackprop
from fa_repro.schema import Count, Positive
from fa_repro.tasks.linear import Linear
from fa_repro.theory import Theory
from fa_repro.theory._learning import InTurn, feedback_of, learned, small_net, traced_steps
from fa_repro.theory._statements import Findings, Moderate, Rate, Size, check_findings
from fa_repro.training.metrics import angle_deg
from fa_repro.training.runs import Setup
from fa_repro.training.settings import Record, Training
from fa_repro.typing import Array

if TYPE_CHECKING:
    import pandas as pd

EXACT = 1e-10
"""Largest relative deviation of weights, activity and scalars that is allowed for rounding errors."""

PARALLEL = 1e-6
"""Angle in degrees up to which vectors count as parallel."""

LEFT = 1e-3
"""Fraction of the error that must be left for its direction to be more than rounding error."""

LEARNED = 5.0
"""Minimum time for which many pairs are learned: learning rate times examples."""

LEAST = 5
"""Minimum number of outputs of the net that learns many pairs."""


@dataclass(frozen=True)
class Theorem3(Theory):
    """`h = s_h B y*` and `W = s_w y* (B y*)'` at every step, so that `B e` is `s_w |B y*|^2` times `pinv(W) e`.

    With many pairs the two signals turn towards each other, but `B` does not become `pinv(W)`.

    Attributes
    ----------
    size : (inputs, hidden, outputs) of the net that learns a single pair
    target_range, feedback_range : float
        `T` and `B` are drawn from U[-range, range].
    learning_rate, updates
        How the single pair is learned.
    many_size : (inputs, hidden, outputs) of the net that learns many pairs, no layer larger than the one below
    many_range, many_learning_rate, many_examples
        Initial range of its forward weights, its learning rate and its number of examples.

    References
    ----------
    Lillicrap et al. 2014, supplementary proof 3; Fig. 4c for many pairs.
    """

    size: Size = (30, 20, 10)
    target_range: Moderate = 1.0
    feedback_range: Moderate = 0.5
    learning_rate: Rate = 5e-4
    updates: Annotated[Count, Field(ge=2, le=2000)] = 100
    many_size: Size = (30, 20, 10)
    many_range: Annotated[Positive, Field(le=0.01)] = 1e-3
    many_learning_rate: Rate = 1e-3
    many_examples: Annotated[Count, Field(ge=100, le=10**6)] = 20_000

    def __post_init__(self) -> None:
        inputs, hidden, outputs = self.many_size
        if not inputs >= hidden >= outputs >= LEAST:
            text = f"expected no layer larger than the one below, and at least {LEAST} outputs"
            raise ValueError(f"many_size: {text}: with fewer, B and pinv(W) have few directions to differ in")
        time = self.many_learning_rate * self.many_examples
        if time < LEARNED:
            text = (
                f"expected at least {LEARNED:g} / many_learning_rate, which is {LEARNED / self.many_learning_rate:,.0f}"
            )
            raise ValueError(f"many_examples: {text}, so that the net learns something")

    def compute(self, seed: int, trials: int) -> "Mapping[str, pd.DataFrame]":
        found = Findings(3)
        self._single_pair(found, seed, trials)
        self._many_pairs(found, seed, trials)
        return found.tables()

    def check(self, tables: "Mapping[str, pd.DataFrame]", trials: int) -> None:
        single = ("hidden_deviation", "weight_deviation", "angle_deg", "scalar_deviation")
        names = [*(f"{name}/one_pair" for name in single), "angle_deg/many_pairs", "matrix_angle_deg/many_pairs"]
        statements = [
            "one pair: h",
            "one pair: W",
            "one pair: B e is",
            "one pair: B e =",
            "many pairs: B e",
            "many pairs: but",
        ]
        check_findings(tables, 3, dict.fromkeys(names, trials), statements)

    def _single_pair(self, found: Findings, seed: int, trials: int) -> None:
        inputs, hidden, outputs = self.size
        task, rule = InTurn(inputs, outputs, 1, self.target_range), FeedbackAlignment((self.feedback_range,))
        setup = small_net(seed, task, hidden, rule, self.learning_rate, self.updates + 1)
        steps: dict[str, list[Array]] = {
            name: [] for name in ("hidden_deviation", "weight_deviation", "angle_deg", "scalar_deviation")
        }
        s_h = s_w = np.zeros(trials)
        left = []
        for traced in traced_steps(setup, range(trials)):
            h, W = traced.network.last_hidden(traced.inputs)[:, 0], traced.network.weights[1]
            y = traced.step.target[:, 0]
            fed = y[:, None] @ traced.state[0]  # (B y*)', as B is kept transposed
            direction, square = fed[:, 0], (fed[:, 0] ** 2).sum(axis=-1)
            steps["hidden_deviation"].append(_relative(h, s_h[:, None] * direction))
            steps["weight_deviation"].append(_relative(W, s_w[:, None, None] * y[:, :, None] * fed))
            pseudo = Pseudobackprop().signals(traced.step, None)[0][0]
            ours = traced.signals[0]
            assert pseudo is not None  # both rules give all layers a signal
            assert ours is not None
            steps["angle_deg"].append(angle_deg(ours[:, 0], pseudo[:, 0]))
            steps["scalar_deviation"].append(_relative(ours[:, 0], (s_w * square)[:, None] * pseudo[:, 0]))
            left.append(1 - s_h * s_w * square)  # e = (1 - s_y) y*
            if not (np.abs(left[-1]) < 1e3).all():
                raise ArithmeticError(f"the single pair diverges: lower learning_rate (now {self.learning_rate:g})")
            length = (traced.inputs[:, 0] ** 2).sum(axis=-1)
            s_h, s_w = s_h + self.learning_rate * length * left[-1], s_w + self.learning_rate * left[-1] * s_h
        times = self.learning_rate * np.arange(self.updates + 1)
        # What is left of the error shrinks to rounding errors, which have no direction.
        known = np.abs(left) >= LEFT
        if not known[2:].any(axis=0).all():
            raise ArithmeticError(
                f"the single pair is learned at once: lower learning_rate (now {self.learning_rate:g})"
            )
        # Before the second update W is 0, and so is its pseudoinverse.
        bounds = {
            "hidden_deviation": ("one pair: h = s_h B y* at every step (relative deviation)", EXACT, 0),
            "weight_deviation": ("one pair: W = s_w y* (B y*)' at every step (relative deviation)", EXACT, 0),
            "angle_deg": ("one pair: B e is parallel to pinv(W) e (degrees)", PARALLEL, 2),
            "scalar_deviation": ("one pair: B e = s_w |B y*|^2 pinv(W) e (relative deviation)", EXACT, 2),
        }
        for quantity, (text, high, first) in bounds.items():
            values = np.array(steps[quantity])
            worst = []
            for trial in range(trials):
                kept = known[:, trial] & (np.arange(len(times)) >= first)
                worst.append(found.measured(f"{quantity}/one_pair", trial, times[kept], values[kept, trial]).max())
            found.statement(text, worst, high=high)

    def _many_pairs(self, found: Findings, seed: int, trials: int) -> None:
        """Measure the angle between the two rules' signals during learning, and at times that of `B` to `pinv(W)`."""
        inputs, hidden, outputs = self.many_size
        probe, rule = "angle_pseudobackprop_deg", FeedbackAlignment((self.feedback_range,))
        task, rate = Linear(inputs, outputs, self.target_range), self.many_learning_rate
        setup = small_net(seed, task, hidden, rule, rate, self.many_examples, init_range=(self.many_range,))
        setup = replace(setup, record=Record("linear", 201, (probe,)))
        parts = [self.many_examples // n for n in (16, 8, 4, 2, 1)]
        ratios, ends, apart = [], [], np.array([self._apart(setup, trials, part) for part in parts])
        for trial, outcome in enumerate(learned(setup, trials)):
            times = rate * outcome.columns["example"]
            angles = found.measured("angle_deg/many_pairs", trial, times, outcome.columns[probe])
            ratios.append(float(angles[-20:].mean() / angles[:5].mean()))
            ends.append(
                found.measured("matrix_angle_deg/many_pairs", trial, rate * np.array(parts), apart[:, trial])[-1]
            )
        found.statement("many pairs: B e turns towards pinv(W) e (angle at the end / at the start)", ratios, high=0.5)
        found.statement("many pairs: but B does not become pinv(W) (degrees between them at the end)", ends, low=5.0)

    def _apart(self, setup: Setup, trials: int, examples: int) -> list[float]:
        """Angle between `B` and `pinv(W)`, as vectors, after `examples` examples: degrees for each trial."""
        setup = replace(setup, training=Training(examples=examples), record=Record("linear", 2, ("nse",), True))
        found = []
        for trial, outcome in enumerate(learned(setup, trials)):
            inverse = np.linalg.pinv(outcome.arrays["weights_1"])
            found.append(float(angle_deg(feedback_of(setup, trial).ravel(), inverse.ravel())))
        return found


def _relative(found: Array, expected: Array) -> Array:
    """Distance of vectors or matrices, shape (R, ...), relative to the longer one; 0 where both are 0."""
    axes = tuple(range(1, found.ndim))
    distance, *sizes = (np.sqrt((each**2).sum(axis=axes)) for each in (found - expected, found, expected))
    size = np.maximum(*sizes)
    return distance / np.where(size > 0, size, 1.0)
