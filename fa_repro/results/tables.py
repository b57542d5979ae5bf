"""Tidy tables: one observation a row, key columns first, sorted."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fa_repro.nn.network import ACTIVATIONS
from fa_repro.nn.random import Streams
from fa_repro.training.runs import Outcome, Run, initial_network
from fa_repro.typing import Array


class Trained:
    """Runs with what they gave, in the order of the config; each outcome is read when it is come to.

    So memory holds one outcome at a time, however many runs there are.

    Parameters
    ----------
    runs : sequence of Run
    read : callable
        `read(run)` gives the outcome.
    """

    def __init__(self, runs: Sequence[Run], read: Callable[[Run], Outcome]) -> None:
        self.runs = runs
        self._read = read

    def __iter__(self) -> Iterator[tuple[Run, Outcome]]:
        return ((run, self._read(run)) for run in self.runs)

    def where(self, keep: Callable[[Run], bool]) -> "Trained":
        """Some of the runs."""
        return Trained([run for run in self.runs if keep(run)], self._read)


VALUES = ("nse", "weight", "value", "w0", "w", "dw0", "dw")
"""Columns that hold values, beside those whose names end in their unit."""


def observations(trained: Trained, columns: Sequence[str], axes: Sequence[str]) -> pd.DataFrame:
    """The measurements of all runs.

    Parameters
    ----------
    trained : Trained
    columns : sequence of str
        Columns of the table, from `algorithm`, `trial`, `epoch`, `example` and the names of probes. A probe that a run
        has not recorded is NaN.
    axes : sequence of str
        Swept keys; each becomes a column, after the others.
    """

    def rows(run: Run, outcome: Outcome) -> dict[str, Array]:
        known = dict(outcome.columns)
        nothing = np.full(len(known["example"]), np.nan)
        if (epoch := run.condition.setup.task.epoch) is not None:
            known["epoch"] = known["example"] / epoch
        return {name: known.get(name, nothing) for name in columns if name not in ("algorithm", "trial")}

    return _frame([(run.labels, rows(run, outcome)) for run, outcome in trained], columns, axes)


def linear_maps(trained: Trained, axes: Sequence[str]) -> pd.DataFrame:
    """The linear map that each network has become, and the target beside it.

    Columns `algorithm,trial,output,input,weight`; the target is the algorithm `target`. For a net with nonlinear
    units the map is its Jacobian at the input 0. Runs that kept no weights, or have diverged, are left out.
    """

    def rows(jacobian: Array) -> dict[str, Array]:
        output, inputs = np.indices(jacobian.shape)
        return {"output": output.ravel(), "input": inputs.ravel(), "weight": jacobian.ravel()}

    found = []
    targets: dict[tuple[Any, ...], tuple[Any, Outcome]] = {}
    for run, outcome in trained:
        if "weights_0" in outcome.arrays and "target" in outcome.arrays and outcome.diverged_at is None:
            found.append((run.labels, rows(jacobian_at_zero(run, outcome))))
            label = run.labels | {"algorithm": "target"}
            targets.setdefault(tuple(map(str, label.values())), (label, outcome))
    found += [(label, rows(outcome.arrays["target"])) for label, outcome in targets.values()]
    return _frame(found, ["algorithm", "trial", "output", "input", "weight"], axes)


def receptive_fields(trained: Trained, axes: Sequence[str], units: int) -> pd.DataFrame:
    """Weights from the input to some hidden units of the first trial, at the start and after training.

    Columns `algorithm,unit,pixel,weight`; the start is the algorithm `initial`, and where an algorithm's own settings
    give it another one, `initial_NAME`. The units are drawn at random, the
    same for every algorithm and sweep point of equal width. Runs that kept no weights, or have diverged, are left out.
    """

    def rows(weights: Array, streams: Streams) -> dict[str, Array]:
        chosen = np.sort(streams.orders("receptive fields", len(weights)).draw(min(units, len(weights)))[0])
        unit, pixel = np.indices((len(chosen), weights.shape[1]))
        return {"unit": chosen[unit.ravel()], "pixel": pixel.ravel(), "weight": weights[chosen].ravel()}

    found: list[tuple[dict[str, Any], dict[str, Array]]] = []
    starts: dict[tuple[Any, ...], tuple[dict[str, Any], dict[str, Array]]] = {}
    first = min((run.trial for run in trained.runs), default=0)
    for run, outcome in trained.where(lambda run: run.trial == first):
        if "weights_0" in outcome.arrays and outcome.diverged_at is None:
            streams = Streams([(run.condition.setup.seed, run.trial)])
            found.append((run.labels, rows(outcome.arrays["weights_0"], streams)))
            start = rows(initial_network(run.condition.setup, streams).weights[0][0], streams)
            label = run.labels | {"algorithm": "initial"}
            place = tuple(map(str, label.values()))
            known = starts.setdefault(place, (label, start))[1]
            if not np.array_equal(known["weight"], start["weight"]):
                starts[run.condition.algorithm, *place] = (
                    label | {"algorithm": f"initial_{run.condition.algorithm}"},
                    start,
                )
    return _frame([*starts.values(), *found], ["algorithm", "unit", "pixel", "weight"], axes)


def jacobian_at_zero(run: Run, outcome: Outcome) -> Array:
    """Derivative of a trained network's output by its input, at the input 0: shape (units_out, units_in)."""
    settings = run.condition.setup.network
    layers = len(settings.hidden) + 1
    jacobian = np.eye(outcome.arrays["weights_0"].shape[1])
    activity = np.zeros(len(jacobian))
    for layer in range(layers):
        weights = outcome.arrays[f"weights_{layer}"]
        unit = ACTIVATIONS[settings.activation if layer < layers - 1 else settings.output]
        activity = unit.value(weights @ activity + outcome.arrays.get(f"biases_{layer}", 0.0))
        jacobian = weights @ jacobian
        if unit.slope is not None:
            jacobian *= unit.slope(activity)[:, None]
    return jacobian


