"""How every figure looks: sizes, type, colours and names. Widths in inches, type in points."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

WIDE = 7.2
"""Width of every figure: two columns of a page."""

SMALL, LARGE = 7.0, 8.0
"""Type of ticks, legends and notes, and of titles and labels; nothing is smaller at the size that is published."""

RC: dict[str, Any] = {
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,  # fonts embedded whole, as journals ask for, and text that can be searched
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

# Backprop black, feedback alignment green and shallow grey, as the paper draws them, in tones that colour-blind readers
# tell apart (a lighter grey is the green of those who do not see green); the rest from Okabe and Ito's set.
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
"""Lines that are no algorithms, in their order."""

PATHS = ("#0072B2", "#CC79A7", "#D55E00", "#56B4E9", "#E69F00", "#882255")
"""Paths beside one in green."""

HOLDS, FAILS, ALARM = "#CFE8DD", "#D55E00", "#B00000"
"""Areas where a statement holds and where not; words and crosses that tell of what went wrong."""

GUIDE, REFERENCE = "#808080", "#555555"
"""Lines that guide the eye, and a published curve's sample in a legend."""

BAND = 0.2
"""Opacity of bands."""

PUBLISHED: dict[str, Any] = {"linestyle": ":", "linewidth": 0.9}
"""Lines of published curves."""


def colour(algorithm: str, position: int = 0, rule: str | None = None) -> str:
    """Colour of an algorithm: its own or its rule's in the paper's figures, else one by position among the others."""
    return _COLOURS.get(algorithm) or _COLOURS.get(rule or "", _OTHERS[position % len(_OTHERS)])


def looks(rules: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Colour and line of each algorithm in one picture; no two are alike, and those of one colour differ in line.

    Algorithms of the paper, or with a rule of the paper, keep their colours and lines drawn through; others have
    neither if few enough are there.

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
    """Name of an algorithm for a person."""
    return algorithm.replace("_", " ")


def plain_powers(fig: "MatplotlibFigure") -> None:
    """Have logarithmic axes write 10⁻³ in the type of the other ticks; Matplotlib's own exponents are at 0.7 of it."""
    from matplotlib.ticker import LogFormatterSciNotation

    class Powers(LogFormatterSciNotation):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return _plain(super().__call__(x, pos))

    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            for ticks in (axis.major, axis.minor):
                if isinstance(ticks.formatter, LogFormatterSciNotation):
                    ticks.formatter.__class__ = Powers  # and what it knows of its axis with it


def _plain(words: str) -> str:
    """What Matplotlib writes as `$\\mathdefault{2\\times10^{-3}}$`, in plain characters."""
    words = re.sub(r"\$\\mathdefault\{(.*)\}\$", r"\1", words).replace(r"\times", "\N{MULTIPLICATION SIGN}")
    return re.sub(r"\^\{(.*?)\}", lambda found: found[1].translate(_RAISED), words).replace("-", "\N{MINUS SIGN}")


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
