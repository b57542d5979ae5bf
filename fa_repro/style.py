"""How every figure looks: sizes, type, colours and names. Widths in inches, type in points."""

import re
from typing import Any

WIDE = 7.2
"""Width of a figure across two columns of a page."""

RC: dict[str, Any] = {
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,  # fonts embedded whole, as journals ask for, and text that can be searched
    "svg.fonttype": "path",  # looks the same whatever fonts a reader has
    "svg.hashsalt": "fa_repro",  # the same identifiers each time
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.2,
    "image.interpolation": "nearest",
}

# Backprop black, feedback alignment green and shallow grey, as the paper draws them, in tones that colour-blind readers
# tell apart; the rest from Okabe and Ito's set.
_COLOURS = {
    "shallow": "#808080",
    "reinforcement": "#E69F00",
    "backprop": "#000000",
    "feedback_alignment": "#009E73",
    "sparse_feedback_alignment": "#56B4E9",
}
_OTHERS = ("#CC79A7", "#0072B2", "#D55E00", "#F0E442")

BAND = 0.2
"""Opacity of bands."""

PUBLISHED: dict[str, Any] = {"linestyle": ":", "linewidth": 0.9}
"""Lines of published curves."""


def colour(algorithm: str, position: int = 0) -> str:
    """Colour of an algorithm: its own in the paper's figures, else one by its position among the others."""
    return _COLOURS.get(stem(algorithm), _OTHERS[position % len(_OTHERS)])


def stem(algorithm: str) -> str:
    """Name of an algorithm without the number of layers that may end it, as in `backprop_4`."""
    return re.sub(r"_\d+$", "", algorithm)


def label(algorithm: str) -> str:
    """Name of an algorithm for a person."""
    return algorithm.replace("_", " ")
