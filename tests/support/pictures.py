"""Stand-ins for pictures, as drawing and rendering them is half of what a command takes."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from fa_repro.plotting import render

if TYPE_CHECKING:  # worker processes import this module as their main one
    import pytest

    from fa_repro.results.figure_results import FigureResults


class Undrawn:
    """In place of a figure: what it would be drawn from."""

    def __init__(self, results: "FigureResults") -> None:
        from pandas.util import hash_pandas_object

        digest = hashlib.sha256(json.dumps(results.config).encode())
        for table in (results.table, *results.extra.values()):
            digest.update(hash_pandas_object(table).to_numpy().tobytes())
        self.digest = digest.digest()


def draw_figure(_draw: Any, _size: Any, results: "FigureResults") -> Any:
    """In place of `render.draw_figure`."""
    return Undrawn(results)


def save_figure(fig: Any, format: str = "png") -> bytes:
    """In place of `render.save_figure`: equal for equal results and formats, and for no others."""
    return (format.encode() + getattr(fig, "digest", b" drawn")) * 2000  # about as large


def stand_in(patch: "pytest.MonkeyPatch", draws: bool = False) -> None:
    """Render nothing; and draw nothing, unless `draws`."""
    patch.setattr(render, "save_figure", save_figure)
    if not draws:
        patch.setattr(render, "draw_figure", draw_figure)


def main() -> None:
    """`python -m tests.support.pictures WORDS...`: the command line without drawing."""
    from fa_repro import __main__

    render.draw_figure, render.save_figure = draw_figure, save_figure
    __main__.main()


if __name__ == "__main__":
    main()
