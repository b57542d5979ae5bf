"""Tidy tables: one observation per row, key columns first, sorted."""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fa_repro.nn.network import ACTIVATIONS
from fa_repro.nn.random import Streams
from fa_repro.training.runs import Outcome, Run, initial_network
from fa_repro.typing import Array

# Since pandas 3.1 numbers are always read exactly, and the option is deprecated.
_NEEDS_OPTION = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
_EXACT: dict[str, Any] = {"float_precision": "round_trip"} if _NEEDS_OPTION else {}


class TrainedRuns:
    """Iterates over runs with their outcomes, reading each outcome once, when it is needed.

    Thus only one outcome is in memory at a time, however many runs there are. Runs that are the same at several sweep
    points follow each other.

    Parameters
    ----------
    runs : sequence of Run
    read : callable
        `read(run)` returns the outcome.
    """

    def __init__(self, runs: Sequence[Run], read: Callable[[Run], Outcome]) -> None:
        self.runs = runs
        self._read = read

    def __iter__(self) -> Iterator[tuple[Run, Outcome]]:
        alike: dict[str, list[Run]] = {}
        for run in self.runs:
            alike.setdefault(run.key, []).append(run)
        for runs in alike.values():
            outcome = self._read(runs[0])
            yield from ((run, outcome) for run in runs)

    def where(self, keep: Callable[[Run], bool]) -> "TrainedRuns":
        """The runs for which `keep` returns True."""
        return TrainedRuns([run for run in self.runs if keep(run)], self._read)


VALUES = ("nse", "weight", "value", "w0", "w", "dw0", "dw")
"""Columns of measured values, besides those whose names end in their unit."""


class TableBuilder:
    """A tidy table that is built run by run.

    Parameters
    ----------
    columns : sequence of str
        Its columns, before those of the swept keys.
    axes : sequence of str
        Swept keys; each becomes a column, after the others.
    """

    def __init__(self, columns: Sequence[str], axes: Sequence[str]) -> None:
        self._columns, self._axes = columns, axes
        self._parts: list[tuple[Mapping[str, Any], Mapping[str, Array]]] = []

    def add(self, labels: Mapping[str, Any], values: Mapping[str, Array]) -> None:
        """Add rows: `values` has one value for each row, `labels` are the same for all rows."""
        self._parts.append((labels, values))

    def add_observations(self, run: Run, outcome: Outcome, renamed: Mapping[str, str] | None = None) -> None:
        """Add the measurements of a run; a column that it has not recorded is NaN.

        `renamed` maps the name of a column to that of its probe, if they differ.
        """
        known = dict(outcome.columns)
        if (epoch := run.condition.setup.task.epoch) is not None:
            known["epoch"] = known["example"] / epoch
        known |= {name: known[probe] for name, probe in (renamed or {}).items() if probe in known}
        nothing = np.full(len(known["example"]), np.nan)
        self.add(run.labels, {name: known.get(name, nothing) for name in self._columns if name not in run.labels})

    def table(self) -> pd.DataFrame:
        """The table, sorted by its key columns."""
        names = [*self._columns, *self._axes]
        data: dict[str, Any] = {}
        lengths = [len(next(iter(values.values()))) for _, values in self._parts]
        for name in names:
            if not self._parts:
                data[name] = []
            elif name in self._parts[0][1]:
                data[name] = np.concatenate([values[name] for _, values in self._parts])
            else:
                data[name] = np.repeat(as_column([labels[name] for labels, _ in self._parts]), lengths)
        return sort_rows(pd.DataFrame(data, columns=names))


def observations(trained: Iterable[tuple[Run, Outcome]], columns: Sequence[str], axes: Sequence[str]) -> pd.DataFrame:
    """The measurements of all runs.

    Parameters
    ----------
    trained : iterable of (Run, Outcome)
    columns : sequence of str
        Columns of the table, from `algorithm`, `trial`, `epoch`, `example` and the names of probes. A probe that a run
        has not recorded is NaN.
    axes : sequence of str
        Swept keys; each becomes a column, after the others.
    """
    builder = TableBuilder(columns, axes)
    for run, outcome in trained:
        builder.add_observations(run, outcome)
    return builder.table()


class LinearMaps:
    """The linear map that each network has learned, and the target for comparison.

    For a net with nonlinear units the map is its Jacobian at the input 0. Runs without stored weights, and those that
    diverged, are left out.
    """

    def __init__(self, axes: Sequence[str] = ()) -> None:
        self._builder = TableBuilder(("algorithm", "trial", "output", "input", "weight"), axes)
        self._targets: dict[tuple[Any, ...], tuple[Mapping[str, Any], Array]] = {}

    def add(self, run: Run, outcome: Outcome) -> None:
        """Add the map of a run."""
        if "weights_0" not in outcome.arrays or "target" not in outcome.arrays or outcome.diverged_at is not None:
            return
        self._builder.add(run.labels, _weights(jacobian_at_zero(run, outcome)))
        labels = run.labels | {"algorithm": "target"}
        self._targets.setdefault(tuple(map(str, labels.values())), (labels, outcome.arrays["target"]))

    def table(self) -> pd.DataFrame:
        """Columns `algorithm,trial,output,input,weight`; the target is the algorithm `target`."""
        for labels, target in self._targets.values():
            self._builder.add(labels, _weights(target))
        return self._builder.table()


