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

GAP = 0.062
"""Least distance of two numbers at the right edge, as a share of the height."""


def draw(canvas: "Canvas", saved: "Saved") -> None:
    """Test error on a log axis beside the published curves, and the angle to backprop."""
    from fa_repro.figures import _curves

    if saved.config["sweep"]:
        _curves.swept(canvas, saved, ERROR, "test error (%), geometric mean")
        return
    left, right = canvas.subplots(1, 2, width_ratios=(1.7, 1))
    _error_panel(left, saved)
    _angle_panel(right, saved)


def _error_panel(ax: "Axes", saved: "Saved") -> None:
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, StrMethodFormatter

    from fa_repro import published
    from fa_repro.figures import _curves

    references, ends = published.curves("2a"), []
    ax.set_yscale("log")
    for position, algorithm in enumerate(saved.config["algorithms"]):
        rows = saved.table[saved.table["algorithm"] == algorithm]
        if rows.empty:  # every run of it failed
            continue
        colour = style.colour(algorithm, position)
        _curves.mean_with_interval(ax, saved, rows, ERROR, colour)
        ax.lines[-1].set_label(style.label(algorithm))
        _, _, values = _curves.by_trial(rows, ERROR)
        ends.append((float(values[:, -1].mean()), colour))
        if algorithm in references:
            reference = references[algorithm]
            ax.plot(reference["examples"], reference["value"], color=colour, **style.PUBLISHED)
    ax.plot([], [], color="#555555", label="published", **style.PUBLISHED)
    ax.axhline(CHANCE, color="#808080", linewidth=0.6, linestyle="--")
    ax.text(0.99, CHANCE, "chance", ha="right", va="bottom", fontsize=7, transform=ax.get_yaxis_transform())
    sound = [end for end, _ in ends if end == end]
    ax.set_ylim(min(1.5, 0.9 * min(sound, default=1.5)), 120)
    ax.yaxis.set_major_locator(FixedLocator([0.5, 1, 2, 5, 10, 20, 50]))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_minor_formatter(NullFormatter())
    _curves.example_axis(ax, saved.table)
    places = _apart([ax.transLimits.transform(ax.transScale.transform((0, end)))[1] for end, _ in ends])
    for (end, colour), place in zip(ends, places, strict=True):
        if end == end:
            ax.text(1.01, place, f"{end:.1f} %", color=colour, va="center", fontsize=7, transform=ax.transAxes)
    ax.set_ylabel("test error (%), mean and 95 % interval")
    ax.set_title(f"Fig. 2a, {_curves.trials_note(saved)}")
    ax.legend(loc="upper right", bbox_to_anchor=(1, 0.93))


def _apart(heights: "Sequence[float]") -> list[float]:
    """Heights, as shares of the panel, moved upwards until none covers another."""
    placed = list(heights)
    order = sorted((i for i in range(len(placed)) if placed[i] == placed[i]), key=placed.__getitem__)
    for below, above in pairwise(order):
        placed[above] = max(placed[above], placed[below] + GAP)
    return placed


def _angle_panel(ax: "Axes", saved: "Saved") -> None:
    """Mean over trials, and one standard deviation."""
    import numpy as np

    from fa_repro.figures import _curves

    for position, algorithm in enumerate(saved.config["algorithms"]):
        rows = saved.table[saved.table["algorithm"] == algorithm]
        if rows.empty or algorithm == "backprop" or rows[ANGLE].isna().all():  # no angle to itself; none at all
            continue
        colour = style.colour(algorithm, position)
        _, examples, values = _curves.by_trial(rows, ANGLE)
        mean = values.mean(axis=0)
        deviation = values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros_like(mean)
        ax.plot(examples, mean, color=colour, marker=_curves.marker(examples))
        ax.fill_between(examples, mean - deviation, mean + deviation, color=colour, alpha=style.BAND, linewidth=0)
        _curves.mark_diverged(ax, saved, rows, colour)
    ax.axhline(90, color="#808080", linewidth=0.6, linestyle="--")
    ax.set(ylim=(0, 100), yticks=range(0, 91, 15), ylabel="angle to backprop's hidden update (degrees)")
    _curves.example_axis(ax, saved.table)
    ax.set_title("Fig. 2b, mean and 1 s.d. over trials")


FIGURE = Figure(
    title="Fig. 2a, 2b: handwritten digits, and the angle to backprop",
    columns=("algorithm", "trial", "epoch", "example", ERROR, ANGLE),
    probes=(ERROR, ANGLE),
    record={"grid": "epochs", "probes": [ERROR, ANGLE], "weights": True},
    quick={"trials": 1, "training.epochs": 1},
    size=(style.WIDE, 3.6),
    draw=draw,
)
