"""Rendering of saved results as a picture."""

import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fa_repro.plotting import style
from fa_repro.results.picture_formats import FORMATS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fa_repro.results.figure_results import FigureResults

Draw = Callable[["Figure", "FigureResults"], None]
"""Draws results on an empty Matplotlib figure."""


def draw_figure(draw: Draw, size: tuple[float, float], results: "FigureResults") -> "Figure":
    """Draw results as a Matplotlib figure; `size` is its width and height in inches."""
    with _our_style():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        fig = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(fig)  # keeps one renderer; without it, each measurement of a text creates one, of megabytes
        draw(fig, results)
        style.plain_powers(fig)
    return fig


def save_figure(fig: "Figure", format: str = "png") -> bytes:
    """Render a Matplotlib figure as the content of a file; equal figures give equal bytes."""
    buffer = io.BytesIO()
    with _our_style():
        fig.savefig(buffer, format=format, metadata=FORMATS[format])
    return buffer.getvalue()


def draw_formats(
    draw: Draw, size: tuple[float, float], results: "FigureResults", formats: Iterable[str]
) -> "tuple[Figure, dict[str, bytes]]":
    """Draw results; return the Matplotlib figure of the PNG, and the content of a file in each format.

    The figure is drawn anew for each format, since its layout depends slightly on formats it was rendered in before.
    """
    figures = {format_: draw_figure(draw, size, results) for format_ in formats}
    return figures["png"], {format_: save_figure(fig, format_) for format_, fig in figures.items()}


@contextmanager
def _our_style() -> Iterator[None]:
    """Use only the package's style, whatever backend or style the environment and the user's matplotlibrc ask for."""
    backend = os.environ.pop("MPLBACKEND", None)  # the first import reads it, and fails if it is not installed
    try:
        import matplotlib as mpl
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(style.RC)
        yield
