"""Fig. 2a and 2b: handwritten digits, and the angle between feedback alignment's and backprop's updates."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from fa_repro.claims import criteria, evidence
from fa_repro.claims.claim import Claim, Measured
from fa_repro.figures import Figure
from fa_repro.plotting import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.results.figure_results import FigureResults

CHANCE = 90.0
"""Test error of random guesses, in percent."""

ERROR, ANGLE = "test_error_percent", "angle_backprop_deg"

GAP = 0.045
"""Minimum distance between two numbers at the right edge, as a fraction of the panel's height."""


def draw(fig: "MatplotlibFigure", results: "FigureResults") -> None:
    """Draw the test error on a log axis with the published curves, and the angle to backprop."""
    from fa_repro.plotting import curves, heatmaps, sweeps

    if results.config["sweep"]:
        for ax in sweeps.draw_sweep(fig, results, heatmaps.Quantity(ERROR, "test error (%)", unit=" %"))[:1]:
            curves.percent_ticks(ax)  # the other panels share its axis
        return
    left, right = fig.subplots(1, 2, width_ratios=(1.7, 1))
    _error_panel(left, results)
    _angle_panel(right, results)


def _error_panel(ax: "Axes", results: "FigureResults") -> None:
    import numpy as np

    from fa_repro.claims import published
    from fa_repro.plotting import curves
    from fa_repro.results.tables import by_trial

    deep = len(results.config["network"]["hidden"]) > 1
    references, ends, last = {} if deep else published.published_curves("2a"), [], results.table["example"].max()
    compared = False
    ax.set_yscale("log")
    for position, algorithm in enumerate(results.config["algorithms"]):
        rows = results.table[results.table["algorithm"] == algorithm]
        if rows.empty:  # all of its runs failed
            continue
        colour = style.colour(algorithm, position)
        curves.draw_mean_with_interval(ax, results, rows, ERROR, colour, label=style.label(algorithm))
        _, examples, values = by_trial(rows, ERROR)
        if not np.isnan(end := float(values[:, -1].mean())):
            ends.append((examples[-1] / max(last, 1), end, colour))
        reference = references.get(algorithm)
        if reference is not None and (reference := reference[reference["examples"] <= last]).size:
            ax.plot(reference["examples"], reference["value"], color=colour, **style.PUBLISHED)
            compared = True
    if compared:
        ax.plot([], [], color=style.REFERENCE, label="published", **style.PUBLISHED)
    ax.axhline(CHANCE, color=style.GUIDE, linewidth=0.6, linestyle="--")
    ax.text(0.99, CHANCE, "chance", ha="right", va="bottom", fontsize=style.SMALL, transform=ax.get_yaxis_transform())
    ax.set_ylim(max(0.05, min([1.5, *(0.9 * end for _, end, _ in ends)])), 120)
    curves.percent_ticks(ax)
    curves.example_axis(ax, results.table)
    bottom = ax.get_ylim()[0]  # a net without errors ends below the axis
    heights = [ax.transScale.transform((0, max(end, bottom))) for _, end, _ in ends]
    places = _apart([ax.transLimits.transform(height)[1] for height in heights])
    for (across, end, colour), place in zip(ends, places, strict=True):
        ax.text(
            across + 0.01,
            place,
            f"{end:.1f} %",
            color=colour,
            va="center",
            fontsize=style.SMALL,
            transform=ax.transAxes,
        )
    ax.set_ylabel("test error (%), mean and 95 % interval")
    layers = f"{len(results.config['network']['hidden'])} hidden layers" if deep else "Fig. 2a"
    ax.set_title(f"{layers}, {curves.trials_note(results)}")
    ax.legend(loc="best", bbox_to_anchor=(0, 0, 1, 0.92), frameon=True, edgecolor="none", framealpha=0.85)


def _apart(heights: "Sequence[float]") -> list[float]:
    """Move heights (fractions of the panel) apart until no labels overlap: first up, then down from the panel's top."""
    placed = list(heights)
    order = sorted(range(len(placed)), key=placed.__getitem__)
    for below, above in pairwise(order):
        placed[above] = max(placed[above], placed[below] + GAP)
    top = 1.0
    for each in reversed(order):
        placed[each] = min(placed[each], top)
        top = placed[each] - GAP
    return placed


