"""Fig. S1: receptive fields of hidden units, before and after training."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from fa_repro.claims import evidence
from fa_repro.claims.claim import Claim, Measured, NotMeasurableError, Verdict
from fa_repro.claims.evidence import LEVEL
from fa_repro.figures import Figure
from fa_repro.plotting import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.results.figure_results import FigureResults
    from fa_repro.results.tables import TrainedRuns
    from fa_repro.training.runs import Run, Setup
    from fa_repro.typing import Array

UNITS = 100
"""Number of hidden units that are shown, chosen at random."""

MOST = 16
"""Maximum number of mosaics that are drawn."""

COLUMNS = ("algorithm", "unit", "pixel", "weight")


def make_tables(trained: "TrainedRuns", axes: Sequence[str]) -> "Mapping[str, pd.DataFrame]":
    """Table `main`: weights of the same units of the first trial, before and after training with each algorithm."""
    from fa_repro.results.tables import receptive_field_table

    return {"main": receptive_field_table(trained, axes, UNITS)}


def check_setup(setup: "Setup") -> None:
    """Check that weights are recorded and inputs are square images.

    Raises
    ------
    ValueError
        If they are not.
    """
    inputs = setup.task.sizes[0]
    if not setup.record.weights:
        raise ValueError("the figure draws weights: set record.weights to true")
    if round(inputs**0.5) ** 2 != inputs:
        raise ValueError(f"the figure draws square images, but {inputs} inputs do not form a square")


def check_results(results: "FigureResults", runs: Sequence["Run"], finished: Sequence["Run"]) -> None:
    """Check that there are square images of units before training, and after it with each run of the first trial.

    Raises
    ------
    ValueError
        If there are not.
    """
    from fa_repro.results.layout import check_labels, check_rectangles

    table, first = results.table, min((run.trial for run in runs), default=0)
    labels = [{"algorithm": run.condition.algorithm, **run.condition.swept} for run in finished if run.trial == first]
    at_start = table["algorithm"].str.startswith("initial")  # no algorithm may have such a name
    check_labels(table[~at_start], labels)
    check_labels(table[table["algorithm"] == "initial"], [{**each, "algorithm": "initial"} for each in labels])
    if not set(table["algorithm"][at_start]) <= {"initial", *(f"initial_{each['algorithm']}" for each in labels)}:
        raise ValueError("initial weights of an algorithm that the config does not have")
    parts = ["algorithm", *results.config["sweep"]]
    check_rectangles("main", table, parts, "unit", "pixel")
    pixels = set(table.groupby(parts, sort=False)["pixel"].nunique())
    if not pixels <= {run.condition.setup.task.sizes[0] for run in finished} or table["weight"].isna().any():
        raise ValueError("expected a weight for each unit and pixel")


def draw(fig: "MatplotlibFigure", results: "FigureResults") -> None:
    """Draw a mosaic of images for each algorithm: white are strong positive weights, black strong negative ones."""
    import numpy as np
    import pandas as pd

    from fa_repro.plotting import labels

    axes = list(results.config["sweep"])
    found = [
        (str(algorithm), f"{style.label(str(algorithm))}{', ' if point else ''}{point}", part)
        for algorithm, rows in results.table.groupby("algorithm", sort=False)
        for point, part in labels.sweep_points(rows, axes)
    ]
    names = list(results.config["algorithms"])
    order = ["initial", *(f"initial_{name}" for name in names), *names]
    different: dict[bytes, tuple[str, pd.DataFrame]] = {}  # without repeats at sweep points that do not affect weights
    for _, title, part in sorted(found, key=lambda each: order.index(each[0])):
        different.setdefault(part["weight"].to_numpy().tobytes(), (title, part))
    mosaics = list(different.values())[:MOST]
    if not mosaics:
        fig.text(0.5, 0.5, "every run diverged or failed: no weights to show", ha="center")
        return
    down = -(-len(mosaics) // 2)
    fig.set_size_inches(style.WIDE, (0.5 + 3.55 * down) if len(mosaics) > 1 else style.WIDE)
    if axes or len(different) > MOST:
        more = f"; {len(different) - MOST} more in the CSV" if len(different) > MOST else ""
        fig.suptitle(f"{labels.axis_title(axes)}{more}")
    panels = fig.subplots(down, min(2, len(mosaics)), squeeze=False).ravel()
    for ax in panels:
        ax.axis("off")
    for ax, (title, part) in zip(panels, mosaics, strict=False):
        images = part.pivot(index="unit", columns="pixel", values="weight").to_numpy()
        limit = float(np.quantile(np.abs(images), 0.998)) or 1.0
        ax.imshow(mosaic(images), cmap="gray", vmin=-limit, vmax=limit)
        ax.set_title(f"{title} (black {-limit:.2g}, white {limit:.2g})")


def mosaic(images: "Array") -> "Array":
    """Arrange square images, shape (n, pixels), in a grid, with lines of NaN between them."""
    import numpy as np

    side = round(images.shape[1] ** 0.5)
    across = int(np.ceil(len(images) ** 0.5))
    down = -(-len(images) // across)
    whole = np.full((down * (side + 1) - 1, across * (side + 1) - 1), np.nan)
    for number, image in enumerate(images):
        y, x = (side + 1) * (number // across), (side + 1) * (number % across)
        whole[y : y + side, x : x + side] = image.reshape(side, side)
    return whole


EPOCHS = 30.0
"""Number of epochs after which the paper shows its units."""

HALF = 0.5
"""Fraction of the value for backprop's units that feedback alignment's units must reach."""

DIRECTIONS = 10
"""Number of leading directions of the units' weights that are compared."""

