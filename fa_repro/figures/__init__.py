"""Figures of the paper: each module here tabulates and draws one, from results alone, and is found by its file name.

A module defines `FIGURE`. It is imported for its title by commands that must be quick, so NumPy, pandas and
Matplotlib are imported inside the functions that need them. Modules whose name begins with an underscore are parts.
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
    """What a figure of the paper needs, and how it is drawn.

    Attributes
    ----------
    title : str
        What it reproduces.
    columns : tuple of str
        Columns of the main table, before those of the swept keys.
    probes : tuple of str
        Measurements that its runs must have.
    record : mapping
        The `record` block of a config that has none of its own.
    quick : mapping
        Dotted keys and the numbers that `--quick` cuts them down to.
    theory : tuple of str
        Studies of `fa_repro.theory` whose tables it draws, in place of runs; all of them are in the shipped config.
    size : (float, float)
        Width and height in inches.
    draw : callable
        `draw(fig, results)` draws saved results on an empty Matplotlib figure.
    claims : tuple of Claim
        What the paper claims of it.
    remarks : callable
        `remarks(results)` gives lines for a person on what the results say.
    make_tables : callable
        `make_tables(trained, axes)` gives tables by name from runs, each read once, and from the swept keys;
        `main` is the figure's own. None for the measurements of all runs, and nothing else.
    check_setup : callable
        `check_setup(setup)` raises ValueError if a run of this setup does not give what the figure draws.
    apart : mapping
        Algorithms that stay out of the main table, and the measurements that they must have in place of `probes`.
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
