"""From stored runs to the tables of a figure."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fa_repro.execution.missing import TrainingSummary
from fa_repro.figures import Figure
from fa_repro.results.store import Store
from fa_repro.training.runs import Outcome, Run

if TYPE_CHECKING:
    import pandas as pd


class RunLostError(Exception):
    """A stored run turned out to be damaged, or has been removed, since it was looked for."""


def tabulate_runs(
    figure: Figure, runs: Sequence[Run], summary: TrainingSummary, store: Store, axes: Sequence[str]
) -> "Mapping[str, pd.DataFrame]":
    """The tables of a figure by name, `main` its own; every stored run is read and verified once.

    Parameters
    ----------
    figure : Figure
    runs : sequence of Run
        All runs of its config; those that failed are left out.
    summary : TrainingSummary
        What became of them.
    store : Store
    axes : sequence of str
        Swept keys.

    Raises
    ------
    RunLostError
        If a run cannot be read any more; it has been put aside, and can be trained again.
    """
    from fa_repro.results.tables import TrainedRuns, observations

    def read(run: Run) -> Outcome:
        outcome = store.load(run, summary.stored[run.key])
        if outcome is None:
            raise RunLostError(f"a stored run of {run.condition} is lost")
        return outcome

    trained = TrainedRuns([run for run in runs if run.key in summary.stored], read)
    if figure.make_tables is not None:
        return figure.make_tables(trained, axes)
    return {"main": observations(trained, figure.columns, axes)}
