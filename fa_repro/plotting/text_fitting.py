"""Titles, labels, ticks and numbers of heat maps, fitted into the space that the layout gives them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fa_repro.plotting.heatmaps import Panel
from fa_repro.plotting.labels import wrap
from fa_repro.plotting.style import ALARM, LARGE, SMALL
from fa_repro.typing import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure
    from matplotlib.text import Text

MOST_NUMBERS, MOST_TICKS = 100, 10
"""Maximum number of cells that have numbers written into them, and of ticks on a numeric axis."""

NAME_WIDTH = 24
"""Maximum number of characters in a line of a tick's name."""

LEAST_TICKS = 4
"""Minimum number of ticks left on a numeric axis if others are removed because they would overlap."""

_WIDE, _HIGH = 0.56, 1.3  # width of a character and height of a line, relative to the font size
_MARGIN = 0.92


def fit_text(fig: "MatplotlibFigure", panels: Sequence[Panel]) -> list[str]:
    """Write all texts that fit; return notes that explain the symbols drawn in place of others."""
    for each in panels:
        each.ax.set(xlabel=each.labels[0], ylabel=each.labels[1], title="\n".join(each.titles))
        _up(each, 1e3)
        _across(each, 50.0 * fig.get_figwidth() / _columns(each))
    _share(panels)
    _lay_out(fig)
    for each in panels:
        width, _ = _size(each.ax)
        _title(each, width)
        each.ax.set_xlabel(wrap(each.ax.get_xlabel(), _characters(width, LARGE)))
        _across(each, width)
    _share(panels)
    _lay_out(fig)
    for each in panels:
        _, height = _size(each.ax)
        each.ax.set_ylabel(wrap(each.ax.get_ylabel(), _characters(height, LARGE)))
        _up(each, height)
    _share(panels)
    _lay_out(fig)
    return _write(fig, panels)


def _lay_out(fig: "MatplotlibFigure") -> None:
    """Compute the layout of the panels, without drawing."""
    engine = fig.get_layout_engine()
    if engine is not None:
        engine.execute(fig)


def names_height(panel: Panel) -> float:
    """Height in inches of the names of all rows; 0 for numbers, as some of these can be left out."""
    lines = [wrap(name, NAME_WIDTH) for name in panel.names[1]]
    return 0.0 if _are_numbers(panel.names[1]) else len(lines) * max(map(_lines, lines)) * SMALL * _HIGH / 72


def _lines(text: str) -> int:
    return 1 + text.count("\n")


def _columns(panel: Panel) -> int:
    """Number of panels side by side."""
    spec = panel.ax.get_subplotspec()
    return spec.get_gridspec().ncols if spec is not None else 1


def _size(ax: "Axes") -> tuple[float, float]:
    """Width and height of a panel in points."""
    box = ax.get_window_extent()
    figure = ax.get_figure()
    dpi = figure.dpi if figure is not None else 72
    return float(box.width) / dpi * 72, float(box.height) / dpi * 72


def _characters(length: float, size: float) -> int:
    return max(8, int(length / (_WIDE * size)))


def _title(panel: Panel, width: float) -> None:
    """Set the title of a panel; if a word would be broken, it is smaller and extends a little beyond the panel."""
    longest = max(len(word) for line in panel.titles for word in line.split())
    size = LARGE if longest <= 1.1 * _characters(width, LARGE) else SMALL
    room = _characters(width, size)
    lines = [wrap(line, max(room, min(longest, int(1.15 * room)))) for line in panel.titles]
    panel.ax.set_title("\n".join(lines), fontsize=size)


def _are_numbers(names: Sequence[str]) -> bool:
    return all(name.replace(".", "").replace("-", "").replace("+", "").replace("e", "").isdigit() for name in names)


