"""Fig. 2a and 2b: handwritten digits, and the angle between feedback alignment's and backprop's updates."""

from itertools import pairwise
from typing import TYPE_CHECKING

from fa_repro import style
from fa_repro.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from fa_repro.results import Saved

CHANCE = 90.0
"""Percent of test images that a guess misses."""

ERROR, ANGLE = "test_error_percent", "angle_backprop_deg"

GAP = 0.045
"""Least distance of two numbers at the right edge, as a share of the height."""


def draw(canvas: "Canvas", saved: "Saved") -> None:
    """Test error on a log axis beside the published curves, and the angle to backprop."""
    from fa_repro.figures import _sweeps

    if saved.config["sweep"]:
        for ax in _sweeps.swept(canvas, saved, _sweeps.Quantity(ERROR, "test error (%)", unit=" %"))[:1]:
            _percent_ticks(ax)  # which shares its axis with the other panels
        return
    left, right = canvas.subplots(1, 2, width_ratios=(1.7, 1))
    _error_panel(left, saved)
    _angle_panel(right, saved)


def _error_panel(ax: "Axes", saved: "Saved") -> None:
    import numpy as np

    from fa_repro import published
    from fa_repro.figures import _curves

    deep = len(saved.config["network"]["hidden"]) > 1
    references, ends, last = {} if deep else published.curves("2a"), [], saved.table["example"].max()
    compared = False
    ax.set_yscale("log")
    for position, algorithm in enumerate(saved.config["algorithms"]):
        rows = saved.table[saved.table["algorithm"] == algorithm]
        if rows.empty:  # every run of it failed
            continue
        colour = style.colour(algorithm, position)
        _curves.mean_with_interval(ax, saved, rows, ERROR, colour, label=style.label(algorithm))
        _, examples, values = _curves.by_trial(rows, ERROR)
        if not np.isnan(end := float(values[:, -1].mean())):
            ends.append((examples[-1] / max(last, 1), end, colour))
        reference = references.get(algorithm)
        if reference is not None and (reference := reference[reference["examples"] <= last]).size:
            ax.plot(reference["examples"], reference["value"], color=colour, **style.PUBLISHED)
            compared = True
    if compared:
        ax.plot([], [], color="#555555", label="published", **style.PUBLISHED)
    ax.axhline(CHANCE, color="#808080", linewidth=0.6, linestyle="--")
    ax.text(0.99, CHANCE, "chance", ha="right", va="bottom", fontsize=7, transform=ax.get_yaxis_transform())
    ax.set_ylim(max(0.05, min([1.5, *(0.9 * end for _, end, _ in ends)])), 120)
    _percent_ticks(ax)
    _curves.example_axis(ax, saved.table)
    bottom = ax.get_ylim()[0]  # a net without errors ends below it
    heights = [ax.transScale.transform((0, max(end, bottom))) for _, end, _ in ends]
    places = _apart([ax.transLimits.transform(height)[1] for height in heights])
    for (across, end, colour), place in zip(ends, places, strict=True):
        ax.text(across + 0.01, place, f"{end:.1f} %", color=colour, va="center", fontsize=7, transform=ax.transAxes)
    ax.set_ylabel("test error (%), mean and 95 % interval")
    layers = f"{len(saved.config['network']['hidden'])} hidden layers" if deep else "Fig. 2a"
    ax.set_title(f"{layers}, {_curves.trials_note(saved)}")
    ax.legend(loc="best", bbox_to_anchor=(0, 0, 1, 0.92), frameon=True, edgecolor="none", framealpha=0.85)


def _percent_ticks(ax: "Axes") -> None:
    """Plain percentages on a logarithmic axis."""
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    ax.yaxis.set_major_locator(FixedLocator([0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.yaxis.set_minor_locator(NullLocator())


def _apart(heights: "Sequence[float]") -> list[float]:
    """Heights, as shares of the panel, moved up until none covers another, and down again from its top."""
    placed = list(heights)
    order = sorted(range(len(placed)), key=placed.__getitem__)
    for below, above in pairwise(order):
        placed[above] = max(placed[above], placed[below] + GAP)
    top = 1.0
    for each in reversed(order):
        placed[each] = min(placed[each], top)
        top = placed[each] - GAP
    return placed


def _angle_panel(ax: "Axes", saved: "Saved") -> None:
    """Mean over trials, and one standard deviation."""
    from fa_repro.figures import _curves

    for position, algorithm in enumerate(saved.config["algorithms"]):
        rows = saved.table[saved.table["algorithm"] == algorithm]
        if rows.empty or algorithm == "backprop" or rows[ANGLE].isna().all():  # no angle to itself; none at all
            continue
        colour = style.colour(algorithm, position)
        _curves.mean_with_deviation(ax, rows, ANGLE, colour)
        _curves.mark_diverged(ax, saved, rows, colour)
    if not ax.lines:
        ax.text(0.5, 0.5, "no hidden layer\nis taught otherwise\nthan by backprop", ha="center", transform=ax.transAxes)
    ax.axhline(90, color="#808080", linewidth=0.6, linestyle="--")
    ax.set(ylim=(0, min(180, max(100, ax.get_ylim()[1]))), ylabel="angle to backprop's hidden update (degrees)")
    ax.set_yticks(range(0, int(ax.get_ylim()[1]) + 1, 15))
    _curves.example_axis(ax, saved.table)
    what = "angle" if len(saved.config["network"]["hidden"]) > 1 else "Fig. 2b"
    ax.set_title(f"{what}, mean and 1 s.d. over trials\n(of the mean angle in a mini-batch)")


FIGURE = Figure(
    title="Fig. 2a, 2b: handwritten digits, and the angle to backprop",
    columns=("algorithm", "trial", "epoch", "example", ERROR, ANGLE),
    probes=(ERROR, ANGLE),
    record={"grid": "epochs", "probes": [ERROR, ANGLE], "weights": True},
    quick={"trials": 1, "training.epochs": 1.0, "training.examples": 60_000},
    size=(style.WIDE, 3.6),
    draw=draw,
)
