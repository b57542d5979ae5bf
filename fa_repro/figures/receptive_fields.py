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
    from fa_repro.tables import Trained

UNITS = 100
"""Hidden units that are shown, drawn at random."""

COLUMNS = ("algorithm", "unit", "pixel", "weight")


def fields(trained: "Trained", axes: Sequence[str]) -> "pd.DataFrame":
    """The same units of the first trial at the start and after training with each algorithm."""
    from fa_repro.tables import receptive_fields

    return receptive_fields(trained, axes, UNITS)


def draw(canvas: "Canvas", saved: "Saved") -> None:
    """One mosaic of images for each algorithm: white for strong positive weights, black for strong negative ones."""
    import numpy as np

    from fa_repro.figures import _curves

    axes = list(saved.config["sweep"])
    mosaics = [
        (f"{style.label(str(algorithm))}{', ' if point else ''}{point}", part)
        for algorithm, rows in saved.table.groupby("algorithm", sort=False)
        for point, part in _curves.points(rows, axes)
    ]
    if not mosaics:
        canvas.text(0.5, 0.5, "every run diverged: no weights to show", ha="center")
        return
    order = ["initial", *saved.config["algorithms"]]
    mosaics.sort(key=lambda named: order.index(str(named[1]["algorithm"].iloc[0])))
    panels = canvas.subplots(-(-len(mosaics) // 2), min(2, len(mosaics)), squeeze=False).ravel()
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
    quick={"trials": 1, "training.epochs": 1},
    size=(style.WIDE, 7.6),
    draw=draw,
    table=fields,
)
