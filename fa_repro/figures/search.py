"""The manual search behind Fig. 2a: error on held-out training images over pairs of settings."""

from typing import TYPE_CHECKING, Any

from fa_repro import style
from fa_repro.figures import Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from fa_repro.results import Saved

ERROR = "validation_error_percent"

MOST_NUMBERS, MOST_TICKS = 100, 10
"""Cells up to which numbers are written into them, and ticks of an axis."""


def draw(canvas: "Canvas", saved: "Saved") -> None:
    """One heat map of the error at the end for each algorithm, over the swept keys that concern it."""
    import numpy as np

    present = set(saved.table["algorithm"])
    algorithms = [name for name in saved.config["algorithms"] if name in present]
    panels = canvas.subplots(1, len(algorithms), squeeze=False)[0]
    last = saved.table.groupby(["algorithm", "trial", *saved.config["sweep"]], sort=False)["example"].transform("max")
    ends = saved.table[saved.table["example"] == last]
    sound = ends[ERROR].dropna()
    limits = (float(sound.min()), float(np.percentile(sound, 90))) if len(sound) else (0.0, 1.0)
    for ax, algorithm in zip(panels, algorithms, strict=True):
        picture = _panel(ax, saved, ends[ends["algorithm"] == algorithm], algorithm, limits)
    bar = canvas.colorbar(picture, ax=list(panels), extend="max", pad=0.02, aspect=25)
    epochs = sorted(ends["epoch"].unique())
    after = f"{epochs[0]:g}" if len(epochs) == 1 else f"{epochs[0]:g} to {epochs[-1]:g}"
    bar.set_label(f"error on held-out training images (%), after {after} epochs")
    bar.outline.set_visible(False)


def _panel(ax: "Axes", saved: "Saved", ends: "pd.DataFrame", algorithm: str, limits: tuple[float, float]) -> Any:
    """Mean over trials of each pair of settings, the best one bold; none where a trial diverged."""
    import numpy as np

    from fa_repro.figures import _curves

    axes = [axis for axis in saved.config["sweep"] if ends[axis].nunique() > 1 and _concerns(axis, algorithm)]
    across, up = axes[:1], axes[1:]
    columns, rows = _curves.points(ends, across), _curves.points(ends, up)
    means = np.array([[_mean(ends, row, column) for _, column in columns] for _, row in rows])
    picture = ax.imshow(means, origin="lower", aspect="auto", cmap="viridis_r", vmin=limits[0], vmax=limits[1])
    sound = means[~np.isnan(means)]
    best = float(sound.min()) if len(sound) else float("nan")
    if means.size <= MOST_NUMBERS:
        for (y, x), value in np.ndenumerate(means):
            text = "none" if np.isnan(value) else f"{value:.2f}"
            dark, weight = value > sum(limits) / 2, "bold" if value == best else "normal"
            ax.text(x, y, text, ha="center", va="center", fontsize=7, color="w" if dark else "k", fontweight=weight)
    for axis, ticks, keys in ((ax.xaxis, columns, across), (ax.yaxis, rows, up)):
        step = -(-len(ticks) // MOST_TICKS)
        axis.set_ticks(range(0, len(ticks), step), [name for name, _ in ticks][::step])
        axis.set_label_text(_curves.axis_title(keys))
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    told = f"best: {best:.2f} %" if len(sound) else "every run diverged"
    ax.set_title(f"{style.label(algorithm)}, {_curves.trials_note(saved)}\n{told}")
    return picture


def _concerns(axis: str, algorithm: str) -> bool:
    """Whether a swept key is the algorithm's own, or nobody's."""
    return not axis.startswith("algorithms.") or axis.split(".")[1] == algorithm


def _mean(ends: "pd.DataFrame", row: "pd.DataFrame", column: "pd.DataFrame") -> float:
    """Mean over trials of the rows that are in both."""
    return float(ends[ERROR].loc[row.index.intersection(column.index)].mean(skipna=False))


FIGURE = Figure(
    title="The manual search behind Fig. 2a: error on held-out training images",
    columns=("algorithm", "trial", "epoch", "example", ERROR),
    probes=(ERROR,),
    record={"grid": "epochs", "probes": [ERROR]},
    quick={"trials": 1, "training.epochs": 1.0, "training.examples": 60_000},
    size=(style.WIDE, 3.4),
    draw=draw,
)
