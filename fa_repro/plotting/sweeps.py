"""Figures of sweeps: lines for one swept axis, a heat map of final values for two, several heat maps for more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fa_repro.plotting import curves, style
from fa_repro.plotting.heatmaps import Panel, Quantity, colour_norm, draw_panel, has_diverged
from fa_repro.plotting.labels import (
    axis_title,
    concerns,
    group_by_point,
    point_name,
    setting_text,
    value_names,
    varied_axes,
    wrap,
)
from fa_repro.plotting.text_fitting import fit_text, names_height

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.results.figure_results import FigureResults


MOST_LINES = 50
"""Maximum number of lines in a panel. Of more values, an evenly spaced selection is drawn, with a note."""

MOST_PANELS = 16
"""Maximum number of heat maps in a picture; a note gives the number of others."""

MOST_ACROSS = 5
"""Maximum number of heat maps side by side."""

MOST_HIGH = 8.0
"""Height in inches up to which a heat map grows for the names of its rows."""

LONG = 14
"""Length of a name up to which it fits below a column."""

NSE = Quantity("nse", "NSE", logarithmic=True)


def is_map(results: "FigureResults") -> bool:
    """Whether a sweep has more axes than lines can show."""
    return len(varied_axes(results.table, results.config["sweep"])) > 1


def draw_sweep(fig: "MatplotlibFigure", results: "FigureResults", quantity: Quantity) -> "list[Axes]":
    """Draw a measurement over a sweep; return the panels if lines are drawn, otherwise an empty list."""
    if is_map(results):
        draw_maps(fig, results, [quantity])
        return []
    return draw_lines(fig, results, quantity)


def present_algorithms(results: "FigureResults") -> list[str]:
    """Algorithms that have results, in the order of the config."""
    known = set(results.table["algorithm"])
    return [name for name in results.config["algorithms"] if name in known]


def draw_lines(fig: "MatplotlibFigure", results: "FigureResults", quantity: Quantity) -> "list[Axes]":
    """Draw a measurement over examples on a log axis, with one panel per algorithm and one line per sweep point."""
    table = results.table
    axes = varied_axes(table, results.config["sweep"]) or list(results.config["sweep"])
    algorithms = present_algorithms(results)
    panels = fig.subplots(1, len(algorithms), sharex=True, sharey=True, squeeze=False)[0]
    known = {axis: value_names(table[axis]) for axis in axes}
    every = list(group_by_point(table, axes))
    points, omitted = evenly_spread(every)
    table = table[table[axes[0]].isin([point[0] for point in points])] if omitted else table
    named = [point_name(point, known) for point in points]
    if len(algorithms) > 2:
        fig.set_figwidth(style.WIDE)
    width = 80 - min(28, max(map(len, named), default=0))
    for ax, algorithm in zip(panels, algorithms, strict=True):
        ax.set_yscale("log")
        parts = group_by_point(table[table["algorithm"] == algorithm], axes)
        drawn = dict(zip(points, curves.sweep_colours(points), strict=True))
        if axes and not any(concerns(axis, algorithm) for axis in axes):
            drawn = {next(iter(parts)): style.colour(algorithm, rule=results.rule(algorithm))}
        for point, colour in drawn.items():
            if point in parts:
                curves.draw_mean_with_interval(ax, results, parts[point], quantity.column, colour, logarithmic=True)
        curves.example_axis(ax, table)
        crosses = any(line.get_marker() == "x" for line in ax.lines)
        note = "\ncross: diverged" if len(algorithms) > 3 and crosses else ""
        ax.set_title(f"{wrap(style.label(algorithm), width // len(algorithms))}\n{curves.trials_note(results)}{note}")
    curves.limit_axis(*panels)
    window = max(1, table["example"].nunique() // curves.SMOOTH)
    over = f" of {window} points and all trials\n" if window > 1 else " "
    panels[0].set_ylabel(f"{quantity.label}, geometric mean{over}and 95 % interval")
    if axes:
        curves.add_colour_bar(fig, list(panels), named, axis_title(axes) + omitted)
    return list(panels)


def evenly_spread(items: Sequence[Any]) -> tuple[list[Any], str]:
    """Select at most `MOST_LINES` evenly spaced items, including first and last; also return a note on the others."""
    places = np.round(np.linspace(0, len(items) - 1, min(MOST_LINES, len(items)))).astype(int)
    omitted = f" ({len(places)} of {len(items):,} values are drawn)" if len(places) < len(items) else ""
    return [items[place] for place in places], omitted


@dataclass(frozen=True)
class _Map:
    """A heat map to draw."""

    quantity: Quantity
    algorithm: str
    ends: "pd.DataFrame"
    axes: tuple[str, str]
    point: str
    row: int


def draw_maps(
    fig: "MatplotlibFigure", results: "FigureResults", quantities: Sequence[Quantity], notes: Sequence[str] = ()
) -> list[Panel]:
    """Draw the final values of runs: heat maps over two axes, one for each algorithm and value of the other axes.

    `notes` are written above them, followed by notes on what the maps leave out and what their symbols mean.
    """
    ends = last_measurements(results)
    known = {axis: value_names(ends[axis]) for axis in results.config["sweep"]}
    columns = [
        list(_stack(ends, results, known, name, each)) for each in quantities for name in present_algorithms(results)
    ]
    slots, across = _places(columns)
    total = sum(map(len, columns))
    down = -(-len(slots) // across)
    fig.set_size_inches(style.WIDE, 3.4 if down == 1 else 0.7 + 2.1 * down)
    grid = fig.subplots(down, across, squeeze=False).ravel()
    colours = colour_norm(
        quantities[0], np.concatenate([ends[each.column].to_numpy(dtype=float) for each in quantities])
    )
    panels = []
    for ax, one in zip(grid, [*slots, *[None] * (len(grid) - len(slots))], strict=True):
        if one is None:
            ax.remove()
            continue
        titles = [style.label(one.algorithm), *filter(None, [one.quantity.title, one.point])]
        panels.append(draw_panel(ax, one.ends, one.quantity, one.axes, known, one.algorithm, titles, colours))
    names_need = down * (0.9 + min(MOST_HIGH, max((names_height(each) for each in panels), default=0.0)))
    fig.set_figheight(max(fig.get_figheight(), names_need))
    label = _label(results, ends, quantities[0])
    sound = any(not np.isnan(each.best) for each in panels)
    notes = [*notes, *([] if sound else [label])]
    notes += [f"{total - len(panels)} of {total} maps are not shown, but in the CSV"] * (total > len(panels))
    fewest = min((int(each.runs[each.runs > 0].min()) for each in panels), default=results.config["trials"])
    notes += [f"some cells have only {fewest} of {results.config['trials']} trials"] * (
        fewest < results.config["trials"]
    )
    if sound:
        _colour_bar(fig, panels, quantities[0], _in_lines(label, fig, panels, notes))
    _say(fig, notes or [""])
    _say(fig, [*notes, *fit_text(fig, panels)])
    return panels


def _in_lines(label: str, fig: "MatplotlibFigure", panels: Sequence[Panel], notes: Sequence[str]) -> str:
    """The colour bar's label, wrapped into lines of similar length if it is longer than the bar."""
    above = bool(notes) or any(len(each.titles) > 2 or np.isnan(each.means).any() for each in panels)
    room = fig.get_figheight() * (15.0 if above else 16.5)
    return label if len(label) <= room else wrap(label, int(min(room, len(label) / 2 + 6)))


