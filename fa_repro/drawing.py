"""From saved results to a picture."""

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fa_repro import style
from fa_repro.results.formats import FORMATS

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from fa_repro.figures import Figure
    from fa_repro.results.figure_results import FigureResults


def draw(figure: "Figure", saved: "FigureResults") -> "Canvas":
    """The picture of results, as a Matplotlib figure."""
    with _our_style():
        from matplotlib.figure import Figure as Canvas

        canvas = Canvas(figsize=figure.size, layout="constrained")
        figure.draw(canvas, saved)
        style.plain_powers(canvas)
    return canvas


def render(canvas: "Canvas", format: str = "png") -> bytes:
    """A Matplotlib figure as a file; equal figures give equal bytes."""
    buffer = io.BytesIO()
    with _our_style():
        canvas.savefig(buffer, format=format, metadata=FORMATS[format])
    return buffer.getvalue()


def pictures(figure: "Figure", saved: "FigureResults", formats: Iterable[str]) -> "tuple[Canvas, dict[str, bytes]]":
    """The picture of results as a Matplotlib figure, that of the PNG, and as a file in each format.

    It is drawn anew for each: where things stand depends a little on what a figure was rendered as before.
    """
    canvases = {format_: draw(figure, saved) for format_ in formats}
    return canvases["png"], {format_: render(canvas, format_) for format_, canvas in canvases.items()}


@contextmanager
def _our_style() -> Iterator[None]:
    """Only our style, whatever backend or style the environment and a person's matplotlibrc ask for."""
    backend = os.environ.pop("MPLBACKEND", None)  # read at the first import; one that is not installed would end it
    try:
        import matplotlib as mpl
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(style.RC)
        yield
