"""From a resolved config to tables: train what is missing, or carry out studies."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from fa_repro import execution
from fa_repro.batches import Batch, form_batches, share, work
from fa_repro.config import Config
from fa_repro.errors import FaReproError, StorageError
from fa_repro.execution import Execution
from fa_repro.figures import Figure
from fa_repro.progress import Progress
from fa_repro.results.store import Brief, Store
from fa_repro.theory import Study
from fa_repro.training.runs import Outcome, Run

if TYPE_CHECKING:
    import pandas as pd


Begin: TypeAlias = Callable[[int, Sequence[Run]], None]


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
    from fa_repro.computing import compute  # which needs pandas

    began = time.monotonic()
    done = compute(config.studies, figure.columns, config.axes, progress, label)
    extra = {name: table for name, table in done.tables.items() if name != "main"}
    about = {
        "studies": len(config.studies),
        "diverged": [],
        "failed": [{"study": study.name, **study.axes, "reason": reason} for study, reason in done.failed],
        "seconds": {"computing": round(time.monotonic() - began, 3)},
    }
    return Made(done.tables["main"], extra, about, 0, 0, [], [*done.failed])


@dataclass(frozen=True)
class Ledger:
    """What became of runs.

    Attributes
    ----------
    known : mapping of str to Brief
        What is known of the runs that are stored, by their keys.
    reasons : mapping of str to str
        Why the others failed.
    fresh : int
        Runs that were trained now.
    """

    known: Mapping[str, Brief]
    reasons: Mapping[str, str]
    fresh: int


def trained(
    config: Config, figure: Figure, store: Store, how: Execution, progress: Progress, label: str, begin: Begin
) -> Made:
    """The runs of a figure: those that are stored, and the others trained now; for `begin` see `train`."""
    runs = config.runs()
    ledger = train(runs, store, how, progress, label, begin)
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


def train(
    runs: Sequence[Run],
    store: Store,
    how: Execution,
    progress: Progress,
    label: str,
    begin: Begin = lambda _total, _missing: None,
    part: tuple[int, int] | None = None,
) -> Ledger:
    """Train those of some runs that are not stored, as many together as fit.

    Parameters
    ----------
    runs : sequence of Run
    store : Store
    how : Execution
    progress : Progress
    label : str
        What the progress is called.
    begin : callable
        `begin(total, missing)` is told before anything is trained how many runs there are, and which are not stored.
    part : (int, int), optional
        Which of how many jobs this is, from 1 on, that share the runs: it trains only those that fall to it.
    """
    store.prepare()
    unique = {run.key: run for run in runs}
    known = {} if how.force else {key: brief for key, run in unique.items() if (brief := store.check(run))}
    missing = [run for key, run in unique.items() if key not in known]
    reasons = {} if how.force or how.retry_failed else _failed_before(missing, store)
    left = [run for run in missing if run.key not in reasons]
    if part is not None:
        mine = {run.key for run in share(list(unique.values()), *part)}
        left = [run for run in left if run.key in mine]
        known = {key: brief for key, brief in known.items() if key in mine}
        reasons = {key: reason for key, reason in reasons.items() if key in mine}
    if left and not how.force:
        begin(len(unique), missing)
    for task in dict.fromkeys(run.entry.setup.task for run in left):
        task.prepare()
    todo, fresh = form_batches(left), 0
    with _shown(progress, todo, label):
        for batch, error in execution.train(todo, store, how, progress.tick):
            for run in batch:
                brief = store.check(run) if error is None or not how.force else None
                if brief is not None:
                    known[run.key], fresh = brief, fresh + 1
                    continue
                reasons[run.key] = f"{type(error).__name__}: {error}" if error else "it was stored and cannot be read"
                if not store.has(run):  # with force there may be an old one
                    store.note_failure(run, reasons[run.key])
    return Ledger(known, reasons, fresh)


def _failed_before(runs: Sequence[Run], store: Store) -> dict[str, str]:
    reasons = {run.key: reason for run in runs if (reason := store.failure(run))}
    return {key: f"{reason} (in an earlier command; --retry-failed tries again)" for key, reason in reasons.items()}


@contextmanager
def _shown(progress: Progress, todo: Sequence[Batch], label: str) -> Iterator[None]:
    if not todo:
        yield
        return
    progress.start(sum(map(work, todo)), label)
    try:
        yield
    finally:
        progress.stop()


def _tabulate(
    figure: Figure, runs: Sequence[Run], store: Store, axes: Sequence[str]
) -> "tuple[pd.DataFrame, Mapping[str, pd.DataFrame]]":
    from fa_repro.results.tables import Trained, observations

    def read(run: Run) -> Outcome:
        outcome = store.load(run)
        if outcome is None:
            raise StorageError(f"a stored run of {run.entry} has just been lost. The same command trains it again")
        return outcome

    every = Trained(runs, read)
    main = every.where(lambda run: run.entry.algorithm not in figure.apart)
    extra = figure.extra(every, axes) if figure.extra is not None else {}
    return figure.table(main, axes) if figure.table is not None else observations(main, figure.columns, axes), extra
