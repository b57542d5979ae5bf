"""From saved results to a picture."""

import io
from typing import TYPE_CHECKING

from fa_repro import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from fa_repro.figures import Figure
    from fa_repro.results import Saved


def draw(figure: "Figure", saved: "Saved") -> "Canvas":
    """The picture of results, as a Matplotlib figure."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure as Canvas

    with rc_context(style.RC):
        canvas = Canvas(figsize=figure.size, layout="constrained")
        figure.draw(canvas, saved)
    return canvas


def render(canvas: "Canvas") -> bytes:
    """A Matplotlib figure as PNG; equal figures give equal bytes."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context(style.RC):
        canvas.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
