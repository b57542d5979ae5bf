"""Training of those runs that are not stored yet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from fa_repro.execution import executor
from fa_repro.execution.batching import Batch, form_batches, share, work
from fa_repro.execution.executor import Execution
from fa_repro.execution.progress import Progress
from fa_repro.results.store import Brief, Store
from fa_repro.training.runs import Run

Begin: TypeAlias = Callable[[int, Sequence[Run]], None]
"""`begin(total, missing)` is called before anything is trained."""


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


def train_missing(
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
    for task in dict.fromkeys(run.condition.setup.task for run in left):
        task.prepare()
    todo, fresh = form_batches(left), 0
    with _shown(progress, todo, label):
        for batch, error in executor.train_batches(todo, store, how, progress.tick):
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
