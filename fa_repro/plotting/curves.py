"""Learning curves: drawing functions that several figures share."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fa_repro.plotting import style
from fa_repro.plotting.labels import canonical, wrap
from fa_repro.results.tables import by_trial
from fa_repro.statistics import EXPONENTS, log10, mean_interval, sliding
from fa_repro.typing import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.results.figure_results import FigureResults


SMOOTH = 250
"""Number of points up to which a line is not smoothed."""

MOST_NOTES = 8
"""Maximum number of notes in a panel on sweep points that diverged."""


def draw_mean_with_interval(
    ax: "Axes",
    results: "FigureResults",
    part: "pd.DataFrame",
    value: str,
    colour: Any,
    logarithmic: bool = False,
    **keys: Any,
) -> None:
    """Draw the mean over trials with its 95 % t interval; both are of logarithms if `logarithmic`.

    Lines with very many points are smoothed with a sliding window. The line ends where the first trial diverged,
    with a cross above it. `keys` are passed on to the line.
    """
    draw_interval(ax, part, value, colour, logarithmic, **keys)
    mark_diverged(ax, results, part, colour)


def draw_interval(
    ax: "Axes",
    part: "pd.DataFrame",
    value: str,
    colour: Any,
    logarithmic: bool = False,
    window: int | None = None,
    **keys: Any,
) -> None:
    """Draw the mean and interval of `draw_mean_with_interval`, without crosses.

    `window` is the number of measured points in the sliding window; by default, it is chosen from the number of points.
    `keys` are passed on to the line.
    """
    _, examples, values = by_trial(part, value)
    window = min(len(examples), window or max(1, len(examples) // SMOOTH))
    values = log10(values) if logarithmic else values
    values = sliding(values, window)[0]
    examples = examples[window // 2 : window // 2 + values.shape[1]]
    mean, low, high = mean_interval(values)
    if logarithmic:
        mean, low, high = (10 ** np.clip(line, *EXPONENTS) for line in (mean, low, high))
    ax.plot(examples, mean, color=colour, marker=point_marker(examples), **keys)
    ax.fill_between(examples, low, high, color=colour, alpha=style.BAND, linewidth=0)


def draw_mean_with_deviation(ax: "Axes", part: "pd.DataFrame", value: str, colour: Any, **keys: Any) -> None:
    """Draw the mean over trials and one standard deviation; `keys` are passed on to the line."""
    _, examples, values = by_trial(part, value)
    mean = values.mean(axis=0)
    deviation = values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros_like(mean)
    ax.plot(examples, mean, color=colour, marker=point_marker(examples), **keys)
    ax.fill_between(examples, mean - deviation, mean + deviation, color=colour, alpha=style.BAND, linewidth=0)


def point_marker(examples: Array) -> str | None:
    """Marker of the points of a line: None, unless there is only one point and so no line to see."""
    return "." if len(examples) == 1 else None


def mark_diverged(ax: "Axes", results: "FigureResults", part: "pd.DataFrame", colour: Any) -> None:
    """Mark where trials of one algorithm and sweep point diverged: a cross at the first, and their number.

    If many sweep points diverged, those after the first few are counted together.
    """
    axes = [axis for axis in results.config["sweep"] if axis in part]
    labels = {name: canonical(part[name].iloc[0]) for name in ("algorithm", *axes)}
    examples = [
        each["example"]
        for each in results.manifest["diverged"]
        if all(canonical(each[name]) == value for name, value in labels.items())
    ]
    if not examples:
        return
    notes, more = ax.texts[:MOST_NOTES], [text for text in ax.texts[MOST_NOTES:] if text.get_gid() == "more"]
    height = 0.97 - 0.06 * len(notes)
    across, late = ax.get_xaxis_transform(), min(examples) > 0.5 * part["example"].max()
    style_ = {"color": colour, "transform": across, "clip_on": False}
    ax.plot([min(examples)], [height], marker="x", markersize=6, markeredgewidth=1.5, **style_)
    look: dict[str, Any] = {
        "va": "center",
        "ha": "right" if late else "left",
        "fontsize": style.SMALL,
        "transform": across,
    }
    if len(notes) < MOST_NOTES:
        spec = ax.get_subplotspec()
        narrow = spec is not None and spec.get_gridspec().ncols > 3
        note = f"{len(examples)} of {part['trial'].nunique()}{'' if narrow else ' diverged'}"
        ax.text(min(examples), height, f"{note}  " if late else f"  {note}", color=colour, **look)
        return
    count = 1 + sum(int(text.get_text().split()[0]) for text in more)
    for text in more:
        text.remove()
    ax.text(min(examples), height, f"  {count} more diverged  ", gid="more", **look)


def limit_axis(*panels: "Axes", below: float = 0.1) -> None:
    """Limit the vertical axis so that diverging curves and wide intervals do not squeeze the other curves.

    The panels share this axis. It starts at `below` times the lowest line, or is not limited below if `below` is 0.
    """
    lines = [line for ax in panels for line in ax.lines]
    heights = np.concatenate([np.asarray(line.get_ydata(), dtype=float) for line in lines] or [np.empty(0)])
    ax = panels[0]
    bottom, top = ax.get_ylim()
    shown = heights[heights > 0]
    ax.set_ylim(max(bottom, below * shown.min()) if len(shown) else bottom, min(top, 1e3))


def percent_ticks(ax: "Axes") -> None:
    """Label a logarithmic axis with plain percentages."""
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    ax.yaxis.set_major_locator(FixedLocator([0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.yaxis.set_minor_locator(NullLocator())


def example_axis(ax: "Axes", table: "pd.DataFrame") -> None:
    """Label the axis of examples, in thousands if there are many."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    last = table["example"].max() + 1 if len(table) else 1
    last -= last % 10 == 1  # a grid ends at the last example or after it
    ax.set_xlim(0, max(last, 1))
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.set_xlabel("examples")
    if last >= 10_000:
        ax.xaxis.set_major_formatter(FuncFormatter(_thousands))
        ax.set_xlabel("examples (thousands)")


def _thousands(value: float, _: int | None) -> str:
    return f"{value / 1000:g}"


def sweep_colours(names: Sequence[Any]) -> list[Any]:
    """A colour for each of several ordered values."""
    from matplotlib import colormaps

    return list(colormaps["viridis"](np.linspace(0.0, 0.93, len(names))))


def add_colour_bar(fig: "MatplotlibFigure", axes: Any, names: Sequence[str], title: str) -> None:
    """Add a bar beside `axes` that shows the colour of each value; the figure grows if long names need it."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap

    edges = np.arange(len(names) + 1) - 0.5
    mappable = ScalarMappable(BoundaryNorm(edges, len(names)), ListedColormap(sweep_colours(names)))
    step = -(-len(names) // 16)
    shown = [wrap(name, 28) for name in names][::step]
    height = 1.0 + 0.13 * len(shown) * max(1 + name.count("\n") for name in shown)
    fig.set_figheight(max(fig.get_figheight(), height))
    bar = fig.colorbar(mappable, ax=axes, ticks=np.arange(len(names))[::step], pad=0.02, aspect=25)
    bar.ax.set_yticklabels(shown)
    bar.ax.tick_params(length=0)
    bar.set_label(wrap(title, 44))
    bar.outline.set_visible(False)


def legend_columns(labels: Sequence[str]) -> int:
    """Number of columns of a legend that is as wide as the figure."""
    return max(1, min(3, int(135 / (8 + max(map(len, labels), default=0)))))


def trials_note(results: "FigureResults") -> str:
    """Number of trials, for a title."""
    return f"n = {results.config['trials']}"