def _weights(matrix: Array) -> dict[str, Array]:
    output, inputs = np.indices(matrix.shape)
    return {"output": output.ravel(), "input": inputs.ravel(), "weight": matrix.ravel()}


def receptive_field_table(trained: TrainedRuns, axes: Sequence[str], units: int) -> pd.DataFrame:
    """Weights from the input to some hidden units of the first trial, before and after training.

    Columns `algorithm,unit,pixel,weight`. The initial weights have the algorithm `initial`, or `initial_NAME` where an
    algorithm's own settings give it other ones. The units are drawn at random, the same for every algorithm and sweep
    point of equal width. Runs without stored weights, and those that diverged, are left out.
    """

    def rows(weights: Array, streams: Streams) -> dict[str, Array]:
        chosen = np.sort(streams.orders("receptive fields", len(weights)).draw(min(units, len(weights)))[0])
        unit, pixel = np.indices((len(chosen), weights.shape[1]))
        return {"unit": chosen[unit.ravel()], "pixel": pixel.ravel(), "weight": weights[chosen].ravel()}

    builder = TableBuilder(("algorithm", "unit", "pixel", "weight"), axes)
    starts: dict[tuple[Any, ...], tuple[dict[str, Any], dict[str, Array]]] = {}
    first = min((run.trial for run in trained.runs), default=0)
    for run, outcome in trained.where(lambda run: run.trial == first):
        if "weights_0" in outcome.arrays and outcome.diverged_at is None:
            streams = Streams([(run.condition.setup.seed, run.trial)])
            builder.add(run.labels, rows(outcome.arrays["weights_0"], streams))
            start = rows(initial_network(run.condition.setup, streams).weights[0][0], streams)
            labels = run.labels | {"algorithm": "initial"}
            place = tuple(map(str, labels.values()))
            known = starts.setdefault(place, (labels, start))[1]
            if not np.array_equal(known["weight"], start["weight"]):
                own = f"initial_{run.condition.algorithm}"
                starts[run.condition.algorithm, *place] = labels | {"algorithm": own}, start
    for labels, start in starts.values():
        builder.add(labels, start)
    return builder.table()


def jacobian_at_zero(run: Run, outcome: Outcome) -> Array:
    """Jacobian of a trained network's output with respect to its input, at input 0: shape (units_out, units_in)."""
    settings = run.condition.setup.network
    layers = len(settings.hidden) + 1
    jacobian = np.eye(outcome.arrays["weights_0"].shape[1])
    activity = np.zeros(len(jacobian))
    for layer in range(layers):
        weights = outcome.arrays[f"weights_{layer}"]
        unit = ACTIVATIONS[settings.activation if layer < layers - 1 else settings.output]
        activity = unit.value(weights @ activity + outcome.arrays.get(f"biases_{layer}", 0.0))
        jacobian = weights @ jacobian
        if unit.derivative is not None:
            jacobian *= unit.derivative(activity)[:, None]
    return jacobian


def by_trial(table: pd.DataFrame, value: str) -> tuple[Array, Array, Array]:
    """Trials, shape (trials,), examples, shape (n,), and the values, shape (trials, n)."""
    wide = table.pivot(index="trial", columns="example", values=value)
    return wide.index.to_numpy(), wide.columns.to_numpy(), wide.to_numpy(dtype=float)


def read_table(data: bytes) -> pd.DataFrame:
    """Read a table from its CSV, exact to the last bit."""
    words = {"algorithm": str, "rule": str}  # an algorithm may be called NA
    return pd.read_csv(io.BytesIO(data), keep_default_na=False, na_values=[""], dtype=words, **_EXACT)


def describe_difference(old: pd.DataFrame, new: pd.DataFrame) -> str:
    """Describe how two tables differ."""
    if (were := list(map(str, old))) != (are := list(map(str, new))):
        return f"columns before: {', '.join(were)}; now: {', '.join(are)}"
    if len(old) != len(new):
        return f"{len(old):,} rows before, {len(new):,} now"
    words = []
    for name in were:
        before, after = old[name], new[name]
        changed = ~((before == after) | (before.isna() & after.isna())).to_numpy(dtype=bool)
        if changed.any():
            text = f"{name} in {changed.sum():,} of {len(old):,} rows"
            if before.dtype.kind == after.dtype.kind == "f":
                with np.errstate(all="ignore"):
                    relative = np.abs(after / before - 1)[changed].max()
                text += f" (relative difference at most {relative:.1e})" if np.isfinite(relative) else ""
            words.append(text)
    return "; ".join(words) or "the numbers agree, but not their formatting"


def sort_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Sort a table by its key columns, which are those without measured values."""
    keys = [name for name in map(str, table) if not is_measured(name)]
    return table.sort_values(keys, kind="stable", ignore_index=True)


def is_measured(name: str) -> bool:
    """Whether a column has measured values, and is no key."""
    return name in VALUES or name.endswith(("_nse", "_deg", "_percent"))


def as_column(labels: Sequence[Any]) -> Array:
    """Labels as a column of a table: numbers as numbers, words as words, anything else as JSON."""
    if all(isinstance(label, int | float) for label in labels):
        return np.array(labels)
    return np.array([label if isinstance(label, str) else json.dumps(label) for label in labels], dtype=object)
