"""Theorem 1: from zero weights, feedback alignment brings the error of a linear net to zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
from pydantic import Field

from fa_repro.nn.random import Streams
from fa_repro.rules.feedback_alignment import FeedbackAlignment
from fa_repro.schema import Count, Positive
from fa_repro.tasks import Task
from fa_repro.tasks.linear import Linear
from fa_repro.theory import Theory
from fa_repro.theory._integrate import integrate
from fa_repro.theory._learning import InTurn, feedback_of, learned, small_net
from fa_repro.theory._statements import Findings, Moderate, Rates, Size, Sizes, check_findings, slope
from fa_repro.typing import Array

if TYPE_CHECKING:
    import pandas as pd

CONSERVED = 1e-8
"""Largest drift of the invariant that is allowed, relative to the largest term in it."""

RISE = 1e-12
"""Largest rise of V between two times that is allowed for rounding, relative to V at the start."""

REST = 1e-8
"""Rate of change, relative to that at the start, below which the flow counts as at rest."""

NOISY = 50
"""Minimum number of trials to estimate the order of a random distance."""

LONGEST = 1e6
"""Maximum number of examples of a net that learns from one at a time."""

GONE, STAYS = 1e-6, 0.05
"""Errors relative to the target: an error at or below the first has vanished, one at or above the second remains."""

RISES = 1e-8
"""Smallest rise of V that counts as one, relative to V at the start: well above the accuracy of the integration."""

CONDITION = 10.0
"""Maximum condition number of `B`: errors along its smallest direction take longer by the square of this factor."""


class Flow(NamedTuple):
    """`dW/dt = E A'`, `dA/dt = B E` with `E = T - W A`: the expected updates where the mean of `x x'` is the identity.

    `T` has shape (outputs, inputs), `B` (hidden, outputs), `W` (outputs, hidden), `A` (hidden, inputs).
    """

    T: Array
    B: Array

    def parts(self, state: Array) -> tuple[Array, Array]:
        """`W` and `A` of a state, shape (n,)."""
        (outputs, inputs), hidden = self.T.shape, len(self.B)
        split = outputs * hidden
        return state[:split].reshape(outputs, hidden), state[split:].reshape(hidden, inputs)

    def velocity(self, state: Array) -> Array:
        """Rate of change of a state, both of shape (n,)."""
        W, A = self.parts(state)
        E = self.T - W @ A
        return np.concatenate([(E @ A.T).ravel(), (self.B @ E).ravel()])

    def error(self, state: Array) -> float:
        """`|E| / |T|`."""
        W, A = self.parts(state)
        return float(np.linalg.norm(self.T - W @ A) / np.linalg.norm(self.T))

    def invariant(self, state: Array) -> tuple[Array, float]:
        """`B W + W' B' - A A'`, and the norm of its largest term."""
        W, A = self.parts(state)
        fed, gram = self.B @ W, A @ A.T
        return fed + fed.T - gram, float(max(np.linalg.norm(fed + fed.T), np.linalg.norm(gram)))

    def lyapunov(self, state: Array) -> float:
        """`V = tr(B E E' B')`."""
        W, A = self.parts(state)
        return float(np.sum((self.B @ (self.T - W @ A)) ** 2))


@dataclass(frozen=True)
class Theorem1(Theory):
    """If `W = A = 0` at the start and `pinv(B) B = I`, then `E -> 0`; if either fails, the proof does not apply.

    Attributes
    ----------
    sizes : (inputs, hidden, outputs) of the nets, with at most as many output as hidden units
    counter_size : the same for a net with fewer hidden units than inputs and outputs, where `pinv(B) B` is not `I`
    target_range, feedback_range, start_range : float
        `T`, `B` and random starts are drawn from U[-range, range]. Singular values of `B` below a tenth of the largest
        are raised to that, as learning takes very long with a nearly singular `B`.
    opposed : float
        Size of a start with `C != 0`: `A = 0` and `W = -opposed B'`, so that the feedback first increases errors.
    duration : float
        Time for which the flow is followed: learning rate times number of updates.
    points : int
        Number of times at which it is measured, evenly spaced on a logarithmic scale.
    online_size, online_time, rates
        Size of a net that learns example by example, its learning time, and its learning rates.

    References
    ----------
    Lillicrap et al. 2014, supplementary proof 1.
    """

    sizes: Sizes = ((30, 20, 10), (6, 10, 3), (8, 8, 8))
    counter_size: Size = (8, 4, 6)
    target_range: Moderate = 1.0
    feedback_range: Annotated[Moderate, Field(le=1.0)] = 0.5
    start_range: Moderate = 0.3
    opposed: Moderate = 2.0
    duration: Annotated[Positive, Field(ge=1e3, le=1e6)] = 1e4
    points: Annotated[Count, Field(ge=10, le=10_000)] = 101
    online_size: Size = (6, 5, 3)
    online_time: Annotated[Positive, Field(le=1e3)] = 3.0
    rates: Rates = (0.01, 0.005, 0.0025, 0.00125)

    def __post_init__(self) -> None:
        for name, sizes in (("sizes", self.sizes), ("online_size", (self.online_size,))):
            for size in sizes:
                if size[2] > size[1]:
                    text = f"{_named(size)} has more output than hidden units, so that pinv(B) B is not I"
                    raise ValueError(f"{name}: {text}; use counter_size for such a net")
        for rate in self.rates:
            if not self.online_size[0] <= self.online_time / rate <= LONGEST:
                bounds = f"{self.online_size[0]} (one round) to {LONGEST:,.0f}"
                text = f"expected {bounds} examples at rate {rate:g}, got {self.online_time / rate:,.0f}"
                raise ValueError(f"online_time: {text}")
        inputs, hidden, outputs = self.counter_size
        if min(inputs, outputs) <= hidden:
            text = (
                "expected more output than hidden units, so that pinv(B) B is not I, and more inputs than hidden units"
            )
            raise ValueError(f"counter_size: {text}, so that the error stays")

    def compute(self, seed: int, trials: int) -> "Mapping[str, pd.DataFrame]":
        found, streams = Findings(1), [Streams([(seed, trial)]) for trial in range(trials)]
        drifts, rises, ends = [], [], []
        for size in self.sizes:
            for trial, own in enumerate(streams):
                for start in ("zero", "random"):
                    drift, rise, end = self._follow(found, size, start, trial, own)
                    drifts.append(drift)
                    if start == "zero":
                        rises.append(rise)
                        ends.append(end)
        found.statement("B W + W'B' - A A' is conserved (relative drift)", drifts, high=CONSERVED)
        found.statement("from zero, V = tr(B E E'B') never rises (largest rise / V at start)", rises, high=RISE)
        found.statement("from zero, the error vanishes (|E| / |T| at the end)", ends, high=GONE)
        stuck = [self._follow(found, self.counter_size, "zero", trial, own)[2] for trial, own in enumerate(streams)]
        found.statement("with too few hidden units it stays (|E| / |T| at the end)", stuck, low=STAYS)
        against = [self._follow(found, self.sizes[0], "opposed", trial, own)[1] for trial, own in enumerate(streams)]
        found.statement("from C != 0, V may rise (largest rise / V at start)", against, low=RISES)
        self._online(found, seed, trials)
        return found.tables()

    def check(self, tables: "Mapping[str, pd.DataFrame]", trials: int) -> None:
        flows = [(size, start) for size in self.sizes for start in ("zero", "random")]
        flows += [(self.counter_size, "zero"), (self.sizes[0], "opposed")]
        names = [f"{_named(size)}/{start}" for size, start in flows]
        quantities = {f"{name}/{flow}": trials for name in ("invariant_drift", "V", "error") for flow in names}
        online = {"online_error_by_rate/in_turn": trials, "online_error_by_rate/random": max(trials, NOISY)}
        statements = ["B W + W'B' - A A'", "from zero, V", "from zero, the error", "with too few", "from C != 0"]
        check_findings(tables, 1, quantities | online, [*statements, "orthogonal examples", "random examples"])

    def _follow(
        self, found: Findings, size: Size, start: str, trial: int, streams: Streams
    ) -> tuple[float, float, float]:
        """Measure the flow from a start; return its relative drift, the largest rise of V, and the final error."""
        inputs, hidden, outputs = size
        flow = Flow(
            self.target_range * streams.uniform("target", (outputs, inputs), np.float64)[0],
            _conditioned(self.feedback_range * streams.uniform("feedback/0", (hidden, outputs), np.float64)[0]),
        )
        W, A = np.zeros((outputs, hidden)), np.zeros((hidden, inputs))
        if start == "random":
            W = self.start_range * streams.uniform("weights/1", W.shape, np.float64)[0]
            A = self.start_range * streams.uniform("weights/0", A.shape, np.float64)[0]
        elif start == "opposed":
            W = -self.opposed * flow.B.T
        times = np.concatenate([[0.0], np.geomspace(1e-3, self.duration, self.points - 1)])
        first = np.concatenate([W.ravel(), A.ravel()])
        rest = REST * float(np.abs(flow.velocity(first)).max())
        states = integrate(flow.velocity, first, times, rest=rest)
        name, invariants = f"{_named(size)}/{start}", [flow.invariant(state) for state in states]
        scale = max(size for _, size in invariants)
        drift = [float(np.linalg.norm(value - invariants[0][0])) / scale for value, _ in invariants]
        drifts = found.measured(f"invariant_drift/{name}", trial, times, drift)
        V = found.measured(f"V/{name}", trial, times, [flow.lyapunov(state) for state in states])
        errors = found.measured(f"error/{name}", trial, times, [flow.error(state) for state in states])
        rise = np.diff(V).max(initial=0.0)
        return float(drifts.max()), float(rise / V[0]), float(errors[-1])

    def _online(self, found: Findings, seed: int, trials: int) -> None:
        """Measure how far a net that learns example by example is from the flow, at each learning rate."""
        inputs, _, outputs = self.online_size
        name = "online_error_by_rate/in_turn"
        errors = self._distances(InTurn(inputs, outputs, inputs, self.target_range), seed, trials)
        for trial, own in enumerate(errors):
            found.measured(name, trial, self.rates, own)
        text = "orthogonal examples in turn: learning is the flow but for O(rate) (slope)"
        found.statement(text, [slope(self.rates, own) for own in errors], 0.9, 1.1)
        name = "online_error_by_rate/random"
        errors = self._distances(Linear(inputs, outputs, self.target_range), seed, max(trials, NOISY))
        for trial, own in enumerate(errors):
            found.measured(name, trial, self.rates, own)
        rms = np.sqrt((errors**2).mean(axis=0))
        text = f"random examples: but for O(rate^(1/2)) (slope of the r.m.s. of {len(errors)} trials)"
        found.statement(text, [slope(self.rates, rms)], 0.3, 0.7)

    def _distances(self, task: Task, seed: int, trials: int) -> Array:
        """Distance of learned weights from those of the flow, relative to the latter: shape (trials, rates)."""
        rule, inputs = FeedbackAlignment((self.feedback_range,)), self.online_size[0]
        examples = [inputs * round(self.online_time / rate / inputs) for rate in self.rates]
        setups = [
            small_net(seed, task, self.online_size[1], rule, rate, count)
            for rate, count in zip(self.rates, examples, strict=True)
        ]
        outcomes = [learned(setup, trials) for setup in setups]
        times, places = np.unique(np.array(self.rates) * examples, return_inverse=True)
        distances = []
        for trial, own in enumerate(zip(*outcomes, strict=True)):
            flow = Flow(own[0].arrays["target"], feedback_of(setups[0], trial))
            start = np.zeros(sum(own[0].arrays[name].size for name in ("weights_1", "weights_0")))
            expected = integrate(flow.velocity, start, np.concatenate([[0.0], times]))[1:][places]
            reached = np.stack([np.concatenate([each.arrays[f"weights_{n}"].ravel() for n in (1, 0)]) for each in own])
            distances.append(np.linalg.norm(reached - expected, axis=1) / np.linalg.norm(expected, axis=1))
        return np.array(distances)


def _conditioned(B: Array) -> Array:
    """`B` with singular values below a tenth of the largest raised to that."""
    u, s, v = np.linalg.svd(B, full_matrices=False)
    return (u * np.maximum(s, s.max() / CONDITION)) @ v


def _named(size: Sequence[int]) -> str:
    return "-".join(map(str, size))
