"""Create the tables of a figure from stored runs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fa_repro import isolation
from fa_repro.execution.missing import TrainingSummary
from fa_repro.figures import Figure
from fa_repro.results.store import Store
from fa_repro.training.runs import Outcome, Run

if TYPE_CHECKING:
    import pandas as pd


class RunLostError(Exception):
    """A stored run was damaged or removed after it had been looked up."""


@isolation.one_thread
def tabulate_runs(
    figure: Figure, runs: Sequence[Run], summary: TrainingSummary, store: Store, axes: Sequence[str]
) -> "Mapping[str, pd.DataFrame]":
    """The tables of a figure by name, with the main one under `main`. Every stored run is read and verified once.

    Parameters
    ----------
    figure : Figure
    runs : sequence of Run
        All runs of the config; failed runs are left out.
    summary : TrainingSummary
        The outcome of training them.
    store : Store
    axes : sequence of str
        Swept keys.

    Raises
    ------
    RunLostError
        If a run can no longer be read. It has been moved aside, so that it can be trained again.
    """
    from fa_repro.results.tables import TrainedRuns, observations

    def read(run: Run) -> Outcome:
        outcome = store.load(run, summary.stored[run.key])
        if outcome is None:
            raise RunLostError(f"a stored run of {run.condition} is damaged or missing")
        return outcome

    trained = TrainedRuns([run for run in runs if run.key in summary.stored], read)
    if figure.make_tables is not None:
        return figure.make_tables(trained, axes)
    return {"main": observations(trained, figure.columns, axes)}
