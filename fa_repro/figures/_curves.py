"""Learning curves: parts that several figures draw with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fa_repro import style
from fa_repro.arrays import Array
from fa_repro.intervals import bootstrap_mean

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from fa_repro.results import Saved


def by_trial(table: "pd.DataFrame", value: str) -> tuple[Array, Array, Array]:
    """Trials, shape (trials,), examples, shape (n,), and the values, shape (trials, n)."""
    wide = table.pivot(index="trial", columns="example", values=value)
    return wide.index.to_numpy(), wide.columns.to_numpy(), wide.to_numpy(dtype=float)


def log10(values: Array) -> Array:
    """Decimal logarithm; a diverged run's infinite error becomes NaN, and 0 the smallest normal number's."""
    tiny = np.finfo(float).tiny
    return np.where(np.isfinite(values), np.log10(np.clip(values, tiny, np.finfo(float).max)), np.nan)


def points(table: "pd.DataFrame", axes: Sequence[str]) -> "list[tuple[str, pd.DataFrame]]":
    """Rows of each sweep point, with its name, in the order of the values."""
    if not axes:
        return [("", table)]
    return [
        (", ".join(f"{value:g}" if isinstance(value, int | float) else str(value) for value in key), part)
        for key, part in table.groupby(list(axes), sort=True)
    ]


def mean_with_interval(
    ax: "Axes", table: "pd.DataFrame", value: str, colour: Any, label: str = "", logarithmic: bool = False
) -> None:
    """Mean over trials with its 95 % bootstrap interval; of logarithms where the axis is logarithmic.

    The line ends where the first trial diverged, with a cross.
    """
    _, examples, values = by_trial(table, value)
    mean, low, high = bootstrap_mean(log10(values) if logarithmic else values)
    if logarithmic:
        mean, low, high = 10**mean, 10**low, 10**high
    ax.plot(examples, mean, color=colour, label=label)
    ax.fill_between(examples, low, high, color=colour, alpha=style.BAND, linewidth=0)
    mark_diverged(ax, examples, values, mean, colour)


def mark_diverged(ax: "Axes", examples: Array, values: Array, line: Array, colour: Any) -> None:
    """A cross where a drawn line ends because trials diverged, with their number."""
    diverged = int(np.isinf(values).any(axis=1).sum())
    if not diverged:
        return
    finite = np.flatnonzero(np.isfinite(line))
    at = (examples[finite[-1]], line[finite[-1]]) if len(finite) else (examples[0], 1.0)
    ax.plot(*at, marker="x", markersize=7, markeredgewidth=1.6, color=colour, clip_on=False)
    note = f"{diverged} of {len(values)} diverged"
    ax.annotate(note, at, xytext=(5, 4), textcoords="offset points", color=colour, fontsize=7)


def example_axis(ax: "Axes", last: float) -> None:
    """Label the axis of examples, in thousands where there are many."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.set_xlim(0, max(last, 1))
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.set_xlabel("examples")
    if last >= 10_000:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 1000:g}"))
        ax.set_xlabel("examples (thousands)")


def colours(names: Sequence[str]) -> list[Any]:
    """A colour for each of several ordered values."""
    from matplotlib import colormaps

    return list(colormaps["viridis"](np.linspace(0.0, 0.93, len(names))))


def colour_bar(canvas: "Canvas", axes: Any, names: Sequence[str], title: str) -> None:
    """A bar beside `axes` that tells which colour is which value."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap

    edges = np.arange(len(names) + 1) - 0.5
    mappable = ScalarMappable(BoundaryNorm(edges, len(names)), ListedColormap(colours(names)))
    step = -(-len(names) // 16)
    bar = canvas.colorbar(mappable, ax=axes, ticks=np.arange(len(names))[::step], pad=0.02, aspect=25)
    bar.ax.set_yticklabels(list(names)[::step])
    bar.ax.tick_params(length=0)
    bar.set_label(title)
    bar.outline.set_visible(False)


def axis_title(axes: Sequence[str]) -> str:
    """Name of swept keys for a person."""
    words = {"network.init_range": "initial range ω of W0 and W"}
    return ", ".join(words.get(axis, axis) for axis in axes)


def trials_note(saved: "Saved") -> str:
    """Number of trials, for a title."""
    return f"n = {saved.config['trials']}"


def swept_nse(canvas: "Canvas", saved: "Saved", name: str) -> None:
    """NSE over examples, one panel per algorithm, one line per sweep point."""
    table, axes = saved.tables[name], list(saved.config["sweep"])
    algorithms = list(table["algorithm"].unique())
    panels = canvas.subplots(1, len(algorithms), sharex=True, sharey=True, squeeze=False)[0]
    for ax, algorithm in zip(panels, algorithms, strict=True):
        parts = points(table[table["algorithm"] == algorithm], axes)
        for (_, part), colour in zip(parts, colours([label for label, _ in parts]), strict=True):
            mean_with_interval(ax, part, "nse", colour, logarithmic=True)
        ax.set(yscale="log")
        example_axis(ax, table["example"].max())
        ax.set_title(f"{style.label(algorithm)}, {trials_note(saved)}")
    panels[0].set_ylabel("NSE, geometric mean and 95 % interval")
    if axes:
        colour_bar(canvas, list(panels), [label for label, _ in points(table, axes)], axis_title(axes))