def _frame(
    parts: Sequence[tuple[dict[str, Any], dict[str, Array]]], columns: Sequence[str], axes: Sequence[str]
) -> pd.DataFrame:
    names = [*columns, *axes]
    data: dict[str, Any] = {}
    lengths = [len(next(iter(values.values()))) for _, values in parts]
    for name in names:
        if not parts:
            data[name] = []
        elif name in parts[0][1]:
            data[name] = np.concatenate([values[name] for _, values in parts])
        else:
            data[name] = np.repeat(column([label[name] for label, _ in parts]), lengths)
    return arranged(pd.DataFrame(data, columns=names))


def by_trial(table: pd.DataFrame, value: str) -> tuple[Array, Array, Array]:
    """Trials, shape (trials,), examples, shape (n,), and the values, shape (trials, n)."""
    wide = table.pivot(index="trial", columns="example", values=value)
    return wide.index.to_numpy(), wide.columns.to_numpy(), wide.to_numpy(dtype=float)


def read(data: bytes) -> pd.DataFrame:
    """A table from its CSV, to the last bit."""
    words = {"algorithm": str, "rule": str}  # an algorithm may be called NA
    return pd.read_csv(io.BytesIO(data), keep_default_na=False, na_values=[""], dtype=words)


def difference(old: pd.DataFrame, new: pd.DataFrame) -> str:
    """In what two tables differ, in words."""
    if (were := list(map(str, old))) != (are := list(map(str, new))):
        return f"columns {', '.join(were)} were, {', '.join(are)} are"
    if len(old) != len(new):
        return f"{len(old):,} rows were, {len(new):,} are"
    words = []
    for name in were:
        before, after = old[name], new[name]
        changed = ~((before == after) | (before.isna() & after.isna())).to_numpy(dtype=bool)
        if changed.any():
            text = f"{name} in {changed.sum():,} of {len(old):,} rows"
            if before.dtype.kind == after.dtype.kind == "f":
                with np.errstate(all="ignore"):
                    relative = np.abs(after / before - 1)[changed].max()
                text += f", by at most {relative:.1e} of it" if np.isfinite(relative) else ""
            words.append(text)
    return "; ".join(words) or "the numbers agree, their writing does not"


def arranged(table: pd.DataFrame) -> pd.DataFrame:
    """A table sorted by its key columns, which are those that hold no measured value."""
    keys = [name for name in map(str, table) if name not in VALUES and not name.endswith(("_nse", "_deg", "_percent"))]
    return table.sort_values(keys, kind="stable", ignore_index=True)


def column(labels: Sequence[Any]) -> Array:
    """Labels as they stand in a table: numbers as numbers, words as words, anything else as JSON."""
    if all(isinstance(label, int | float) for label in labels):
        return np.array(labels)
    return np.array([label if isinstance(label, str) else json.dumps(label) for label in labels], dtype=object)
