"""Fig. 1e, 4b and 4c: angles between feedback alignment's hidden updates and those of other rules."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fa_repro import style
from fa_repro.figures import Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from fa_repro.results import Saved
    from fa_repro.tables import Trained

ONLINE = "figure_1e"
"""The algorithm of the config that is measured at every example, for Fig. 1e."""

WINDOW = 10
"""Examples of the sliding window of Fig. 1e."""

PANELS = {"angle_backprop_deg": "Fig. 4b: to backprop", "angle_pseudobackprop_deg": "Fig. 4c: to pseudobackprop"}


def online(trained: "Trained", axes: Sequence[str]) -> "Mapping[str, pd.DataFrame]":
    """The angle at every example, for Fig. 1e."""
    from fa_repro.tables import observations

    every = trained.where(lambda run: run.entry.algorithm == ONLINE)
    return {"online": observations(every, ("algorithm", "trial", "example", "angle_backprop_deg"), axes)}


def draw(canvas: "Canvas", saved: "Saved") -> None:
    """Fig. 1e at the left, then mean angles with their intervals, coloured by sweep point; heat maps over more axes."""
    from fa_repro.figures import _curves, _points, _sweeps

    if _sweeps.is_map(saved):
        label = "angle of hidden updates (degrees)"
        what = [
            _sweeps.Quantity(value, label, digits=1, unit="°", title=title, least="least")
            for value, title in PANELS.items()
        ]
        _sweeps.maps(canvas, saved, what, ["Fig. 1e is drawn over one axis only"])
        return
    table = saved.table
    axes = _points.varied(table, saved.config["sweep"]) or list(saved.config["sweep"])
    first, *panels = canvas.subplots(1, 1 + len(PANELS), sharey=True)
    _online_panel(first, saved)
    parts, told = _sweeps.some(_points.points(table, axes))
    names = [name for name, _ in parts]
    width = 40 if max(map(len, names), default=0) <= 12 else 22
    for ax, (value, title) in zip(panels, PANELS.items(), strict=True):
        for (_, part), colour in zip(parts, _curves.colours(names), strict=True):
            for _, one in part.groupby("algorithm"):
                _curves.mean_with_interval(ax, saved, one, value, colour)
        _curves.example_axis(ax, table)
        ax.set_title(_points.wrapped(f"{title}, {_curves.trials_note(saved)}", width))
    first.set(ylim=(0, 120), yticks=range(0, 121, 30), ylabel="angle of FA's hidden update (degrees)")
    if axes and names:
        _curves.colour_bar(canvas, panels, names, _points.axis_title(axes) + told)


def _online_panel(ax: "Axes", saved: "Saved") -> None:
    """One trial: mean and two standard deviations over a sliding window."""
    from fa_repro.figures import _curves, _points
    from fa_repro.intervals import sliding

    ax.set_title(f"Fig. 1e: to backprop\n± 2 s.d. of {WINDOW} examples")
    ax.axhline(90, color="#808080", linewidth=0.6, linestyle="--")
    table = saved.extra["online"]
    if table.empty:
        ax.text(0.5, 0.5, f"{ONLINE}\nnot among\nthe algorithms", ha="center", va="center", transform=ax.transAxes)
        return
    point, table = _points.points(table, [axis for axis in saved.config["sweep"] if axis in table])[0]
    trials, examples, values = _curves.by_trial(table, "angle_backprop_deg")
    of = f"{point}, trial {trials[0]}" if len(saved.config["sweep"]) > 1 else f"trial {trials[0]}"
    ax.set_title(f"Fig. 1e: to backprop, {of}\n± 2 s.d. of {WINDOW} examples")
    window = min(WINDOW, len(examples))
    mean, deviation = sliding(values[0], window)
    centres = examples[window // 2 : window // 2 + len(mean)]
    colour = style.colour("feedback_alignment")
    ax.plot(centres, mean, color=colour, linewidth=0.8, marker=_curves.marker(centres))
    ax.fill_between(centres, mean - 2 * deviation, mean + 2 * deviation, color=colour, alpha=style.BAND, linewidth=0)
    _curves.mark_diverged(ax, saved, table, colour)
    _curves.example_axis(ax, table)


FIGURE = Figure(
    title="Fig. 1e, 4b, 4c: feedback alignment's updates turn towards backprop's and pseudobackprop's",
    columns=("algorithm", "trial", "example", "angle_backprop_deg", "angle_pseudobackprop_deg"),
    probes=("angle_backprop_deg", "angle_pseudobackprop_deg"),
    record={"grid": "linear", "points": 201, "probes": ["angle_backprop_deg", "angle_pseudobackprop_deg"]},
    quick={"trials": 3, "training.examples": 2000, "record.points": 101},
    size=(style.WIDE, 2.9),
    draw=draw,
    apart={ONLINE: ("angle_backprop_deg",)},
    extra=online,
)
