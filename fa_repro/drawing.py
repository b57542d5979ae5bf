"""From saved results to a picture."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fa_repro import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from fa_repro.figures import Figure
    from fa_repro.results import Saved


def draw(figure: "Figure", saved: "Saved") -> "Canvas":
    """The picture of results, as a Matplotlib figure."""
    with _our_style():
        from matplotlib.figure import Figure as Canvas

        canvas = Canvas(figsize=figure.size, layout="constrained")
        figure.draw(canvas, saved)
    return canvas


def render(canvas: "Canvas") -> bytes:
    """A Matplotlib figure as PNG; equal figures give equal bytes."""
    buffer = io.BytesIO()
    with _our_style():
        canvas.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


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
