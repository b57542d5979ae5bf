"""Figures of the paper: each module tabulates and draws one from results alone, and is found by its file name.

A module defines `FIGURE`. Commands that must start quickly import it for its title, so NumPy, pandas and Matplotlib
are imported inside the functions that need them. Modules whose names begin with an underscore are helpers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fa_repro.claims.claim import Claim

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as MatplotlibFigure

    from fa_repro.results.figure_results import FigureResults
    from fa_repro.results.tables import TrainedRuns
    from fa_repro.training.runs import Setup

MakeTables = Callable[["TrainedRuns", Sequence[str]], "Mapping[str, pd.DataFrame]"]


Labels = Callable[[str, Sequence[Any]], Sequence[Mapping[str, Any]] | None]


def main_labels(table: str, runs: Sequence[Any]) -> Sequence[Mapping[str, Any]] | None:
    """The labels of a figure whose main table has the measurements of all runs, or the rows of all studies."""
    return [run.labels for run in runs] if table == "main" else None


@dataclass(frozen=True)
class Figure:
    """A figure of the paper: the data that it needs, and how it is drawn.

    Attributes
    ----------
    title : str
        What the figure reproduces.
    columns : tuple of str
        Columns of the main table; the columns of swept keys follow them.
    probes : tuple of str
        Probes that its runs must record.
    record : mapping
        Default `record` block, for configs without one.
    quick : mapping
        Upper limits that `--quick` sets, by dotted key.
    theory : tuple of str
        Studies of `fa_repro.theory` whose tables it draws instead of runs. The shipped config contains all of them.
    size : (float, float)
        Width and height in inches.
    draw : callable
        `draw(fig, results)` draws saved results on an empty Matplotlib figure.
    claims : tuple of Claim
        Claims that the paper makes about the figure.
    remarks : callable
        `remarks(results)` returns lines of text that summarise the results for the user.
    make_tables : callable
        `make_tables(trained, axes)` returns tables by name, given the trained runs (each is read once) and the swept
        keys; `main` is the figure's main table. If None, the only table contains the measurements of all runs.
    check_setup : callable
        `check_setup(setup)` raises ValueError if a run with this setup does not record what the figure draws.
    apart : mapping
        Algorithms kept out of the main table, each with the probes that it must record in place of `probes`.
    columns_of : callable, optional
        `columns_of(table, setups)` returns the columns of a table, if they depend on the setups of the runs.
    types : mapping
        Types (str, int, float, bool) of columns of the main table that only this figure has, for the check of saved
        results.
    extras : mapping
        For each further table, the types of its columns, in their order, before those of swept keys.
    labels : callable, optional
        `labels(table, runs)` returns what a saved table must have of the runs, or studies, that have not failed: the
        values of the columns that identify each curve, or each row if the table has no curves, or the rows of each
        study. None if the table cannot be checked like this. Needed with `make_tables` only.
    check_results : callable
        `check_results(results, runs, finished)` raises ValueError if saved results lack something else that is drawn or
        judged; `finished` are those of the runs that have not diverged. Studies check their own rows.
    """

    title: str
    columns: tuple[str, ...]
    quick: Mapping[str, float]
    size: tuple[float, float]
    draw: "Callable[[MatplotlibFigure, FigureResults], None]"
    probes: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    theory: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    remarks: "Callable[[FigureResults], Sequence[str]]" = lambda _: ()
    make_tables: MakeTables | None = None
    check_setup: "Callable[[Setup], None]" = lambda _: None
    apart: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns_of: "Callable[[str, Sequence[Setup]], Sequence[str]] | None" = None
    types: Mapping[str, type] = field(default_factory=dict)
    extras: Mapping[str, Mapping[str, type]] = field(default_factory=dict)
    labels: "Labels | None" = None
    check_results: "Callable[[FigureResults, Sequence[Any], Sequence[Any]], None]" = lambda *_: None
