"""Tick labels of logarithmic axes in plain characters."""

import re

from matplotlib.ticker import LogFormatterSciNotation

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class PlainPowers(LogFormatterSciNotation):
    """Writes exponents as characters (10⁻³); Matplotlib's are at 0.7 of the font size."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return _plain(super().__call__(x, pos))


def _plain(words: str) -> str:
    """Tick labels that Matplotlib writes as `$\\mathdefault{2\\times10^{-3}}$`, in plain characters."""
    words = re.sub(r"\$\\mathdefault\{(.*)\}\$", r"\1", words).replace(r"\times", "\N{MULTIPLICATION SIGN}")
    return re.sub(r"\^\{(.*?)\}", lambda found: found[1].translate(_RAISED), words).replace("-", "\N{MINUS SIGN}")
