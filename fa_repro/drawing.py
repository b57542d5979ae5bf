"""From saved results to a picture."""

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fa_repro import style
from fa_repro.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from fa_repro.figures import Figure
    from fa_repro.results import Saved


FORMATS: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
    "svg": {"Creator": None, "Date": None},
}
"""Formats of pictures, the one that is always written first; each with what is left out, as it changes by itself."""


def formats(words: str | Iterable[str]) -> tuple[str, ...]:
    """Formats that are asked for, in the order of `FORMATS`; always with `png`.

    Raises
    ------
    ConfigError
        If there is none of this name.
    """
    each = (part for word in ([words] if isinstance(words, str) else words) for part in str(word).split(","))
    asked = {word.strip().lower() for word in each}
    unknown = sorted(asked - FORMATS.keys())
    if unknown:
        raise ConfigError([f"formats: there is no {word!r}, only {', '.join(FORMATS)}" for word in unknown])
    return tuple(name for name in FORMATS if name in asked | {"png"})


def draw(figure: "Figure", saved: "Saved") -> "Canvas":
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


def pictures(figure: "Figure", saved: "Saved", formats: Iterable[str]) -> "tuple[Canvas, dict[str, bytes]]":
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
