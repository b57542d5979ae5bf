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
