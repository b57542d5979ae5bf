"""Fig. 1e, 4b and 4c: angles between feedback alignment's hidden updates and those of other rules."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fa_repro.claims import evidence
from fa_repro.claims.claim import Claim, Measured, NotMeasurableError, Verdict
from fa_repro.claims.evidence import LARGE, LEVEL, SMALL
from fa_repro.figures import Figure
from fa_repro.plotting import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.results.figure_results import FigureResults
    from fa_repro.results.tables import TrainedRuns
    from fa_repro.training.runs import Run

ONLINE = "figure_1e"
"""Name of the algorithm in the config that is measured at every example, for Fig. 1e."""

WINDOW = 10
"""Number of examples in the sliding window of Fig. 1e."""

PANELS = {"angle_backprop_deg": "Fig. 4b: to backprop", "angle_pseudobackprop_deg": "Fig. 4c: to pseudobackprop"}


def make_tables(trained: "TrainedRuns", axes: Sequence[str]) -> "Mapping[str, pd.DataFrame]":
    """Tables `main`: both angles on a grid; `online`: the angle to backprop at every example, for Fig. 1e."""
    from fa_repro.results.tables import TableBuilder

    main = TableBuilder(FIGURE.columns, axes)
    online = TableBuilder(("algorithm", "trial", "example", "angle_backprop_deg"), axes)
    for run, outcome in trained:
        (online if run.condition.algorithm == ONLINE else main).add_observations(run, outcome)
    return {"main": main.table(), "online": online.table()}


def table_labels(table: str, runs: Sequence["Run"]) -> Sequence[Mapping[str, Any]]:
    """The labels of the runs whose measurements are in a table."""
    return [run.labels for run in runs if (run.condition.algorithm == ONLINE) == (table == "online")]


def draw(fig: "MatplotlibFigure", results: "FigureResults") -> None:
    """Draw Fig. 1e, then mean angles with their intervals, coloured by sweep point; with several axes, heat maps."""
    from fa_repro.plotting import curves, heatmaps, labels, sweeps

    if sweeps.is_map(results):
        label = "angle of hidden updates (degrees)"
        what = [
            heatmaps.Quantity(value, label, digits=1, unit="°", title=title, least="least")
            for value, title in PANELS.items()
        ]
        sweeps.draw_maps(fig, results, what, ["Fig. 1e is drawn over one axis only"])
        return
    table = results.table
    axes = labels.varied_axes(table, results.config["sweep"]) or list(results.config["sweep"])
    first, *panels = fig.subplots(1, 1 + len(PANELS), sharey=True)
    _online_panel(first, results)
    parts, omitted = sweeps.evenly_spread(labels.sweep_points(table, axes))
    names = [name for name, _ in parts]
    width = 40 if max(map(len, names), default=0) <= 12 else 22
    for ax, (value, title) in zip(panels, PANELS.items(), strict=True):
        for (_, part), colour in zip(parts, curves.sweep_colours(names), strict=True):
            for _, one in part.groupby("algorithm"):
                curves.draw_mean_with_interval(ax, results, one, value, colour)
        curves.example_axis(ax, table)
        ax.set_title(labels.wrap(f"{title}, {curves.trials_note(results)}", width))
    first.set(ylim=(0, 120), yticks=range(0, 121, 30), ylabel="angle of FA's hidden update (degrees)")
    if axes and names:
        curves.add_colour_bar(fig, panels, names, labels.axis_title(axes) + omitted)


def _online_panel(ax: "Axes", results: "FigureResults") -> None:
    """Draw one trial: mean and two standard deviations over a sliding window."""
    from fa_repro.plotting import curves, labels
    from fa_repro.results.tables import by_trial
    from fa_repro.statistics import sliding

    ax.set_title(f"Fig. 1e: to backprop\n± 2 s.d. of {WINDOW} examples")
    ax.axhline(90, color=style.GUIDE, linewidth=0.6, linestyle="--")
    table = results.extra["online"]
    if table.empty:
        ax.text(0.5, 0.5, f"{ONLINE}\nnot among\nthe algorithms", ha="center", va="center", transform=ax.transAxes)
        return
    point, table = labels.sweep_points(table, [axis for axis in results.config["sweep"] if axis in table])[0]
    trials, examples, values = by_trial(table, "angle_backprop_deg")
    of = f"{point}, trial {trials[0]}" if len(results.config["sweep"]) > 1 else f"trial {trials[0]}"
    ax.set_title(f"Fig. 1e: to backprop, {of}\n± 2 s.d. of {WINDOW} examples")
    window = min(WINDOW, len(examples))
    mean, deviation = sliding(values[0], window)
    centres = examples[window // 2 : window // 2 + len(mean)]
    colour = style.colour("feedback_alignment")
    ax.plot(centres, mean, color=colour, linewidth=0.8, marker=curves.point_marker(centres))
    ax.fill_between(centres, mean - 2 * deviation, mean + 2 * deviation, color=colour, alpha=style.BAND, linewidth=0)
    curves.mark_diverged(ax, results, table, colour)
    curves.example_axis(ax, table)


TO_BACKPROP, TO_PSEUDOBACKPROP = PANELS

ACUTE, RIGHT, NEAR, GONE = 45.0, (80.0, 100.0), 40.0, 5.0
"""Degrees: the bound below which updates have turned to backprop's, the range that counts as a right angle, the bound
for Fig. 4b after 1,000 examples, and the bound below which an angle counts as 0 in Fig. 4c."""


def _online(results: "FigureResults", at: int, last: int) -> "pd.Series":
    """Mean angle of Fig. 1e over the `last` examples before `at`, for each trial; these start from small weights."""
    table = results.extra["online"]
    others = [axis for axis in results.config["sweep"] if axis in table and table[axis].nunique() > 1]
    if table.empty or others:
        reason = f"{ONLINE} has no results" if table.empty else f"these are results of a sweep over {', '.join(others)}"
        raise NotMeasurableError(Verdict.NOT_RUN, reason)
    evidence.require_same_config(results, ONLINE)
    return evidence.end_values(table, evidence.Endpoint(TO_BACKPROP, at, last))


def _starts_at_right_angles(results: "FigureResults") -> Measured:
    return evidence.mean_within(_online(results, 0, 0).to_numpy(), *RIGHT, unit="°")


def _becomes_acute(results: "FigureResults") -> Measured:
    return evidence.mean_within(_online(results, 2000, 100).to_numpy(), float("-inf"), ACUTE, unit="°")


def _small(results: "FigureResults", column: str, at: int, high: float) -> Measured:
    """Measure the angle after `at` examples for each small initial range; return the largest."""
    quantity = evidence.Endpoint(column, at)
    parts = evidence.by_init_range(results, "feedback_alignment", evidence.is_small)
    found = [
        evidence.mean_within(evidence.end_values(part, quantity).to_numpy(), float("-inf"), high, unit="°")
        for part in parts
    ]
    return max(found, key=lambda each: each.high or 0.0)


def _nearer_to_pseudobackprop(results: "FigureResults") -> Measured:
    """Compare the mean angles from example 4,000 on, for each small initial range."""
    parts = evidence.by_init_range(results, "feedback_alignment", evidence.is_small)
    late = [evidence.Endpoint(column, at=20_000, last=16_000) for column in (TO_PSEUDOBACKPROP, TO_BACKPROP)]
    return evidence.weakest(
        evidence.is_below(evidence.paired(*(evidence.end_values(part, each) for each in late)), unit="°")
        for part in parts
    )


def _large_stays_away(results: "FigureResults") -> Measured:
    quantity = evidence.Endpoint(TO_PSEUDOBACKPROP, at=20_000)
    small, large = (
        [evidence.end_values(part, quantity) for part in evidence.by_init_range(results, "feedback_alignment", keep)]
        for keep in (evidence.is_small, evidence.is_large)
    )
    return evidence.weakest(evidence.is_below(evidence.paired(low, high), unit="°") for low in small for high in large)


CLAIMS = (
    Claim(
        "starts_at_right_angles",
        "Feedback alignment's updates start at right angles to backprop's",
        "Fig. 1e",
        f"mean angle at the first example, with its 95 % interval, between {RIGHT[0]:g} and {RIGHT[1]:g} degrees",
        _starts_at_right_angles,
        published="about 90°",
    ),
    Claim(
        "turns_towards_backprop",
        "Feedback alignment's updates turn towards backprop's while the function is learned",
        "Fig. 1e",
        f"mean angle of the last 100 of 2,000 examples, with its 95 % interval, below {ACUTE:g} degrees",
        _becomes_acute,
        published="falls far below 90°",
    ),
    Claim(
        "small_start_turns_to_backprop",
        "From small initial weights feedback alignment's updates turn towards backprop's quickly",
        "Fig. 4b",
        f"mean angle to backprop after 1,000 examples, with its 95 % interval, below {NEAR:g} degrees from each range "
        f"up to {SMALL:g}",
        lambda results: _small(results, TO_BACKPROP, 1000, NEAR),
    ),
    Claim(
        "nearer_to_pseudobackprop",
        "From small initial weights feedback alignment's updates come nearer to pseudobackprop's than to backprop's",
        "Fig. 4b, 4c",
        f"paired one-sided t-test of the mean angles from example 4,000 on, p < {LEVEL:g} for each range up to "
        f"{SMALL:g}",
        _nearer_to_pseudobackprop,
    ),
    Claim(
        "becomes_pseudobackprop",
        "From small initial weights feedback alignment's updates become pseudobackprop's",
        "Fig. 4c",
        f"mean angle to pseudobackprop after 20,000 examples, with its 95 % interval, below {GONE:g} degrees from each "
        f"range up to {SMALL:g}",
        lambda results: _small(results, TO_PSEUDOBACKPROP, 20_000, GONE),
    ),
    Claim(
        "large_start_stays_away",
        "From large initial weights feedback alignment's updates stay further from pseudobackprop's",
        "Fig. 4c",
        f"paired one-sided t-test of the angle after 20,000 examples, each range up to {SMALL:g} against each "
        f"from {LARGE:g} on, p < {LEVEL:g}",
        _large_stays_away,
    ),
)

FIGURE = Figure(
    title="Fig. 1e, 4b, 4c: feedback alignment's updates turn towards backprop's and pseudobackprop's",
    columns=("algorithm", "trial", "example", "angle_backprop_deg", "angle_pseudobackprop_deg"),
    probes=("angle_backprop_deg", "angle_pseudobackprop_deg"),
    record={"grid": "linear", "points": 201, "probes": ["angle_backprop_deg", "angle_pseudobackprop_deg"]},
    quick={"trials": 3, "training.examples": 2000, "record.points": 101},
    size=(style.WIDE, 2.9),
    draw=draw,
    apart={ONLINE: ("angle_backprop_deg",)},
    make_tables=make_tables,
    extras={"online": {"algorithm": str, "trial": int, "example": int, "angle_backprop_deg": float}},
    labels=table_labels,
    claims=CLAIMS,
)
