"""A manual search for settings: error on held-out examples, over one setting or pairs of settings."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fa_repro.figures import Figure, main_labels
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
"""Errors that a search can minimise, with their labels."""


def error_of(names: Sequence[str]) -> str | None:
    """The first of `names` that is an error to minimise; None if there is none."""
    return next((name for name in names if name in ERRORS), None)


def check_setup(setup: "Setup") -> None:
    """Check that runs record the error to minimise, and no other.

    This is `validation_error_percent` for tasks with epochs, and `validation_nse` for others that hold out examples. A
    task that holds out none presents each example only once, so `nse`, measured before learning from it, is used.

    Raises
    ------
    ValueError
        If another error is recorded, or none.
    """
    needed = "validation_nse" if "validation" in setup.task.held_out else "nse"
    if setup.task.epoch is not None:
        needed = "validation_error_percent"
    if error_of(setup.record.probes) != needed:
        others = " or ".join(name for name in ERRORS if name != needed)
        raise ValueError(f"the figure needs {needed} among record.probes, without {others}")


def make_tables(trained: "TrainedRuns", axes: Sequence[str]) -> "Mapping[str, pd.DataFrame]":
    """Table `main`: the error of each run, with the epoch if the task has epochs."""
    from fa_repro.results.tables import observations

    return {"main": observations(trained, columns_of("main", [run.condition.setup for run in trained.runs]), axes)}


def columns_of(_: str, setups: Sequence["Setup"]) -> list[str]:
    """The columns of the main table."""
    epoch = ["epoch"] if any(setup.task.epoch is not None for setup in setups) else []
    errors = [str(error_of(setup.record.probes)) for setup in setups[:1]]
    return ["algorithm", "trial", *epoch, "example", *errors]


def _quantity(results: "FigureResults") -> "Quantity":
    from fa_repro.plotting.heatmaps import Quantity

    error = str(error_of([str(name) for name in results.table]))
    percent = error.endswith("_percent")
    return Quantity(error, ERRORS[error], logarithmic=not percent, unit=" %" if percent else "")


def draw(fig: "MatplotlibFigure", results: "FigureResults") -> None:
    """Draw the final error: lines if a single number is swept, otherwise heat maps over the keys of each algorithm."""
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
    labels=main_labels,
    columns_of=columns_of,
    check_setup=check_setup,
)
