"""Heat maps of the final values of runs over pairs of swept settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fa_repro.plotting.labels import axis_title, canonical
from fa_repro.typing import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

    from fa_repro.results.figure_results import FigureResults

DECADES = 1e4
"""Maximum ratio between the ends of a logarithmic colour scale."""

_SMALLEST, _LARGEST = 1e-40, 1e30  # of values drawn on a logarithmic scale


@dataclass(frozen=True)
class Quantity:
    """A measured quantity, and how it is drawn.

    Attributes
    ----------
    column : str
        Its column in the table.
    label : str
        Its label in pictures.
    logarithmic : bool
        Whether means and colours are of its logarithm.
    digits : int
        Decimals of its values, if it is not logarithmic.
    unit : str
        Written after a value in titles.
    title : str
        Distinguishes it from other quantities in the same picture.
    least : str
        Word for its smallest value.
    """

    column: str
    label: str
    logarithmic: bool = False
    digits: int = 2
    unit: str = ""
    title: str = ""
    least: str = "best"

    def number(self, value: float) -> str:
        """A value as short text."""
        if not self.logarithmic:
            return f"{value:.{self.digits}f}"
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}" if int(exponent) else mantissa

    def finite(self, values: Array) -> Array:
        """Values as they are drawn: NaN if not finite, and clipped on a logarithmic scale."""
        values = np.where(np.isfinite(values), values, np.nan)
        return np.clip(values, _SMALLEST, _LARGEST) if self.logarithmic else values

    def mean(self, values: Array) -> float:
        """Mean over runs, geometric on a logarithmic scale; NaN if one of them is not finite."""
        values = self.finite(values)
        return float(np.exp(np.log(values).mean()) if self.logarithmic else values.mean())


def colour_norm(quantity: Quantity, values: Array) -> "Normalize":
    """Colour scale from the smallest of all values to their 90th percentile."""
    from matplotlib.colors import LogNorm, Normalize

    sound = quantity.finite(values)
    sound = sound[~np.isnan(sound)]
    low, high = (float(sound.min()), float(np.percentile(sound, 90))) if len(sound) else (0.1, 1.0)
    if quantity.logarithmic:
        low = max(low, high / DECADES)
    if low == high:
        low, high = (0.5 * low, 2 * high) if low > 0 else (low, low + 1.0)
    return (LogNorm if quantity.logarithmic else Normalize)(low, high, clip=True)


@dataclass
class Panel:
    """One heat map, and the data of its cells.

    Attributes
    ----------
    ax : Axes
    quantity : Quantity
    labels : (str, str)
        Labels of the horizontal and the vertical axis; empty for an axis that is missing.
    names : (list of str, list of str)
        Names of columns and of rows.
    means : array, shape (rows, columns)
        Mean over runs; NaN if a run diverged or there are no runs.
    runs, diverged : arrays of int, shape (rows, columns)
        Number of runs, and of those that diverged.
    titles : list of str
        Lines of its title.
    """

    ax: "Axes"
    quantity: Quantity
    labels: tuple[str, str]
    names: tuple[list[str], list[str]]
    means: Array
    runs: Array
    diverged: Array
    titles: list[str] = field(default_factory=list)

    @property
    def best(self) -> float:
        """The smallest mean; NaN if there is none."""
        sound = self.means[~np.isnan(self.means)]
        return float(sound.min()) if len(sound) else float("nan")

    @property
    def verdict(self) -> str:
        """Summary of all cells for the title."""
        if not np.isnan(self.best):
            return f"{self.quantity.least}: {self.quantity.number(self.best)}{self.quantity.unit}"
        if not self.diverged.any():
            return "not measured"
        return "every run diverged" if (self.diverged == self.runs).all() else "no cell without divergence"


def has_diverged(results: "FigureResults", ends: "pd.DataFrame") -> Array:
    """Whether the run of each row diverged: shape (rows,)."""
    keys = ["algorithm", "trial", *results.config["sweep"]]
    known = {tuple(canonical(each[key]) for key in keys) for each in results.manifest["diverged"]}
    rows = zip(*(map(canonical, ends[key]) for key in keys), strict=True)
    return np.array([row in known for row in rows], dtype=bool)


def draw_panel(
    ax: "Axes",
    ends: "pd.DataFrame",
    quantity: Quantity,
    axes: tuple[str, str],
    known: Mapping[str, Mapping[Any, str]],
    algorithm: str,
    titles: Sequence[str],
    colours: "Normalize",
) -> Panel:
    """Draw a heat map over two axes, over one axis, or of a single cell.

    Parameters
    ----------
    ax : Axes
    ends : DataFrame
        One row for each run; column `diverged` is true if the run diverged.
    quantity : Quantity
    axes : (str, str)
        Swept keys along the horizontal and the vertical axis; empty for none.
    known : mapping
        The name of each value, by axis.
    algorithm : str
        The algorithm of the runs.
    titles : sequence of str
        Lines of the title above the summary of the cells.
    colours : Normalize
        Colour scale.
    """
    from matplotlib import colormaps

    names = [{value: name for value, name in known[axis].items() if value in set(ends[axis])} for axis in axes if axis]
    columns, rows = (names.pop(0) if axis else {"": ""} for axis in axes)
    place = [{value: number for number, value in enumerate(own)} for own in (columns, rows)]
    swept, shape = [axis for axis in axes if axis], (len(rows), len(columns))
    means, runs, diverged = np.full(shape, np.nan), np.zeros(shape, int), np.zeros(shape, int)
    for key, part in ends.groupby(swept) if swept else [((), ends)]:
        values = iter(key)
        x, y = (own[next(values) if axis else ""] for own, axis in zip(place, axes, strict=True))
        ended = part[quantity.column].to_numpy(dtype=float)
        means[y, x], runs[y, x] = quantity.mean(ended), len(part)
        diverged[y, x] = (part["diverged"].to_numpy(dtype=bool) | np.isinf(ended)).sum()
    cells = colormaps["viridis_r"].with_extremes(bad="#E4E4E4")
    ax.imshow(means, origin="lower", aspect="auto", cmap=cells, norm=colours)
    ax.autoscale(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    across, up = (axis_title([axis], algorithm) if axis else "" for axis in axes)
    named = list(columns.values()), list(rows.values())
    found = Panel(ax, quantity, (across, up), named, means, runs, diverged)
    found.titles = [*titles, found.verdict]
    return found
