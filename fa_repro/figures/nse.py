"""Fig. 4a: NSE of feedback alignment for several initial ranges of the forward weights."""

from typing import TYPE_CHECKING

from fa_repro import style
from fa_repro.figures import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from fa_repro.results import Saved


def draw(canvas: "Canvas", saved: "Saved") -> None:
    """One line per sweep point on a log axis, coloured by its value."""
    from fa_repro.figures import _sweeps

    _sweeps.swept(canvas, saved, _sweeps.nse)


FIGURE = Figure(
    title="Fig. 4a: feedback alignment from small and large initial weights",
    columns=("algorithm", "trial", "example", "nse"),
    probes=("nse",),
    record={"grid": "linear", "points": 201, "probes": ["nse"]},
    quick={"trials": 3, "training.examples": 2000, "record.points": 101},
    size=(style.WIDE * 0.75, 3.4),
    draw=draw,
)
