"""Fig. 3: the flow of feedback alignment in a net of one neuron per layer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, Strict

from fa_repro.schema import Count, Listed, Positive
from fa_repro.theory import Theory
from fa_repro.theory._integrate import integrate
from fa_repro.typing import Array

if TYPE_CHECKING:
    import pandas as pd

PATIENCE = 500.0
"""Maximum time for which the basin is integrated, in units of the slowest solution's time scale, `1 / |B T|^(2/3)`."""

STIFF, LONG = 1e6, 1e5
"""Maximum duration of the basin and of a path, in units of the time scale of the fastest decay."""


def _single(value: Any) -> Any:
    if isinstance(value, list | tuple):
        raise ValueError(f"expected one number, as there is one neuron per layer, got a list of {len(value)}")
    return value


def _not_zero(value: float) -> float:
    if value == 0:
        raise ValueError("expected a number other than 0: with 0 the solutions do not form a hyperbola")
    return value


Weight = Annotated[float, Strict(), Field(ge=-1e3, le=1e3, allow_inf_nan=False)]
NonZero = Annotated[Weight, AfterValidator(_not_zero), BeforeValidator(_single)]
Cells = Annotated[Count, Field(ge=2, le=501)]
Start = Annotated[tuple[Weight, Weight], Listed]
Starts = Annotated[tuple[Start, ...], Field(max_length=100), Listed]


