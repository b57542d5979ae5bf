"""Style of all figures: sizes, fonts, colours and names. Widths are in inches, font sizes in points."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

WIDE = 7.2
"""Width of every figure: two columns of a page."""

SMALL, LARGE = 7.0, 8.0
"""Font size of ticks, legends and notes, and of titles and labels. No text of a figure at its full size is smaller."""

RC: dict[str, Any] = {
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,  # whole fonts are embedded, as journals require, and text can be searched
    "svg.fonttype": "path",  # looks the same whatever fonts a reader has
    "svg.hashsalt": "fa_repro",  # the same identifiers each time
    "font.size": LARGE,
    "axes.titlesize": LARGE,
    "axes.labelsize": LARGE,
    "figure.titlesize": LARGE,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.title_fontsize": SMALL,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.2,
    "image.interpolation": "nearest",
}

# Backprop is black, feedback alignment green and shallow grey, as in the paper, in tones that colour-blind readers can
# tell apart (a lighter grey looks like this green to them). The others are from the palette of Okabe and Ito.
_COLOURS = {
    "shallow": "#5A5A5A",
    "reinforcement": "#E69F00",
    "backprop": "#000000",
    "feedback_alignment": "#009E73",
    "sparse_feedback_alignment": "#56B4E9",
}
_OTHERS = ("#CC79A7", "#0072B2", "#D55E00", "#F0E442")

_FAMILY = ("#0072B2", "#D55E00", "#CC79A7", "#882255", "#56B4E9", "#E69F00")
_LINES: tuple[Any, ...] = ("-", (0, (4, 1.3)), (0, (1, 1)), (0, (5, 1.2, 1, 1.2)), (0, (6, 1, 1, 1, 1, 1)))

SERIES = ("#000000", "#009E73", "#0072B2", "#D55E00", "#CC79A7", "#E69F00")
"""Colours of lines that do not stand for algorithms, in order."""

PATHS = ("#0072B2", "#CC79A7", "#D55E00", "#56B4E9", "#E69F00", "#882255")
"""Colours of paths drawn together with a green one."""

HOLDS, FAILS, ALARM = "#CFE8DD", "#D55E00", "#B00000"
"""Colours of areas where a statement holds and where it fails, and of words and crosses that mark failures."""

GUIDE, REFERENCE = "#808080", "#555555"
"""Colours of lines that guide the eye, and of the published curve's sample in a legend."""

BAND = 0.2
"""Opacity of bands."""

PUBLISHED: dict[str, Any] = {"linestyle": ":", "linewidth": 0.9}
"""Line style of published curves."""


def colour(algorithm: str, position: int = 0, rule: str | None = None) -> str:
    """Colour of an algorithm: that of its name or rule in the paper's figures, otherwise one chosen by its position."""
    return _COLOURS.get(algorithm) or _COLOURS.get(rule or "", _OTHERS[position % len(_OTHERS)])


def looks(rules: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Colour and line style of each algorithm in one picture; no two algorithms have both in common.

    Algorithms of the paper, or with a rule of the paper, keep their colours and have solid lines. Others have other
    colours and line styles, as long as there are enough of these.

    Parameters
    ----------
    rules : mapping of str to str
        The rule of each algorithm.
    """
    named = {name: name if name in _COLOURS else rule for name, rule in rules.items()}
    own = {name: _COLOURS[key] for name, key in named.items() if key in _COLOURS}
    free = [colour for colour in _FAMILY if colour not in own.values()]
    others = [name for name in rules if name not in own]
    chosen = own | {name: free[place % len(free)] for place, name in enumerate(others)}
    shift = {name: 1 + place % (len(_LINES) - 1) for place, name in enumerate(others)}
    found: dict[str, dict[str, Any]] = {}
    taken: set[tuple[str, int]] = set()
    for name in rules:
        tries = [(shift.get(name, 0) + step) % len(_LINES) for step in range(len(_LINES))]
        line = next((each for each in tries if (chosen[name], each) not in taken), tries[0])
        taken.add((chosen[name], line))
        found[name] = {"color": chosen[name], "linestyle": _LINES[line]}
    return found


def label(algorithm: str) -> str:
    """Name of an algorithm in pictures and text."""
    return algorithm.replace("_", " ")


def plain_powers(fig: "MatplotlibFigure") -> None:
    """Write exponents on logarithmic axes as plain characters (10⁻³); Matplotlib's are at 0.7 of the font size."""
    from matplotlib.ticker import LogFormatterSciNotation

    from fa_repro.plotting.powers import PlainPowers  # imported here because it needs Matplotlib

    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            for ticks in (axis.major, axis.minor):
                if isinstance(ticks.formatter, LogFormatterSciNotation):
                    ticks.formatter.__class__ = PlainPowers  # keeps its attributes
