"""The manual search behind Fig. 2a: error on held-out training images over pairs of settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fa_repro import style
from fa_repro.figures import Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from fa_repro.results import Saved

ERROR = "validation_error_percent"


def draw(canvas: "Canvas", saved: "Saved") -> None:
    """One heat map of the error at the end for each algorithm, over the swept keys that concern it."""
    import numpy as np

    present = set(saved.table["algorithm"])
    algorithms = [name for name in saved.config["algorithms"] if name in present]
    panels = canvas.subplots(1, len(algorithms), squeeze=False)[0]
    ends = saved.table[saved.table["example"] == saved.table["example"].max()]
    sound = ends[ERROR].dropna()
    limits = (float(sound.min()), float(np.percentile(sound, 90))) if len(sound) else (0.0, 1.0)
    for ax, algorithm in zip(panels, algorithms, strict=True):
        picture = _panel(ax, saved, ends[ends["algorithm"] == algorithm], algorithm, limits)
    bar = canvas.colorbar(picture, ax=list(panels), extend="max", pad=0.02, aspect=25)
    bar.set_label(f"error on held-out training images (%), {ends['epoch'].max():g} epochs")
    bar.outline.set_visible(False)


def _panel(ax: "Axes", saved: "Saved", ends: "pd.DataFrame", algorithm: str, limits: tuple[float, float]) -> Any:
    """Mean over trials of each pair of settings, the best one framed."""
    from fa_repro.figures import _curves

    axes = [axis for axis in saved.config["sweep"] if ends[axis].nunique() > 1 and _concerns(axis, algorithm)]
    across, *up = axes or [next(iter(saved.config["sweep"]), "algorithm")]
    rows = [_curves.points(ends, up)] if up else [[("", ends)]]
    columns = list(dict.fromkeys(name for name, _ in _curves.points(ends, [across])))
    names = [name for name, _ in rows[0]]
    means = _means(rows[0], across, columns)
    picture = ax.imshow(means, origin="lower", aspect="auto", cmap="viridis_r", vmin=limits[0], vmax=limits[1])
    best = float(min((value for line in means for value in line if value == value), default=float("nan")))
    for y, line in enumerate(means):
        for x, value in enumerate(line):
            dark = value == value and value > sum(limits) / 2
            text = "div." if value != value else f"{value:.2f}"
            weight = "bold" if value == best else "normal"
            ax.text(x, y, text, ha="center", va="center", fontsize=7, color="w" if dark else "k", fontweight=weight)
    ax.set(xticks=range(len(columns)), xticklabels=columns, yticks=range(len(names)), yticklabels=names)
    ax.set(xlabel=_curves.axis_title([across]), ylabel=_curves.axis_title(up))
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set_title(f"{style.label(algorithm)}, {_curves.trials_note(saved)}\nbest: {best:.2f} %")
    return picture


def _concerns(axis: str, algorithm: str) -> bool:
    """Whether a swept key is the algorithm's own, or nobody's."""
    return not axis.startswith("algorithms.") or axis.split(".")[1] == algorithm


def _means(rows: "Sequence[tuple[str, pd.DataFrame]]", across: str, columns: Sequence[str]) -> list[list[float]]:
    from fa_repro.figures import _curves

    found = [
        {name: cell[ERROR].mean(skipna=False) for name, cell in _curves.points(part, [across])} for _, part in rows
    ]
    return [[float(line.get(name, float("nan"))) for name in columns] for line in found]


FIGURE = Figure(
    title="The manual search behind Fig. 2a: error on held-out training images",
    columns=("algorithm", "trial", "epoch", "example", ERROR),
    probes=(ERROR,),
    record={"grid": "epochs", "probes": [ERROR]},
    quick={"trials": 1, "training.epochs": 1},
    size=(style.WIDE, 3.4),
    draw=draw,
)
