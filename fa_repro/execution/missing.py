"""Training of the runs that are not stored yet."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from fa_repro.execution import executor
from fa_repro.execution.batching import Batch, form_batches, shard, work
from fa_repro.execution.executor import Execution
from fa_repro.execution.progress import Progress
from fa_repro.results.store import RunSummary, Store
from fa_repro.training.runs import Run

Begin: TypeAlias = Callable[[int, Sequence[Run]], None]
"""`begin(total, missing)` is called before anything is trained."""


@dataclass(frozen=True)
class TrainingSummary:
    """The outcome of training a set of runs.

    Attributes
    ----------
    runs : mapping of str to Run
        All runs by their keys, each once.
    stored : mapping of str to RunSummary
        The runs that are stored now.
    reasons : mapping of str to str
        Why the other runs failed.
    trained : frozenset of str
        Keys of the runs that were trained now; the others were stored already.
    """

    runs: Mapping[str, Run]
    stored: Mapping[str, RunSummary]
    reasons: Mapping[str, str] = field(default_factory=dict)
    trained: frozenset[str] = frozenset()

    @property
    def cached(self) -> int:
        """Number of runs that were stored already."""
        return len(self.stored) - len(self.trained)

    @property
    def diverged(self) -> list[tuple[Run, int]]:
        """Runs that diverged, each with the example at which it did."""
        return [(self.runs[key], at) for key, each in self.stored.items() if (at := each.diverged_at) is not None]

    @property
    def failed(self) -> list[tuple[Run, str]]:
        """Runs that failed, and why."""
        return [(self.runs[key], reason) for key, reason in self.reasons.items()]

    @property
    def seconds(self) -> float:
        """Training time of all stored runs, whenever they were trained."""
        return sum(each.seconds for each in self.stored.values())


def train_missing(
    runs: Sequence[Run],
    store: Store,
    execution: Execution,
    progress: Progress,
    label: str,
    begin: Begin = lambda _total, _missing: None,
    part: tuple[int, int] | None = None,
    verify: bool = False,
) -> TrainingSummary:
    """Train the runs that are not stored yet, as many together as fit.

    Parameters
    ----------
    runs : sequence of Run
    store : Store
    execution : Execution
    progress : Progress
    label : str
        Label of the progress display.
    begin : callable
        `begin(total, missing)` is called before training with the number of runs and those that are not stored.
    part : (int, int), optional
        Number of this shard, counted from 1, and number of shards: only the runs of this shard are trained.
    verify : bool
        Whether to verify the records of stored runs, not only their manifests. Not needed if the records are read
        afterwards, as `Store.load` verifies them.
    """
    store.prepare()
    every = {run.key: run for run in runs}
    mine = every if part is None else {run.key: run for run in shard(list(every.values()), *part)}
    stored = {} if execution.force else dict(_stored(every.values(), store, verify))
    missing = [run for key, run in every.items() if key not in stored]
    reasons = {} if execution.force or execution.retry_failed else _failed_before(missing, store)
    left = [run for run in missing if run.key in mine and run.key not in reasons]
    stored = {key: each for key, each in stored.items() if key in mine}
    reasons = {key: reason for key, reason in reasons.items() if key in mine}
    if left and not execution.force:
        begin(len(every), missing)
    for task in dict.fromkeys(run.condition.setup.task for run in left):
        task.prepare()
    batches, trained = form_batches(left), set[str]()
    with _shown(progress, batches, label):
        for batch, error in executor.train_batches(batches, store, execution, progress.advance):
            for run in batch:
                summary = store.summary(run) if error is None or not execution.force else None
                if summary is not None:
                    stored[run.key] = summary
                    trained.add(run.key)
                    continue
                reasons[run.key] = f"{type(error).__name__}: {error}" if error else "it was stored and cannot be read"
                if not store.has(run):  # with force an older one may be stored
                    store.note_failure(run, reasons[run.key])
    return TrainingSummary(mine, stored, reasons, frozenset(trained))


def _stored(runs: Iterable[Run], store: Store, verify: bool) -> Iterator[tuple[str, RunSummary]]:
    for run in runs:
        summary = store.summary(run)
        if summary is not None and (not verify or store.load(run, summary) is not None):
            yield run.key, summary


def _failed_before(runs: Sequence[Run], store: Store) -> dict[str, str]:
    reasons = {run.key: reason for run in runs if (reason := store.failure(run))}
    return {key: f"{reason} (in an earlier command; --retry-failed tries again)" for key, reason in reasons.items()}


@contextmanager
def _shown(progress: Progress, batches: Sequence[Batch], label: str) -> Iterator[None]:
    if not batches:
        yield
        return
    progress.start(sum(map(work, batches)), label)
    try:
        yield
    finally:
        progress.stop()