def _angle_panel(ax: "Axes", results: "FigureResults") -> None:
    """Draw the mean over trials and one standard deviation."""
    from fa_repro.plotting import curves

    for position, algorithm in enumerate(results.config["algorithms"]):
        rows = results.table[results.table["algorithm"] == algorithm]
        if (
            rows.empty or results.rule(algorithm) == "backprop" or rows[ANGLE].isna().all()
        ):  # no angle to itself, or no angles at all
            continue
        colour = style.colour(algorithm, position)
        curves.draw_mean_with_deviation(ax, rows, ANGLE, colour)
        curves.mark_diverged(ax, results, rows, colour)
    if not ax.lines:
        ax.text(0.5, 0.5, "no hidden layer\nis taught otherwise\nthan by backprop", ha="center", transform=ax.transAxes)
    ax.axhline(90, color=style.GUIDE, linewidth=0.6, linestyle="--")
    ax.set(ylim=(0, min(180, max(100, ax.get_ylim()[1]))), ylabel="angle to backprop's hidden update (degrees)")
    ax.set_yticks(range(0, int(ax.get_ylim()[1]) + 1, 15))
    curves.example_axis(ax, results.table)
    what = "angle" if len(results.config["network"]["hidden"]) > 1 else "Fig. 2b"
    ax.set_title(f"{what}, mean and 1 s.d. over trials\n(of the mean angle in a mini-batch)")


END = evidence.Endpoint(ERROR, at=1_800_000, unit=" %")

RIGHT, ACUTE = (80.0, 100.0), 45.0
"""Degrees: the range that counts as a right angle, and the bound below which updates have turned to backprop's."""


def _log_end(part: "pd.DataFrame") -> "pd.Series":
    import numpy as np

    return np.log10(evidence.end_values(part, END))


def _angle(at: int, low: float, high: float) -> "Callable[[FigureResults], Measured]":
    def judge(results: "FigureResults") -> Measured:
        angles = evidence.end_values(evidence.rows(results, "feedback_alignment"), evidence.Endpoint(ANGLE, at))
        return evidence.mean_within(angles.to_numpy(), low, high, unit="°")

    return judge


def _level(algorithm: str, statement: str) -> Claim:
    return criteria.level_claim(
        f"{algorithm}_end", statement, "Fig. 2a", ("2a", "test_error", algorithm), END, "printed"
    )


def _curve(algorithm: str, whose: str) -> Claim:
    statement = f"{whose} curve is the published one"
    return criteria.curve_claim(f"{algorithm}_curve", statement, "Fig. 2a", "2a", algorithm, END)


CLAIMS = (
    *criteria.fitted(
        "range of W₀", _level("shallow", "Learning in the output layer alone leaves 7.2 % of test images wrong")
    ),
    *criteria.fitted("range of W", _level("backprop", "Backprop leaves 2.4 % of test images wrong")),
    _level("feedback_alignment", "Feedback alignment leaves 2.1 % of test images wrong"),
    _level("sparse_feedback_alignment", "Feedback alignment with half of W and B removed leaves 2.4 % wrong"),
    *criteria.fitted("range of W₀", _curve("shallow", "The shallow net's")),
    *criteria.fitted("range of W", _curve("backprop", "Backprop's")),
    _curve("feedback_alignment", "Feedback alignment's"),
    criteria.order_claim(
        "feedback_alignment_beats_backprop",
        "Feedback alignment ends below backprop",
        "Fig. 2a",
        "feedback_alignment",
        ["backprop"],
        END,
        published="2.1 % against 2.4 %",
    ),
    criteria.order_claim(
        "feedback_alignment_beats_shallow",
        "Feedback alignment, sparse or not, makes use of the hidden layer",
        "Fig. 2a",
        "sparse_feedback_alignment",
        ["shallow"],
        END,
        published="2.4 % against 7.2 %",
    ),
    criteria.as_good_claim(
        "sparse_as_good_as_backprop",
        "With half of W and B removed feedback alignment is as good as backprop",
        "Fig. 2a",
        "sparse_feedback_alignment",
        "backprop",
        _log_end,
        "test error after 30 epochs",
        published="2.4 % against 2.4 %",
    ),
    Claim(
        "starts_at_right_angles",
        "Feedback alignment's updates start at right angles to backprop's",
        "Fig. 2b",
        f"mean angle before learning, with its 95 % interval, between {RIGHT[0]:g} and {RIGHT[1]:g} degrees",
        _angle(0, *RIGHT),
        published="about 90°",
    ),
    Claim(
        "turns_towards_backprop",
        "Feedback alignment's updates turn towards backprop's while digits are learned",
        "Fig. 2b",
        f"mean angle after 30 epochs, with its 95 % interval, below {ACUTE:g} degrees",
        _angle(1_800_000, float("-inf"), ACUTE),
        published="falls far below 90°",
    ),
)

FIGURE = Figure(
    title="Fig. 2a, 2b: handwritten digits, and the angle to backprop",
    columns=("algorithm", "trial", "epoch", "example", ERROR, ANGLE),
    probes=(ERROR, ANGLE),
    record={"grid": "epochs", "probes": [ERROR, ANGLE], "weights": True},
    quick={"trials": 1, "training.epochs": 1.0, "training.examples": 60_000},
    size=(style.WIDE, 3.6),
    draw=draw,
    claims=CLAIMS,
)
