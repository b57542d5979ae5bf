"""Rendering of saved results as a picture."""

import functools
import io
import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from fa_repro import isolation
from fa_repro.plotting import style
from fa_repro.results.picture_formats import FORMATS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fa_repro.results.figure_results import FigureResults

P = ParamSpec("P")
T = TypeVar("T")

Draw = Callable[["Figure", "FigureResults"], None]
"""Draws results on an empty Matplotlib figure."""


_drawing = threading.RLock()
_settings: ContextVar[dict[str, Any] | None] = ContextVar("settings", default=None)


def _in_our_style(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function draw in the package's style, whatever style, backend or number formats its caller has set.

    Matplotlib's settings belong to the process. While a picture is drawn, `rcParams` gives this thread settings of its
    own, so that plots of other threads have those of the caller.
    """

    @isolation.isolated
    def draw(mpl: Any, *args: P.args, **keys: P.kwargs) -> T:
        _settings.set({})
        mpl.rcdefaults()
        mpl.rcParams.update(style.RC)
        return function(*args, **keys)

    @functools.wraps(function)
    def wrapper(*args: P.args, **keys: P.kwargs) -> T:
        with _drawing:
            mpl = _matplotlib()
            before = type(mpl.rcParams)

            class OwnSettings(before):  # type: ignore[misc, valid-type]
                def _get(self, name: str) -> Any:
                    own = _settings.get() if self is mpl.rcParams else None
                    return super()._get(name) if own is None or name not in own else own[name]

                def _set(self, name: str, value: Any) -> None:
                    own = _settings.get() if self is mpl.rcParams else None
                    super()._set(name, value) if own is None else own.update({name: value})

            def work() -> T:
                mpl.rcParams.__class__ = OwnSettings
                return draw(mpl, *args, **keys)

            def restore() -> None:
                mpl.rcParams.__class__ = before

            return isolation.restoring(work, restore)

    return wrapper


def _matplotlib() -> Any:
    """Matplotlib with the backend that MPLBACKEND names, so that the caller's own plots use it; none is needed here."""
    try:
        import matplotlib
    except ValueError:  # the backend is not installed, which matters to nobody yet
        for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]  # left incomplete by the failed import
        backend = os.environ.pop("MPLBACKEND")
        try:
            import matplotlib
        finally:
            os.environ["MPLBACKEND"] = backend
    return matplotlib


@_in_our_style
def draw_figure(draw: Draw, size: tuple[float, float], results: "FigureResults") -> "Figure":
    """Draw results as a Matplotlib figure; `size` is its width and height in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    fig = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(fig)  # keeps one renderer; without it, each measurement of a text creates one, of megabytes
    draw(fig, results)
    style.plain_powers(fig)
    return fig


@_in_our_style
def save_figure(fig: "Figure", format: str = "png") -> bytes:
    """Render a Matplotlib figure as the content of a file; equal figures give equal bytes."""
    buffer = io.BytesIO()
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
