"""Fig. S1: receptive fields of hidden units, before and after training."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fa_repro import style
from fa_repro.figures import Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Canvas

    from fa_repro.arrays import Array
    from fa_repro.results import Saved
    from fa_repro.runs import Setup
    from fa_repro.tables import Trained

UNITS = 100
"""Hidden units that are shown, drawn at random."""

MOST = 16
"""Mosaics that are drawn, at most."""

COLUMNS = ("algorithm", "unit", "pixel", "weight")


def fields(trained: "Trained", axes: Sequence[str]) -> "pd.DataFrame":
    """The same units of the first trial at the start and after training with each algorithm."""
    from fa_repro.tables import receptive_fields

    return receptive_fields(trained, axes, UNITS)


def check(setup: "Setup") -> None:
    """Weights must be kept, and inputs be square images."""
    inputs = setup.task.sizes[0]
    if not setup.record.weights:
        raise ValueError("the figure draws weights: set record.weights to true")
    if round(inputs**0.5) ** 2 != inputs:
        raise ValueError(f"the figure draws square images, and {inputs} inputs are none")


def draw(canvas: "Canvas", saved: "Saved") -> None:
    """One mosaic of images for each algorithm: white for strong positive weights, black for strong negative ones."""
    import numpy as np
    import pandas as pd

    from fa_repro.figures import _points

    axes = list(saved.config["sweep"])
    found = [
        (str(algorithm), f"{style.label(str(algorithm))}{', ' if point else ''}{point}", part)
        for algorithm, rows in saved.table.groupby("algorithm", sort=False)
        for point, part in _points.points(rows, axes)
    ]
    names = list(saved.config["algorithms"])
    order = ["initial", *(f"initial_{name}" for name in names), *names]
    different: dict[bytes, tuple[str, pd.DataFrame]] = {}  # at sweep points that do not concern it, it is the same
    for _, title, part in sorted(found, key=lambda each: order.index(each[0])):
        different.setdefault(part["weight"].to_numpy().tobytes(), (title, part))
    mosaics = list(different.values())[:MOST]
    if not mosaics:
        canvas.text(0.5, 0.5, "every run diverged or failed: no weights to show", ha="center")
        return
    down = -(-len(mosaics) // 2)
    canvas.set_size_inches(style.WIDE, (0.5 + 3.55 * down) if len(mosaics) > 1 else style.WIDE)
    if axes or len(different) > MOST:
        more = f"; {len(different) - MOST} more in the CSV" if len(different) > MOST else ""
        canvas.suptitle(f"{_points.axis_title(axes)}{more}", fontsize=8)
    panels = canvas.subplots(down, min(2, len(mosaics)), squeeze=False).ravel()
    for ax in panels:
        ax.axis("off")
    for ax, (title, part) in zip(panels, mosaics, strict=False):
        images = part.pivot(index="unit", columns="pixel", values="weight").to_numpy()
        limit = float(np.quantile(np.abs(images), 0.998)) or 1.0
        ax.imshow(mosaic(images), cmap="gray", vmin=-limit, vmax=limit)
        ax.set_title(f"{title} (black {-limit:.2g}, white {limit:.2g})")


def mosaic(images: "Array") -> "Array":
    """Square images, shape (n, pixels), in rows, with a line of NaN between."""
    import numpy as np

    side = round(images.shape[1] ** 0.5)
    across = int(np.ceil(len(images) ** 0.5))
    down = -(-len(images) // across)
    whole = np.full((down * (side + 1) - 1, across * (side + 1) - 1), np.nan)
    for number, image in enumerate(images):
        y, x = (side + 1) * (number // across), (side + 1) * (number % across)
        whole[y : y + side, x : x + side] = image.reshape(side, side)
    return whole


FIGURE = Figure(
    title="Fig. S1: receptive fields of hidden units at the start and after training",
    columns=COLUMNS,
    probes=(),
    record={"grid": "epochs", "probes": ["test_error_percent", "angle_backprop_deg"], "weights": True},
    quick={"trials": 1, "training.epochs": 1.0, "training.examples": 60_000},
    size=(style.WIDE, 7.6),
    draw=draw,
    table=fields,
    check=check,
)