@dataclass(frozen=True)
class FlowField(Theory):
    """`dw/dt = (T - w w0) w0`, `dw0/dt = B (T - w w0)`: expected updates of `y = w w0 x` with `y* = T x`, `E[x^2] = 1`.

    Attributes
    ----------
    T, B : float
        Target and feedback weight.
    range : float
        Half the width of the square of `(w0, w)` that is studied.
    grid : int
        Number of arrows along each side.
    basin : int
        Number of cells along each side from which the flow is followed to its end.
    starts : pairs of float
        Where the paths start, `(w0, w)`; one more path starts at (0, 0).
    duration : float
        Duration of the paths.
    steps : int
        Number of steps in which each path is recorded.

    References
    ----------
    Lillicrap et al. 2014, Fig. 3.
    """

    T: NonZero = 1.0
    B: NonZero = 1.0
    range: Annotated[Positive, Field(ge=1e-3, le=1e3)] = 2.0
    grid: Cells = 21
    basin: Cells = 121
    starts: Starts = ((-1.9, 1.9), (-1.7, 0.6), (-1.95, 0.3), (-0.8, -1.9), (0.2, -1.0), (1.8, 1.9))
    duration: Annotated[Positive, Field(le=1e4)] = 10.0
    steps: Annotated[Count, Field(le=100_000)] = 400

    def __post_init__(self) -> None:
        for w0, w in (*self.starts, (0.0, 0.0)):
            if 4 * (w0 * w0 + abs(self.B * w) + self.scale) * self.duration > LONG:
                text = f"the path from ({w0:g}, {w:g}) would take too many steps"
                raise ValueError(f"duration: {text} at T {self.T:g}, B {self.B:g}; choose a smaller duration")
        if self.fastest * PATIENCE / self.scale > STIFF:
            text = "is too wide, as solutions are close to 0"
            raise ValueError(f"range: {self.range:g} {text} at T {self.T:g}, B {self.B:g}; choose a smaller range")

    @property
    def scale(self) -> float:
        """Rate at which the solution nearest to (0, 0) attracts, up to a factor of about 1."""
        return abs(self.B * self.T) ** (2 / 3)

    @property
    def fastest(self) -> float:
        """Upper bound of the rate of attraction along all paths that start in the square."""
        return 4 * (self.range * (self.range + abs(self.B)) + self.scale)

    def velocity(self, w0: Array, w: Array) -> tuple[Array, Array]:
        """`dw0/dt` and `dw/dt`."""
        error = self.T - w * w0
        return self.B * error, error * w0

    def trace(self, w0: Array, w: Array) -> Array:
        """Trace of the flow's Jacobian on the hyperbola, which is its only non-zero eigenvalue."""
        return -(self.B * w + w0 * w0)

    def compute(self, seed: int, trials: int) -> "Mapping[str, pd.DataFrame]":
        import pandas as pd

        parts = [
            pd.DataFrame({"kind": kind, "id": number, "step": step, "w0": w0, "w": w})
            for kind, number, step, w0, w in self._parts()
        ]
        table = pd.concat(parts, ignore_index=True)
        table["dw0"], table["dw"] = self.velocity(table["w0"].to_numpy(), table["w"].to_numpy())
        return {"main": table}

    def check(self, tables: "Mapping[str, pd.DataFrame]", trials: int) -> None:
        table = tables["main"].sort_values(["kind", "id", "step"])
        expected = {
            "field": dict.fromkeys(range(self.grid**2), 1),
            "basin": dict.fromkeys(range(self.basin**2), 2),
            "path": dict.fromkeys(range(len(self.starts)), self.steps + 1),
            "origin": {0: self.steps + 1},
        }
        for number, (kind, w0) in enumerate(self._solutions()):
            expected.setdefault(kind, {})[number] = len(w0)
        parts = [(kind, number, count) for kind in sorted(expected) for number, count in expected[kind].items()]
        kinds, ids, counts = zip(*parts, strict=True)
        steps = np.concatenate([np.arange(count) for count in counts])
        whole = {"kind": np.repeat(kinds, counts), "id": np.repeat(ids, counts), "step": steps}
        if len(table) != len(steps) or any((table[name] != values).any() for name, values in whole.items()):
            raise ValueError("not the parts of the flow field")
        known = (table["kind"] != "basin") | (table["step"] == 0)
        if not np.isfinite(table.loc[known, ["w0", "w", "dw0", "dw"]]).all(axis=None):
            raise ValueError("a state is not finite")

    def _parts(self) -> Iterator[tuple[str, Any, Any, Array, Array]]:
        """Kind, number, step, `w0` and `w` of each part of the table."""
        arrows = self._square(self.grid)
        yield "field", np.arange(arrows.shape[1]), 0, *arrows
        for number, (kind, w0) in enumerate(self._solutions()):
            yield kind, number, np.arange(len(w0)), w0, self.T / w0
        cells = self._square(self.basin)
        for step, places in enumerate((cells, self.limits(cells))):
            yield "basin", np.arange(cells.shape[1]), step, *places
        for number, states in enumerate(self._paths(self.starts)):
            yield "path", number, np.arange(self.steps + 1), *states
        yield "origin", 0, np.arange(self.steps + 1), *self._paths([(0.0, 0.0)])[0]

    def _square(self, side: int) -> Array:
        """Centres of the cells of the square, shape (2, side * side); `w` varies slowest."""
        edge = np.linspace(-self.range, self.range, 2 * side + 1)[1::2]
        w, w0 = np.meshgrid(edge, edge, indexing="ij")
        return np.stack([w0.ravel(), w.ravel()])

    def _solutions(self) -> Iterator[tuple[str, Array]]:
        """Kind and `w0` of each part of the hyperbola in the square along which stability does not change."""
        nearest = abs(self.T) / self.range
        if nearest >= self.range:
            return
        turn = float(-np.cbrt(self.B * self.T))  # where the trace is 0
        for sign in (-1.0, 1.0):
            edges = [nearest, *([sign * turn] if nearest < sign * turn < self.range else []), self.range]
            for low, high in pairwise(edges):
                w0 = sign * np.geomspace(low, high, 100)
                stable = self.trace(w0[50], self.T / w0[50]) < 0
                yield "solution" if stable else "solution_unstable", w0

    def limits(self, starts: Array) -> Array:
        """Where the flow from each start comes to rest, NaN if this takes too long: shape (2, n) -> (2, n)."""

        def velocity(state: Array) -> Array:
            return np.concatenate(self.velocity(*state.reshape(2, -1)))

        places, moving = starts.copy(), np.arange(starts.shape[1])
        spent, duration = 0.0, 10.0 / self.fastest
        while len(moving) and spent < PATIENCE / self.scale:
            states = integrate(velocity, places[:, moving].ravel(), np.array([0.0, duration]), accuracy=1e-9)
            places[:, moving] = states[-1].reshape(2, -1)
            # States that have come to rest are dropped: integrating these fast ones would slow down the others.
            moving = moving[np.abs(self.velocity(*places[:, moving])[0]) > 1e-6 * abs(self.B * self.T)]
            spent, duration = spent + duration, 1.5 * duration
        places[:, moving] = np.nan
        return places

    def _paths(self, starts: Any) -> list[Array]:
        """States at equal steps of time from each start, shape (2, steps + 1)."""
        times = np.linspace(0.0, self.duration, self.steps + 1)
        return [integrate(lambda state: np.array(self.velocity(*state)), np.array(start), times).T for start in starts]