def _say(fig: "MatplotlibFigure", notes: Sequence[str]) -> None:
    if notes:
        fig.suptitle(wrap("; ".join(notes), 105))


def last_measurements(results: "FigureResults") -> "pd.DataFrame":
    """The last measurement of each run, and whether it diverged."""
    runs = ["algorithm", "trial", *results.config["sweep"]]
    ends = results.table.loc[results.table.groupby(runs, sort=False)["example"].idxmax()]
    return ends.assign(diverged=has_diverged(results, ends))


def _stack(
    ends: "pd.DataFrame", results: "FigureResults", known: dict[str, dict[Any, str]], algorithm: str, quantity: Quantity
) -> Iterator[_Map]:
    """Heat maps of one algorithm, ordered by the values of the axes that the maps do not have."""
    others = _others(ends, results)
    order = list(group_by_point(ends, others))
    along = own_axes(ends, results, algorithm)
    outside = [axis for axis in along if axis in others]
    rows = ends[ends["algorithm"] == algorithm].drop_duplicates(["trial", *along])
    for point, part in group_by_point(rows, outside).items():
        values = dict(zip(outside, point, strict=True))
        alike = (
            all(values.get(axis, value) == value for axis, value in zip(others, each, strict=True)) for each in order
        )
        title = ", ".join(setting_text(axis, known[axis][value]) for axis, value in values.items())
        axes = _directions([axis for axis in along if axis not in others], known)
        yield _Map(quantity, algorithm, part, axes, title, list(alike).index(True))


