"""From a resolved config to tables: train what is missing, or carry out studies."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fa_repro import workers
from fa_repro.config import Config
from fa_repro.errors import DataError, FaReproError, StorageError
from fa_repro.figures import Figure
from fa_repro.progress import Progress
from fa_repro.runs import Outcome, Run, batches
from fa_repro.store import Store
from fa_repro.theory import Study

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


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


def trained(
    config: Config, figure: Figure, store: Store, force: bool, progress: Progress, jobs: int | None, label: str
) -> Made:
    """The runs of a figure: those that are stored, and the others trained now."""
    store.prepare()
    runs = config.runs()
    arrays = figure.table is not None or figure.extra is not None  # else weights would fill the memory for nothing
    found = {} if force else {run.key: loaded for run in runs if (loaded := store.load(run, arrays))}
    missing = [run for run in runs if run.key not in found]
    for task in dict.fromkeys(run.entry.setup.task for run in missing):
        task.prepare()
    fresh, failed = _train(missing, store, force, progress, label, jobs, arrays)
    outcomes = found | fresh
    pairs = [(run, outcomes[run.key][0]) for run in runs if run.key in outcomes]
    if not pairs:
        raise FaReproError(f"{label}: every run failed, nothing was written. The first: {failed[0][1]}")
    diverged = [(run, outcome.diverged_at) for run, outcome in pairs if outcome.diverged_at is not None]
    about = {
        "runs": len({run.key for run in runs}),
        "diverged": [{**run.labels, "example": at} for run, at in diverged],
        "failed": [{**run.labels, "reason": reason} for run, reason in failed],
        # Of all runs, whenever they were trained; how long this command took is added when it ends.
        "seconds": {"training": round(sum(seconds for _, seconds in outcomes.values()), 3)},
    }
    once = list({run.key: (run, at) for run, at in diverged}.values())  # at several sweep points it may be the same run
    return Made(*_tabulate(figure, pairs, config.axes), about, len(fresh), len(found), once, [*failed])


def _train(
    missing: Sequence[Run],
    store: Store,
    force: bool,
    progress: Progress,
    label: str,
    jobs: int | None,
    arrays: bool,
) -> tuple[dict[str, tuple[Outcome, float]], list[tuple[Run, str]]]:
    """Train and store runs, as many together as fit; one batch that fails does not stop the others.

    Of the outcomes, `arrays` keeps the weights.
    """
    trained: dict[str, tuple[Outcome, float]] = {}
    reasons: dict[str, str] = {}
    todo = batches(missing)
    with _shown(progress, todo, label):
        for batch, outcomes, error in _trained(todo, store, force, progress, jobs):
            if error is None:
                for run, (outcome, seconds) in zip(batch, outcomes, strict=True):
                    trained[run.key] = outcome if arrays else replace(outcome, arrays={}), seconds
            else:
                reasons |= {run.key: f"{type(error).__name__}: {error}" for run in batch}
    return trained, [(run, reasons[run.key]) for run in missing if run.key in reasons]


def _trained(
    todo: Sequence[Sequence[Run]], store: Store, force: bool, progress: Progress, jobs: int | None
) -> Iterator[tuple[Sequence[Run], Sequence[tuple[Outcome, float]], Exception | None]]:
    """Each batch with what it gave, or with what went wrong, whatever it is: the other runs are worth having."""
    if jobs is None:
        worth_it = sum(map(workers.seconds, todo)) >= workers.WORTH_IT
        jobs = workers.cores() if worth_it else 1
    if min(jobs, len(todo)) > 1:
        for batch, error in workers.train_in_workers(todo, store.root, force, jobs, progress.tick):
            found = [store.load(run) for run in batch] if error is None else []
            outcomes = [outcome for outcome in found if outcome is not None]
            if error is None and len(outcomes) < len(batch):
                error = RuntimeError("a worker stored a run that cannot be read")
            yield batch, outcomes, error
        return
    for batch in todo:
        log.debug("training %d runs of %s together", len(batch), batch[0].entry.algorithm)
        try:
            yield batch, workers.train_and_store(batch, store, force, progress.tick), None
        except (StorageError, DataError):
            raise
        except Exception as error:
            log.debug("a batch failed", exc_info=True)
            yield batch, [], error


@contextmanager
def _shown(progress: Progress, todo: Sequence[workers.Batch], label: str) -> Iterator[None]:
    if not todo:
        yield
        return
    progress.start(sum(map(workers.work, todo)), label)
    try:
        yield
    finally:
        progress.stop()


def _tabulate(
    figure: Figure, pairs: Sequence[tuple[Run, Outcome]], axes: Sequence[str]
) -> "tuple[pd.DataFrame, Mapping[str, pd.DataFrame]]":
    from fa_repro.tables import observations

    main = [(run, outcome) for run, outcome in pairs if run.entry.algorithm not in figure.apart]
    extra = figure.extra(pairs, axes) if figure.extra is not None else {}
    return figure.table(main, axes) if figure.table is not None else observations(main, figure.columns, axes), extra