SHUFFLES = 200
"""Number of shuffles of the pixels that show which overlap is due to chance."""


def _fields(results: "FigureResults", algorithm: str) -> "tuple[Array, Array]":
    """Weights of the units after training and at the start, shape (units, pixels)."""
    import numpy as np

    part = evidence.rows(results, algorithm)
    epochs = results.config["training"].get("epochs") or 0.0
    if epochs < 0.99 * EPOCHS:
        raise NotMeasurableError(Verdict.NOT_ENOUGH, f"trained for {epochs:g} of {EPOCHS:g} epochs")
    names = set(results.table["algorithm"])
    start = results.table[
        results.table["algorithm"] == (own if (own := f"initial_{algorithm}") in names else "initial")
    ]
    if part["unit"].nunique() < 2 * DIRECTIONS:
        raise NotMeasurableError(
            Verdict.NOT_ENOUGH, f"{part['unit'].nunique()} units, at least {2 * DIRECTIONS} are needed"
        )
    after, before = (
        each.pivot(index="unit", columns="pixel", values="weight").to_numpy(dtype=np.float64) for each in (part, start)
    )
    return after, before


def _smoothness(fields: "Array") -> "Array":
    """Correlation of neighbouring pixels in each unit's image, about 0 if random: shape (units, pixels) -> (units,)."""
    import numpy as np

    side = round(fields.shape[1] ** 0.5)
    images = fields.reshape(-1, side, side)
    pairs = [(images[:, :, :-1], images[:, :, 1:]), (images[:, :-1], images[:, 1:])]
    first, second = (np.concatenate([each[k].reshape(len(images), -1) for each in pairs], axis=1) for k in (0, 1))
    first, second = (each - each.mean(axis=1, keepdims=True) for each in (first, second))
    scale = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    return (first * second).sum(axis=1) / np.where(scale > 0, scale, np.inf)


def _overlap(first: "Array", second: "Array") -> float:
    """Mean squared cosine of the principal angles between the leading directions of two sets of units, 0 to 1."""
    import numpy as np

    leading = [np.linalg.svd(each, full_matrices=False)[2][:DIRECTIONS] for each in (first, second)]
    return float(np.linalg.norm(leading[0] @ leading[1].T) ** 2 / DIRECTIONS)


def _structured(algorithm: str) -> "Callable[[FigureResults], Measured]":
    def judge(results: "FigureResults") -> Measured:
        after, before = (_smoothness(each) for each in _fields(results, algorithm))
        target = float(_smoothness(_fields(results, "backprop")[0]).mean())
        found = evidence.mean_within(after, HALF * target, 1.0)
        gained = evidence.is_below(before - after)
        text = f"{found.text}, backprop {target:.3g}, start {before.mean():.3g}; above its start p = {gained.p:.0e}"
        holds = found.holds if gained.holds else False
        return Measured(text, holds, found.value, found.low, found.high, gained.p)

    return judge


def _alike(algorithm: str) -> "Callable[[FigureResults], Measured]":
    def judge(results: "FigureResults") -> Measured:
        import numpy as np

        learned, target = _fields(results, algorithm)[0], _fields(results, "backprop")[0]
        # Compare with other units of backprop, since the same units started from the same weights.
        ceiling = _overlap(target[::2], target[1::2])
        found = _overlap(learned[::2], target[1::2])
        generator = np.random.default_rng(0)
        shuffled = [_overlap(generator.permuted(learned[::2], axis=1), target[1::2]) for _ in range(SHUFFLES)]
        p = (1 + sum(each >= found for each in shuffled)) / (1 + SHUFFLES)
        most = max(shuffled)
        text = f"overlap {found:.3f}, backprop's halves {ceiling:.3f}, shuffled at most {most:.3f}, p = {p:.0e}"
        return Measured(text, bool(found >= HALF * ceiling and p < evidence.LEVEL), found, p=p)

    return judge


def _alike_claim(algorithm: str, whose: str) -> Claim:
    return Claim(
        f"{algorithm}_alike",
        f"{whose} feature detectors are similar to backprop's",
        "Fig. S1",
        f"overlap of the {DIRECTIONS} leading directions of units with those of other units of backprop: at least "
        f"{HALF:g} of that between two halves of backprop's own, and above shuffled pixels with p < {LEVEL:g}",
        _alike(algorithm),
        published="similar, by eye",
    )


CLAIMS = (
    Claim(
        "feedback_alignment_structured",
        "Feedback alignment learns feature detectors with structure",
        "Fig. S1",
        f"correlation of neighbouring pixels, with its 95 % interval over units, at least {HALF:g} of backprop's, and "
        f"above that at the start by a paired t-test over units, p < {LEVEL:g}",
        _structured("feedback_alignment"),
        published="by eye",
    ),
    _alike_claim("feedback_alignment", "Feedback alignment's"),
    _alike_claim("sparse_feedback_alignment", "Sparse feedback alignment's"),
)

FIGURE = Figure(
    title="Fig. S1: receptive fields of hidden units at the start and after training",
    columns=COLUMNS,
    probes=(),
    record={"grid": "epochs", "probes": ["test_error_percent", "angle_backprop_deg"], "weights": True},
    quick={"trials": 1, "training.epochs": 1.0, "training.examples": 60_000},
    size=(style.WIDE, 7.6),
    draw=draw,
    make_tables=make_tables,
    types={"unit": int, "pixel": int},
    labels=lambda *_: None,
    check_results=check_results,
    check_setup=check_setup,
    claims=CLAIMS,
)