def _directions(axes: Sequence[str], known: dict[str, dict[Any, str]]) -> tuple[str, str]:
    """The horizontal and the vertical axis: the first is horizontal, unless its names are too long for that."""
    across, up = [*axes, "", ""][:2]
    long, other = _longest(known.get(across, {})), _longest(known.get(up, {}))
    return (up, across) if long > max(LONG, other) else (across, up)


def _longest(known: dict[Any, str]) -> int:
    return max(map(len, known.values()), default=0)


def own_axes(ends: "pd.DataFrame", results: "FigureResults", algorithm: str) -> list[str]:
    """The axes along which an algorithm varies."""
    axes = [axis for axis in results.config["sweep"] if concerns(axis, algorithm)]
    return varied_axes(ends[ends["algorithm"] == algorithm], axes)


def _others(ends: "pd.DataFrame", results: "FigureResults") -> list[str]:
    """Axes that the maps do not have: those with the fewest values, until each algorithm has at most two axes left."""
    along, found = [own_axes(ends, results, algorithm) for algorithm in present_algorithms(results)], list[str]()
    while crowded := [left for axes in along if len(left := [axis for axis in axes if axis not in found]) > 2]:
        candidates = [axis for axis in reversed(results.config["sweep"]) if any(axis in left for left in crowded)]
        found.append(min(candidates, key=lambda axis: ends[axis].nunique()))
    return found


def _places(columns: Sequence[Sequence[_Map]]) -> tuple[list[_Map | None], int]:
    """Maps arranged row by row, and their number in a row: a column for each algorithm if there is room."""
    rows, wide = sorted({each.row for column in columns for each in column}), len(columns)
    beside = {1: min(4, int(np.ceil(len(rows) ** 0.5))), 2: 1 if len(rows) <= 4 else 2}.get(wide, 1)
    across = wide * beside if wide <= MOST_ACROSS else 4
    slots: list[_Map | None] = []
    for number in rows:
        row = [next((each for each in column if each.row == number), None) for column in columns]
        if wide > MOST_ACROSS:
            row += [None] * (-wide % across)
        if slots and sum(each is not None for each in slots + row) > MOST_PANELS:
            break
        slots += row
    places = np.flatnonzero([each is not None for each in slots])[:MOST_PANELS]
    return slots[: places[-1] + 1], across


def _label(results: "FigureResults", ends: "pd.DataFrame", quantity: Quantity) -> str:
    """Text on what the colours mean."""
    return f"{quantity.label}, {_after(ends)}, {curves.trials_note(results)}"


def after_text(results: "FigureResults") -> str:
    """Text on the number of examples or epochs after which runs end."""
    return _after(last_measurements(results))


def _after(ends: "pd.DataFrame") -> str:
    unit = "epochs" if "epoch" in ends else "examples"
    seen = sorted(ends[unit.removesuffix("s")].unique())
    return f"after {seen[0]:,g} {unit}" if len(seen) == 1 else f"after {seen[0]:,g} to {seen[-1]:,g} {unit}"


def _colour_bar(fig: "MatplotlibFigure", panels: Sequence[Panel], quantity: Quantity, label: str) -> None:
    (picture,), long = panels[0].ax.get_images(), fig.get_figheight() / 3.4
    look: dict[str, Any] = {
        "extend": "both" if quantity.logarithmic else "max",
        "extendfrac": 0.05 / long,
        "aspect": 25 * long,
    }
    bar = fig.colorbar(picture, ax=[each.ax for each in panels], pad=0.02, **look)
    bar.set_label(label)
    bar.outline.set_visible(False)
