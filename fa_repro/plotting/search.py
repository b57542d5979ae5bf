"""Final values of runs against a single swept key, and the best value of each algorithm as text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fa_repro.plotting import curves, style, sweeps
from fa_repro.plotting.heatmaps import Quantity
from fa_repro.plotting.labels import axis_title, group_by_point, value_names, varied_axes
from fa_repro.typing import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.results.figure_results import FigureResults

MOST_TICKS = 10
"""Number of swept values up to which each has a tick."""


@dataclass(frozen=True)
class Ends:
    """Final values of the runs of one algorithm at each sweep point, in the order of the swept values.

    Attributes
    ----------
    axes : list of str
        The swept keys along which the algorithm varies.
    points : list of tuple
        The values of these keys at each sweep point.
    means, low, high : arrays, shape (points,)
        Mean over trials, NaN if one diverged, and the range of the trials that did not.
    runs, diverged : arrays of int, shape (points,)
        Number of runs, and of those that diverged.
    """

    algorithm: str
    axes: list[str]
    points: list[tuple[Any, ...]]
    means: Array
    low: Array
    high: Array
    runs: Array
    diverged: Array

    @property
    def best(self) -> int | None:
        """Index of the smallest mean; None if there is none."""
        return None if np.isnan(self.means).all() else int(np.nanargmin(self.means))


def algorithm_ends(results: "FigureResults", quantity: Quantity) -> list[Ends]:
    """Final values of all algorithms that have results."""
    last, found = sweeps.last_measurements(results), []
    for algorithm in sweeps.present_algorithms(results):
        axes = sweeps.own_axes(last, results, algorithm)
        rows = last[last["algorithm"] == algorithm].drop_duplicates(["trial", *axes])
        parts = group_by_point(rows, axes)
        values = [part[quantity.column].to_numpy(dtype=float) for part in parts.values()]
        sound = [own[~np.isnan(own)] for own in map(quantity.finite, values)]
        lost = [
            int((part["diverged"].to_numpy(dtype=bool) | np.isinf(own)).sum())
            for part, own in zip(parts.values(), values, strict=True)
        ]
        low, high = (np.array([bound(own) if len(own) else np.nan for own in sound]) for bound in (np.min, np.max))
        means = np.array([quantity.mean(own) for own in values])
        runs = np.array(list(map(len, values)))
        found.append(Ends(algorithm, axes, list(parts), means, low, high, runs, np.array(lost)))
    return found


def is_line(results: "FigureResults") -> bool:
    """Whether a single key is swept, over numbers, so that lines can be drawn against it."""
    axes = varied_axes(results.table, results.config["sweep"])
    return len(axes) == 1 and results.table[axes[0]].dtype.kind in "if"


def best_lines(results: "FigureResults", quantity: Quantity) -> Iterator[str]:
    """A line of text on each algorithm's best point, whether it lies at the edge of the grid, and what diverged."""
    if not results.config["sweep"]:
        return
    known = {axis: value_names(results.table[axis]) for axis in results.config["sweep"]}
    for each in algorithm_ends(results, quantity):
        words = []
        if each.best is None:
            words.append("no point without divergence" if each.diverged.any() else "not measured")
        else:
            point = each.points[each.best]
            settings = ", ".join(
                f"{axis_title([axis], each.algorithm)} = {known[axis][value]}"
                for axis, value in zip(each.axes, point, strict=True)
            )
            at = f" at {settings}" if settings else ", not swept"
            words.append(f"best {quantity.number(float(each.means[each.best]))}{quantity.unit}{at}")
            edges = [axis_title([axis], each.algorithm) for axis in _edges(each, point)]
            words += [f"at the edge of the grid: {', '.join(edges)}"] if edges else []
        if each.best is not None and (count := int((each.diverged > 0).sum())):
            words.append(f"a trial diverged at {count} of {len(each.points)} points")
        yield f"{style.label(each.algorithm)}: {'; '.join(words)}"


def _edges(each: Ends, point: tuple[Any, ...]) -> Iterator[str]:
    """The numeric keys, except the seed, whose value at a point is the smallest or the largest of the grid."""
    for place, axis in enumerate(each.axes):
        values = [own[place] for own in each.points]
        numbers = all(not isinstance(value, str | bool | np.bool_) for value in values)
        if axis != "seed" and numbers and point[place] in (min(values), max(values)):
            yield axis


