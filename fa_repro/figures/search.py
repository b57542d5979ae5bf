"""A manual search: error on examples held out for it, over pairs of settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fa_repro import style
from fa_repro.figures import Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from fa_repro.results import Saved
    from fa_repro.runs import Setup
    from fa_repro.tables import Trained

ERRORS = {
    "validation_error_percent": "error on held-out training images (%)",
    "validation_nse": "NSE of held-out examples",
}
"""What can be searched for the least of, each with its name for a person."""

DECADES = 1e4
"""Range of colours on a logarithmic scale."""

MOST_NUMBERS, MOST_TICKS = 100, 10
"""Cells up to which numbers are written into them, and ticks of an axis."""


def error_of(names: Sequence[str]) -> str | None:
    """The one of `names` that is an error on examples held out for a search, if there is one."""
    return next((name for name in names if name in ERRORS), None)


def check(setup: "Setup") -> None:
    """Refuse runs that do not measure the error on held-out examples: that of classes where there are any."""
    needed = "validation_nse" if setup.task.epoch is None else "validation_error_percent"
    if error_of(setup.record.probes) != needed:
        raise ValueError(f"the figure needs {needed} among record.probes, and no other of {', '.join(ERRORS)}")


def table(trained: "Trained", axes: Sequence[str]) -> "pd.DataFrame":
    """The error of each run, with the epoch where there are epochs."""
    from fa_repro.tables import observations

    setups = [run.entry.setup for run in trained.runs]
    epoch = ["epoch"] if any(setup.task.epoch is not None for setup in setups) else []
    errors = [str(error_of(setup.record.probes)) for setup in setups[:1]]
    return observations(trained, ["algorithm", "trial", *epoch, "example", *errors], axes)


def draw(canvas: "Canvas", saved: "Saved") -> None:
    """One heat map of the error at the end for each algorithm, over the swept keys that concern it."""
    import numpy as np

    from fa_repro.figures import _curves

    error = str(error_of([str(name) for name in saved.table]))
    present = set(saved.table["algorithm"])
    algorithms = [name for name in saved.config["algorithms"] if name in present]
    panels = canvas.subplots(1, len(algorithms), squeeze=False)[0]
    last = saved.table.groupby(["algorithm", "trial", *saved.config["sweep"]], sort=False)["example"].transform("max")
    ends = saved.table[saved.table["example"] == last].replace({error: {np.inf: np.nan}})
    sound = ends[error].dropna()
    limits = (float(sound.min()), float(np.percentile(sound, 90))) if len(sound) else (0.1, 1.0)
    if _logarithmic(error):
        limits = (max(limits[0], limits[1] / DECADES), limits[1])
    for ax, algorithm in zip(panels, algorithms, strict=True):
        picture = _panel(ax, saved, ends[ends["algorithm"] == algorithm], algorithm, error, limits)
    for ax in panels:
        if sum(len(tick.get_text()) for tick in ax.get_xticklabels()) > 100 // len(panels):
            ax.tick_params(axis="x", labelrotation=30)
    labels = [(ax.get_ylabel(), [tick.get_text() for tick in ax.get_yticklabels()]) for ax in panels]
    for ax, label in zip(panels[1:], labels[1:], strict=True):
        if label == labels[0]:
            ax.set_ylabel("")
            ax.set_yticklabels([])
    bar = canvas.colorbar(
        picture, ax=list(panels), extend="both" if _logarithmic(error) else "max", pad=0.02, aspect=25
    )
    unit = "epochs" if "epoch" in ends else "examples"
    seen = sorted(ends[unit.removesuffix("s")].unique())
    after = f"{seen[0]:,g}" if len(seen) == 1 else f"{seen[0]:,g} to {seen[-1]:,g}"
    bar.set_label(f"{ERRORS[error]}, after {after} {unit}, {_curves.trials_note(saved)}")
    bar.outline.set_visible(False)


def _panel(
    ax: "Axes", saved: "Saved", ends: "pd.DataFrame", algorithm: str, error: str, limits: tuple[float, float]
) -> Any:
    """Mean over trials of each pair of settings, the best one bold; none where a trial diverged."""
    import numpy as np
    from matplotlib.colors import LogNorm, Normalize

    from fa_repro.figures import _curves

    axes = [axis for axis in saved.config["sweep"] if ends[axis].nunique() > 1 and _concerns(axis, algorithm)]
    across, up = axes[:1], axes[1:]
    columns, rows = _curves.points(ends, across), _curves.points(ends, up)
    means = np.array([[_mean(ends, row, column, error) for _, column in columns] for _, row in rows])
    norm = (LogNorm if _logarithmic(error) else Normalize)(*limits, clip=True)
    picture = ax.imshow(means, origin="lower", aspect="auto", cmap="viridis_r", norm=norm)
    sound = means[~np.isnan(means)]
    best = float(sound.min()) if len(sound) else float("nan")
    if means.size <= MOST_NUMBERS:
        for (y, x), value in np.ndenumerate(means):
            text, dark = "none" if np.isnan(value) else _number(value, error), norm(value) > 0.5
            weight = "bold" if value == best else "normal"
            ax.text(x, y, text, ha="center", va="center", fontsize=7, color="w" if dark else "k", fontweight=weight)
    for axis, ticks, keys in ((ax.xaxis, columns, across), (ax.yaxis, rows, up)):
        step = -(-len(ticks) // MOST_TICKS)
        axis.set_ticks(range(0, len(ticks), step), [name for name, _ in ticks][::step])
        axis.set_label_text(_curves.axis_title(keys).removesuffix(f", {style.label(algorithm)}"))
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    unit = "" if _logarithmic(error) else " %"
    told = f"best: {_number(best, error)}{unit}" if len(sound) else "every run diverged"
    ax.set_title(f"{style.label(algorithm)}\n{told}")
    return picture


def _concerns(axis: str, algorithm: str) -> bool:
    """Whether a swept key is the algorithm's own, or nobody's."""
    return not axis.startswith("algorithms.") or axis.split(".")[1] == algorithm


def _logarithmic(error: str) -> bool:
    return not error.endswith("_percent")


def _number(value: float, error: str) -> str:
    return f"{value:.1e}".replace("e-0", "e-") if _logarithmic(error) else f"{value:.2f}"


def _mean(ends: "pd.DataFrame", row: "pd.DataFrame", column: "pd.DataFrame", error: str) -> float:
    """Mean over trials of the rows that are in both; of logarithms where the scale is logarithmic."""
    import numpy as np

    values = ends[error].loc[row.index.intersection(column.index)]
    return float(np.exp(np.log(values).mean(skipna=False)) if _logarithmic(error) else values.mean(skipna=False))


FIGURE = Figure(
    title="A manual search: error on examples held out for it",
    columns=("algorithm", "trial", "epoch", "example", *ERRORS),
    record={"grid": "epochs", "probes": ["validation_error_percent"]},
    quick={"trials": 1, "training.epochs": 1.0, "training.examples": 60_000},
    size=(style.WIDE, 3.4),
    draw=draw,
    table=table,
    check=check,
)