def _across(panel: Panel, width: float) -> None:
    """Label the columns: horizontally if the names fit, otherwise vertically; only every n-th if they are too many."""
    names, ax = panel.names[0], panel.ax
    cell, numbers = width / len(names), _are_numbers(names)
    many = numbers and len(names) > MOST_TICKS
    least = -(-len(names) // MOST_TICKS) if many else 1
    for step in range(least, (len(names) // LEAST_TICKS if many else 1) + 1):
        space = int(_MARGIN * step * cell / (_WIDE * SMALL))
        longest = max(len(word) for name in names[::step] for word in name.split(" "))
        lines = [name if numbers else wrap(name, max(1, space)) for name in names[::step]]
        if longest <= space and all(line.count("\n") < 3 for line in lines):
            ax.set_xticks(range(0, len(names), step), lines, rotation=0)
            return
    lines = [wrap(name, NAME_WIDTH) for name in names]
    step = max(least, _step(lines, cell))
    ax.set_xticks(range(0, len(names), step), lines[::step], rotation=90)


def _up(panel: Panel, height: float) -> None:
    """Label the rows, only every n-th if there are too many."""
    names = panel.names[1]
    lines = [wrap(name, NAME_WIDTH) for name in names]
    least = -(-len(names) // MOST_TICKS) if _are_numbers(names) else 1
    step = max(least, _step(lines, height / len(names)))
    panel.ax.set_yticks(range(0, len(names), step), lines[::step])


def _step(lines: Sequence[str], cell: float) -> int:
    """Smallest n such that the names of every n-th cell of this size do not overlap."""
    return max(1, int(np.ceil(max(map(_lines, lines)) * SMALL * _HIGH / cell)))


def _share(panels: Sequence[Panel]) -> None:
    """Remove labels of rows that the panel to the left has as well, and labels of columns that the panel below has."""
    at = {}
    for each in panels:
        spec = each.ax.get_subplotspec()
        if spec is not None:
            at[spec.rowspan.start, spec.colspan.start] = each
    for (row, column), each in at.items():
        left, below = at.get((row, column - 1)), at.get((row + 1, column))
        if left is not None and (left.labels[1], left.names[1]) == (each.labels[1], each.names[1]):
            each.ax.set_ylabel("")
            each.ax.set_yticklabels([""] * len(each.ax.get_yticks()))
        if below is not None and (below.labels[0], below.names[0]) == (each.labels[0], each.names[0]):
            each.ax.set_xlabel("")
            each.ax.set_xticklabels([""] * len(each.ax.get_xticks()))


def _write(fig: "MatplotlibFigure", panels: Sequence[Panel]) -> list[str]:
    """Write numbers into cells if they are few and fit, the best in bold; otherwise draw symbols and return notes."""
    notes: dict[str, None] = {}
    for each in panels:
        numbers = {(y, x): each.quantity.number(each.means[y, x]) for y, x in _cells(each, False)}
        if not _written(fig, each, numbers):
            _mark(each, each.means == each.best, "o", "none", _ink(each, each.best))
            notes["circle: the best"] = None
    for each in panels:
        if _written(fig, each, {(y, x): _fate(each, y, x) for y, x in _cells(each, True)}):
            continue
        missing = np.isnan(each.means) & (each.diverged == 0)
        _mark(each, each.diverged > 0, "x", ALARM, ALARM)
        notes |= {"cross: a run diverged": None} if each.diverged.any() else {}
        notes |= {"grey without a cross: no result": None} if missing.any() else {}
    return list(notes)


def _written(fig: "MatplotlibFigure", panel: Panel, words: Mapping[tuple[int, int], str]) -> bool:
    """Write words into cells, horizontally or vertically, if they fit; return whether they do."""
    if not words:
        return True
    if panel.means.size > MOST_NUMBERS:
        return False
    (width, height), (rows, columns) = _size(panel.ax), panel.means.shape
    texts = [_text(panel, y, x, each) for (y, x), each in words.items()]
    for angle, share in ((0, 0.96), (90, 0.7)):
        for text in texts:
            text.set_rotation(angle)
        boxes = [text.get_window_extent() for text in texts]
        across, up = (max(sizes) / fig.dpi * 72 for sizes in zip(*((b.width, b.height) for b in boxes), strict=True))
        if across <= share * width / columns and up <= 0.92 * height / rows:
            return True
    for text in texts:
        text.remove()
    return False


def _mark(panel: Panel, which: Array, marker: str, inside: str, edge: str) -> None:
    """Draw a symbol in some cells."""
    (width, height), (rows, columns) = _size(panel.ax), panel.means.shape
    size = max(2.0, min(6.0, 0.6 * width / columns, 0.6 * height / rows))
    y, x = np.nonzero(which)
    if not len(x):  # an empty line that is not clipped takes up room
        return
    look = {"markersize": size, "markerfacecolor": inside, "markeredgecolor": edge, "linestyle": "none"}
    panel.ax.plot(x, y, marker=marker, markeredgewidth=1.0, clip_on=False, **look)


def _cells(panel: Panel, empty: bool) -> list[tuple[int, int]]:
    return [(int(y), int(x)) for y, x in np.argwhere(np.isnan(panel.means) == empty)]


def _fate(panel: Panel, y: int, x: int) -> str:
    """Why a cell has no number."""
    diverged, runs = panel.diverged[y, x], panel.runs[y, x]
    if not diverged:
        return "none"
    return "diverged" if diverged == runs else f"{diverged} of {runs}\ndiverged"


def _text(panel: Panel, y: int, x: int, words: str) -> "Text":
    """Write words into a cell, dark on light or light on dark."""
    value = float(panel.means[y, x])
    weight = "bold" if value == panel.best else "normal"
    style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": SMALL, "fontweight": weight}
    return panel.ax.text(x, y, words, color=_ink(panel, value), **style)


def _ink(panel: Panel, value: float) -> str:
    """White on dark cells, black on light ones."""
    (image,) = panel.ax.get_images()
    return "w" if not np.isnan(value) and float(image.norm(value)) > 0.5 else "k"  # type: ignore[arg-type]