def draw_lines(fig: "MatplotlibFigure", results: "FigureResults", quantity: Quantity) -> None:
    """Draw a line for each algorithm with its best value marked; above, the values at which runs diverged."""
    (axis,) = varied_axes(results.table, results.config["sweep"])
    every, values = algorithm_ends(results, quantity), sorted(set(results.table[axis]))
    lost = [each for each in every if each.diverged.any()]
    looks = style.looks({each.algorithm: results.rule(each.algorithm) or each.algorithm for each in every})
    fig.set_figheight(3.4 + 0.16 * len(lost) + 0.15 * (len(every) // 3))
    ax = fig.subplots()
    if lost:
        fig.clear()
        above, ax = fig.subplots(2, 1, sharex=True, height_ratios=(0.16 * len(lost), 2.8))
        _crosses(above, lost, looks)
    positive = not any((each.low <= 0).any() for each in every)
    if positive:
        ax.set_yscale("log")
    if values[0] > 0 and values[-1] >= 10 * values[0]:
        ax.set_xscale("log")
    for each in every:
        _line(ax, each, looks[each.algorithm], values, quantity)
    ax.plot([], [], "*", color=style.REFERENCE, markersize=8, label="best")
    if positive and not quantity.logarithmic:
        curves.percent_ticks(ax)
    curves.limit_axis(ax, below=0.5)
    if len(values) <= MOST_TICKS:
        crowded = len(values) > MOST_TICKS // 2
        ax.set_xticks(values, list(value_names(results.table[axis]).values()), rotation=45 if crowded else 0)
        ax.set_xticks([], minor=True)
    ax.set(xlabel=axis_title([axis]), ylabel=quantity.label)
    several = max((int(each.runs.max()) for each in every), default=1) > 1
    mean = "geometric mean" if quantity.logarithmic else "mean"
    note = f", {mean}, bars: all trials that did not diverge" if several else ""
    fig.suptitle(f"{sweeps.after_text(results)}, {curves.trials_note(results)}{note}")
    columns = curves.legend_columns(ax.get_legend_handles_labels()[1])
    fig.legend(loc="outside lower center", ncols=columns, handlelength=3.2)


def _line(ax: "Axes", each: Ends, look: dict[str, Any], values: list[Any], quantity: Quantity) -> None:
    x, at = np.array([point[0] for point in each.points] if each.axes else values), each.best
    means, low, high = (np.broadcast_to(own, x.shape) for own in (each.means, each.low, each.high))
    label = style.label(each.algorithm)
    if at is not None:
        number = f"{quantity.number(float(each.means[at]))}{quantity.unit}"
        label += f" ({number} at {value_names(x)[x[at]]})" if each.axes else f" ({number}, not swept)"
    ax.plot(x, means, label=label, marker="." if each.axes else None, **look)
    ax.vlines(x, low, high, color=look["color"], linewidth=0.7)
    if at is not None and each.axes:
        ax.plot([x[at]], [each.means[at]], "*", color=look["color"], markersize=9, clip_on=False, zorder=4)


def _crosses(ax: "Axes", lost: list[Ends], looks: dict[str, dict[str, Any]]) -> None:
    """Draw a row for each algorithm with diverged runs: `x` where all trials diverged, `+` where only some did."""
    for row, each in enumerate(lost):
        colour = looks[each.algorithm]["color"]
        for point, runs, count in zip(each.points, each.runs, each.diverged, strict=True):
            if count and each.axes:
                keys = {"color": colour, "markersize": 5, "markeredgewidth": 1.4, "clip_on": False}
                ax.plot([point[0]], [row], "x" if count == runs else "+", **keys)
    ax.set_yticks(range(len(lost)), [style.label(each.algorithm) for each in lost])
    ax.set_ylim(len(lost) - 0.5, -0.5)
    ax.tick_params(length=0, labelbottom=False)
    ax.spines[:].set_visible(False)
    ax.set_title("diverged: \N{MULTIPLICATION SIGN} all trials, + some", loc="left", fontsize=style.SMALL)
