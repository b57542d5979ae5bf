"""The family of rules, beyond the paper: learning curves, and the angle of each rule's hidden updates to backprop's."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fa_repro.figures import Figure
from fa_repro.plotting import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.plotting.heatmaps import Quantity
    from fa_repro.results.figure_results import FigureResults
    from fa_repro.results.tables import TrainedRuns
    from fa_repro.training.runs import Setup

ERRORS = {
    "test_error_percent": "test error (%)",
    "test_nse": "NSE of held-out examples",
    "nse": "NSE",
}
"""Errors whose learning curves are drawn, with their labels."""

ANGLE = re.compile(r"angle_backprop_(?:layer(\d+)_)?deg")

COUNTS = dict.fromkeys(("example", "trials", "diverged"), int)

SUMMARY: Mapping[str, type] = {"algorithm": str, **COUNTS, **dict.fromkeys(("error", "low", "high"), float)}
"""First columns of the table of final values, with their types."""

LAST = 50
"""Number of final examples over which the error and the angle of single examples are averaged."""

WINDOW = 25
"""Number of measured points in the sliding mean that smooths curves of single examples."""

FEW = 5
"""The same for unevenly spaced points."""


def error_columns(names: Iterable[str]) -> list[str]:
    """The errors among `names`."""
    return [name for name in names if name in ERRORS]


def angle_columns(names: Iterable[str]) -> list[str]:
    """The angles to backprop among `names`: that of all layers first, then from the lowest hidden layer up."""
    found = {name: int(match[1] or 0) for name in names if (match := ANGLE.fullmatch(name))}
    return sorted(found, key=found.__getitem__)


def check_setup(setup: "Setup") -> None:
    """Check that runs record exactly one error.

    Raises
    ------
    ValueError
        If they record none, or several.
    """
    if len(error_columns(setup.record.probes)) != 1:
        raise ValueError(f"the figure needs exactly one of {', '.join(ERRORS)} among record.probes")


def make_tables(trained: "TrainedRuns", axes: Sequence[str]) -> "Mapping[str, pd.DataFrame]":
    """Tables `main`: error and angles, with the epoch if the task has epochs; `summary`: the final values."""
    from fa_repro.results.tables import observations

    columns = columns_of("main", [run.condition.setup for run in trained.runs])
    table, order = observations(trained, columns, axes), dict.fromkeys(run.condition.algorithm for run in trained.runs)
    return {"main": table, "summary": summarise_ends(table, list(order), axes)}


def columns_of(table: str, setups: Sequence["Setup"]) -> list[str]:
    """The columns of a table."""
    probes = list(dict.fromkeys(name for setup in setups for name in setup.record.probes))
    epoch = ["epoch"] if any(setup.task.epoch is not None for setup in setups) else []
    if table == "summary":
        return [*SUMMARY, *angle_columns(probes)]
    return ["algorithm", "trial", *epoch, "example", *error_columns(probes), *angle_columns(probes)]


def quantity(names: Iterable[str]) -> "Quantity":
    """The error that is drawn from a table with these columns."""
    from fa_repro.plotting.heatmaps import Quantity

    (error, *_) = error_columns(names)
    percent = error.endswith("_percent")
    return Quantity(error, ERRORS[error], logarithmic=not percent, unit=" %" if percent else "")


def summarise_ends(rows: "pd.DataFrame", algorithms: Sequence[str], axes: Sequence[str]) -> "pd.DataFrame":
    """Final error and angles of each algorithm and sweep point.

    Columns are `algorithm`, `example`, `trials`, `diverged` (trials without a finite error), `error` (mean over trials,
    geometric for an NSE), `low` and `high` (its 95 % t interval, from logarithms for an NSE), the mean of each angle,
    and the swept keys. `nse` and the angles recorded with it belong to single examples, so they are first averaged
    over the last 50 examples of each trial. Means are NaN if a trial diverged.
    """
    import numpy as np
    import pandas as pd

    from fa_repro.statistics import log10, mean_interval

    known = angle_columns(map(str, rows))
    columns = [*SUMMARY, *known, *axes]
    found: list[dict[str, Any]] = []
    for algorithm in algorithms:
        what, own = quantity(map(str, rows)), rows[rows["algorithm"] == algorithm]
        for point, part in own.groupby(list(axes), sort=False) if axes else [((), own)]:
            last = part["example"].max()
            late = part[part["example"] > last - (LAST if what.column == "nse" else 1)]
            values = late.assign(error=log10(late[what.column].to_numpy()) if what.logarithmic else late[what.column])
            ends = values.groupby("trial")["error"].agg(lambda each: each.mean(skipna=False)).to_numpy(dtype=float)
            bounds = [float(each) for each in mean_interval(ends)]
            if what.logarithmic:
                bounds = [float(10.0 ** np.clip(each, -300, 300)) for each in bounds]
            row = {"algorithm": algorithm, "example": last, "trials": len(ends)}
            row |= {"diverged": int((~np.isfinite(ends)).sum())}
            row |= dict(zip(("error", "low", "high"), bounds, strict=True))
            row |= {name: late.groupby("trial")[name].mean().mean(skipna=False) for name in known}
            found.append(row | dict(zip(axes, point, strict=bool(axes))))
    return pd.DataFrame(found, columns=columns)


def remarks(results: "FigureResults") -> list[str]:
    """One line for each algorithm, ordered by final error; for a sweep, the best point of each algorithm."""
    from fa_repro.plotting.labels import setting_text, value_names

    what, rows, axes = quantity(map(str, results.table)), results.extra["summary"], list(results.config["sweep"])
    known, known_angles = {axis: value_names(rows[axis]) for axis in axes}, angle_columns(map(str, rows))
    rows = rows.sort_values("error", kind="stable").drop_duplicates("algorithm")  # those without an error come last
    words = []
    for row in rows.to_dict("records"):
        point = "".join(f", {setting_text(axis, known[axis][row[axis]])}" for axis in axes)
        start = f"{style.label(row['algorithm'])}{point}, example {row['example']:,}"
        if row["error"] != row["error"]:
            lost = f"{row['diverged']} of {row['trials']} diverged, so there is no mean"
            words.append(f"{start}: {lost if row['diverged'] else 'no error measured'}")
            continue
        error, low, high = (f"{what.number(row[name])}{what.unit}" for name in ("error", "low", "high"))
        spread = f" (95 % interval {low} to {high}, n = {row['trials']})" if row["trials"] > 1 else " (n = 1)"
        turned = [f"{row[name]:.0f}°{_layer(name, ' (layer {})')}" for name in known_angles if row[name] == row[name]]
        note = (
            f"; angle to backprop {', '.join(turned)}" if turned and not _is_backprop(results, row["algorithm"]) else ""
        )
        words.append(f"{start}: {what.label.removesuffix(' (%)')} {error}{spread}{note}")
    return words


def _layer(angle: str, form: str) -> str:
    """`form` with the hidden layer of an angle filled in; empty if the angle is of all layers."""
    match = ANGLE.fullmatch(angle)
    return form.format(match[1]) if match and match[1] else ""


def _is_backprop(results: "FigureResults", algorithm: str) -> bool:
    return results.rule(algorithm) == "backprop"


def draw(fig: "MatplotlibFigure", results: "FigureResults") -> None:
    """Draw learning curves at the left, a panel with the angle of each hidden layer at the right, one legend below."""
    from fa_repro.plotting import curves, sweeps

    what = quantity(map(str, results.table))
    if results.config["sweep"]:
        for ax in sweeps.draw_sweep(fig, results, what)[:1]:
            if not what.logarithmic:
                curves.percent_ticks(ax)  # the other panels share its axis
        return
    looks = style.looks({name: results.rule(name) or name for name in sweeps.present_algorithms(results)})
    drawn = {name: own for name in angle_columns(map(str, results.table)) if (own := _turned(results, name))}
    grid = fig.add_gridspec(max(1, len(drawn)), 2 if drawn else 1, width_ratios=(1.5, 1) if drawn else (1,))
    left = fig.add_subplot(grid[:, 0])
    window, turning = _windows(results, what.column)
    labels = _error_panel(left, results, what, looks, window)
    _example_axis(left, results)
    for row, (name, own) in enumerate(drawn.items()):
        ax = fig.add_subplot(grid[row, 1])
        note = _smoothed(turning) if row == 0 and turning != window else ""
        _angle_panel(ax, results, name, {algorithm: looks[algorithm] for algorithm in own}, turning, note)
        _example_axis(ax, results)
        if row < len(drawn) - 1:
            ax.set_xlabel("")
            ax.tick_params(labelbottom=False)
    columns = curves.legend_columns(labels)
    mean = "geometric mean" if what.logarithmic else "mean"
    fig.legend(
        loc="outside lower center",
        ncols=columns,
        handlelength=3.2,
        title=f"in brackets: {mean} of the {what.label.removesuffix(' (%)')} at the end",
    )
    fig.set_figheight(max(3.0, 1.5 * len(drawn)) + 0.25 + 0.15 * -(-len(labels) // columns))


def _turned(results: "FigureResults", angle: str) -> list[str]:
    """Algorithms whose angle is informative: those that give the layer a signal and are not backprop."""
    measured = results.table.groupby("algorithm")[angle].count()
    return [name for name in results.config["algorithms"] if measured.get(name, 0) and not _is_backprop(results, name)]


def _windows(results: "FigureResults", error: str) -> tuple[int, int]:
    """Number of points over which curves of the error and of angles are smoothed.

    Only measurements of single examples are smoothed, over far fewer points if these are unevenly spaced.
    """
    import numpy as np

    examples = np.unique(results.table["example"])
    even = len(examples) > 2 and np.ptp(np.diff(examples)) <= 1
    window = max(1, min(WINDOW, len(examples) // 8) if even else min(FEW, len(examples) // 12))
    single = results.config["training"]["batch_size"] == 1
    return (window if error == "nse" and single else 1), (window if single else 1)


def _smoothed(window: int) -> str:
    return f"\nsliding means of {window} points" if window > 1 else ""


def _error_panel(
    ax: "Axes", results: "FigureResults", what: "Quantity", looks: Mapping[str, Mapping[str, Any]], window: int
) -> list[str]:
    """Draw learning curves; return their labels, which include the final error."""
    from fa_repro.plotting import curves

    ends = {row["algorithm"]: row for row in results.extra["summary"].to_dict("records")}
    labels = list[str]()
    ax.set_yscale("log")
    for algorithm, look in looks.items():
        rows = results.table[results.table["algorithm"] == algorithm]
        end = float(ends[algorithm]["error"])
        lost = f"{ends[algorithm]['diverged']} of {ends[algorithm]['trials']} diverged"
        labels.append(f"{style.label(algorithm)} ({what.number(end) + what.unit if end == end else lost})")
        keys = {"linestyle": look["linestyle"], "label": labels[-1]}
        curves.draw_interval(ax, rows, what.column, look["color"], what.logarithmic, window, **keys)
    curves.limit_axis(ax, below=0.5)
    if not what.logarithmic:  # intervals of few trials can exceed 100 %
        ax.set_ylim(top=min(110.0, ax.get_ylim()[1]))
    for algorithm, look in looks.items():
        curves.mark_diverged(ax, results, results.table[results.table["algorithm"] == algorithm], look["color"])
    if ax.texts:  # make room for notes above the curves
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, top * (top / bottom) ** (0.08 * len(ax.texts)))
    if not what.logarithmic:
        curves.percent_ticks(ax)
    ax.set_ylabel(what.label)
    mean = "geometric mean" if what.logarithmic else "mean"
    ax.set_title(f"{curves.trials_note(results)}: {mean}, 95 % interval{_smoothed(window)}")
    return labels


def _angle_panel(
    ax: "Axes", results: "FigureResults", angle: str, looks: Mapping[str, Mapping[str, Any]], window: int, note: str
) -> None:
    import numpy as np

    from fa_repro.plotting import curves

    ax.axhline(90, color=style.GUIDE, linewidth=0.6, linestyle="--")
    for algorithm, look in looks.items():
        rows = results.table[results.table["algorithm"] == algorithm]
        curves.draw_interval(ax, rows, angle, look["color"], window=window, linestyle=look["linestyle"])
        ax.collections[-1].set_alpha(0.6 * style.BAND)
    highest = max(float(np.nanmax(line.get_ydata(), initial=0.0)) for line in ax.get_lines())
    top = next((each for each in (100, 120, 150) if highest <= each), 180)
    ax.set(ylim=(0, top), yticks=range(0, top + 1, 30), ylabel="degrees")
    ax.set_title(f"angle to backprop{_layer(angle, ', hidden layer {}')}{note}")


def _example_axis(ax: "Axes", results: "FigureResults") -> None:
    """Set up the axis of examples, logarithmic if they were recorded on a logarithmic grid."""
    from fa_repro.plotting import curves

    if results.config["record"]["grid"] != "log":
        curves.example_axis(ax, results.table)
        return
    ax.set_xscale("symlog", linthresh=1, linscale=0.4)
    ax.set_xlim(0, max(1, results.table["example"].max()))
    ax.set_xlabel("examples")


FIGURE = Figure(
    title="The family of rules: learning curves, and the angle of each rule's hidden updates to backprop's",
    columns=("algorithm", "trial", "epoch", "example", *ERRORS, "angle_backprop_deg"),
    record={"grid": "log", "probes": ["nse", "angle_backprop_deg"]},
    quick={"trials": 3, "training.epochs": 1.0, "training.examples": 20_000},
    size=(style.WIDE, 4.0),
    draw=draw,
    make_tables=make_tables,
    columns_of=columns_of,
    labels=lambda table, runs: [
        {key: run.labels[key] for key in run.labels if table == "main" or key != "trial"} for run in runs
    ],
    extras={"summary": SUMMARY},
    remarks=remarks,
    check_setup=check_setup,
)
