"""From a resolved config to tables: train what is missing, or carry out studies."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fa_repro.config.resolve import Config
from fa_repro.errors import FaReproError, StorageError
from fa_repro.execution.executor import Execution
from fa_repro.execution.missing import Begin, train_missing
from fa_repro.execution.progress import Progress
from fa_repro.figures import Figure
from fa_repro.results.store import Store
from fa_repro.theory import Study
from fa_repro.training.runs import Outcome, Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Made:
    """What a config came to; `about` is for the manifest, the rest as in `Result`."""

    table: "pd.DataFrame"
    extra: "Mapping[str, pd.DataFrame]"
    about: dict[str, Any]
    trained: int
    found: int
    diverged: list[tuple[Run, int]]
    failed: list[tuple[Run | Study, str]]


def computed(config: Config, figure: Figure, progress: Progress, label: str) -> Made:
    """The studies of a figure that trains nothing, carried out anew: they take seconds."""
    from fa_repro.execution.studies import compute  # which needs pandas

    began = time.monotonic()
    done = compute(config.studies, figure.columns, config.axes, progress, label)
    extra = {name: table for name, table in done.tables.items() if name != "main"}
    about = {
        "studies": len(config.studies),
        "diverged": [],
        "failed": [{"study": study.name, **study.swept, "reason": reason} for study, reason in done.failed],
        "seconds": {"computing": round(time.monotonic() - began, 3)},
    }
    return Made(done.tables["main"], extra, about, 0, 0, [], [*done.failed])


def trained(
    config: Config, figure: Figure, store: Store, how: Execution, progress: Progress, label: str, begin: Begin
) -> Made:
    """The runs of a figure: those that are stored, and the others trained now; for `begin` see `train_missing`."""
    runs = config.runs()
    ledger = train_missing(runs, store, how, progress, label, begin)
    there = [run for run in runs if run.key in ledger.known]
    failed = {run.key: (run, ledger.reasons[run.key]) for run in runs if run.key in ledger.reasons}
    if not there:
        raise FaReproError(
            f"{label}: every run failed, nothing was written. The first: {next(iter(failed.values()))[1]}"
        )
    diverged = [(run, at) for run in there if (at := ledger.known[run.key].diverged_at) is not None]
    about = {
        "runs": len({run.key for run in runs}),
        "diverged": [{**run.labels, "example": at} for run, at in diverged],
        "failed": [{**run.labels, "reason": ledger.reasons[run.key]} for run in runs if run.key in ledger.reasons],
        # Of all runs, whenever they were trained; how long this command took is added when it ends.
        "seconds": {"training": round(sum(brief.seconds for brief in ledger.known.values()), 3)},
    }
    once = list({run.key: (run, at) for run, at in diverged}.values())  # at several sweep points it may be the same run
    table, extra = _tabulate(figure, there, store, config.axes)
    return Made(table, extra, about, ledger.fresh, len(ledger.known) - ledger.fresh, once, [*failed.values()])


def _tabulate(
    figure: Figure, runs: Sequence[Run], store: Store, axes: Sequence[str]
) -> "tuple[pd.DataFrame, Mapping[str, pd.DataFrame]]":
    from fa_repro.results.tables import Trained, observations

    def read(run: Run) -> Outcome:
        outcome = store.load(run)
        if outcome is None:
            raise StorageError(f"a stored run of {run.condition} has just been lost. The same command trains it again")
        return outcome

    every = Trained(runs, read)
    main = every.where(lambda run: run.condition.algorithm not in figure.apart)
    extra = figure.extra(every, axes) if figure.extra is not None else {}
    return figure.table(main, axes) if figure.table is not None else observations(main, figure.columns, axes), extra
