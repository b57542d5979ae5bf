"""A manual search: error on examples held out for it, over one setting or pairs of them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fa_repro.figures import Figure
from fa_repro.plotting import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.plotting.heatmaps import Quantity
    from fa_repro.results.figure_results import FigureResults
    from fa_repro.results.tables import TrainedRuns
    from fa_repro.training.runs import Setup

ERRORS = {
    "validation_error_percent": "error on held-out training images (%)",
    "validation_nse": "NSE of held-out examples",
    "nse": "NSE of examples not yet learned",
}
"""What can be searched for the least of, each with its name for a person."""


def error_of(names: Sequence[str]) -> str | None:
    """The one of `names` that is an error on examples held out for a search, if there is one."""
    return next((name for name in names if name in ERRORS), None)


def check_setup(setup: "Setup") -> None:
    """Refuse runs that do not measure the error on held-out examples: that of classes where there are any.

    A task that holds none out gives each example once, and its error before it is learned from.
    """
    needed = "validation_nse" if "validation" in setup.task.held_out else "nse"
    if setup.task.epoch is not None:
        needed = "validation_error_percent"
    if error_of(setup.record.probes) != needed:
        raise ValueError(f"the figure needs {needed} among record.probes, and no other of {', '.join(ERRORS)}")


def make_tables(trained: "TrainedRuns", axes: Sequence[str]) -> "Mapping[str, pd.DataFrame]":
    """`main`, the error of each run, with the epoch where there are epochs."""
    from fa_repro.results.tables import observations

    setups = [run.condition.setup for run in trained.runs]
    epoch = ["epoch"] if any(setup.task.epoch is not None for setup in setups) else []
    errors = [str(error_of(setup.record.probes)) for setup in setups[:1]]
    return {"main": observations(trained, ["algorithm", "trial", *epoch, "example", *errors], axes)}


def _quantity(results: "FigureResults") -> "Quantity":
    from fa_repro.plotting.heatmaps import Quantity

    error = str(error_of([str(name) for name in results.table]))
    percent = error.endswith("_percent")
    return Quantity(error, ERRORS[error], logarithmic=not percent, unit=" %" if percent else "")


def draw(fig: "MatplotlibFigure", results: "FigureResults") -> None:
    """The error at the end: lines against one swept number; else heat maps, for each algorithm over its keys."""
    from fa_repro.plotting import search, sweeps

    if search.is_line(results):
        search.draw_lines(fig, results, _quantity(results))
    else:
        sweeps.draw_maps(fig, results, [_quantity(results)])


def remarks(results: "FigureResults") -> list[str]:
    """The best point of each algorithm."""
    from fa_repro.plotting import search

    return list(search.best_lines(results, _quantity(results)))


FIGURE = Figure(
    title="A manual search: error on examples held out for it",
    columns=("algorithm", "trial", "epoch", "example", *ERRORS),
    record={"grid": "epochs", "probes": ["validation_error_percent"]},
    quick={"trials": 1, "training.epochs": 1.0, "training.examples": 60_000},
    size=(style.WIDE, 3.4),
    draw=draw,
    remarks=remarks,
    make_tables=make_tables,
    check_setup=check_setup,
)
