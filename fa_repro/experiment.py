"""From a request to results: resolve the config, train what is missing, tabulate, draw, save."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fa_repro import config_files, provenance, registry, results, workers
from fa_repro.drawing import draw, render
from fa_repro.errors import ConfigError, DataError, FaReproError, StorageError
from fa_repro.figures import Figure
from fa_repro.progress import Progress, Silent
from fa_repro.request import Request
from fa_repro.runs import Outcome, Run, batches
from fa_repro.store import Store

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Canvas

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What `run` gives.

    Attributes
    ----------
    table : DataFrame
        The main table, one observation a row.
    extra : mapping of str to DataFrame
        Further tables of the figure, by name.
    figure : matplotlib Figure
    directory : Path
        Where the files are.
    trained, found : int
        Runs that were trained now, and that were there already.
    diverged : list of (Run, int)
        Runs that have diverged, and the example at which.
    failed : list of (Run, str)
        Runs that failed, and why.
    """

    table: "pd.DataFrame"
    extra: "Mapping[str, pd.DataFrame]"
    figure: "Canvas"
    directory: Path
    trained: int
    found: int
    diverged: list[tuple[Run, int]]
    failed: list[tuple[Run, str]]

    def _repr_png_(self) -> bytes:
        return render(self.figure)


def run(
    name: str,
    settings: Mapping[str, Any] | None = None,
    *,
    config: str | Path | None = None,
    sweep: Mapping[str, Sequence[Any]] | None = None,
    only: Sequence[str] = (),
    results: str | Path = "results",
    quick: bool = False,
    force: bool = False,
    jobs: int | None = 1,
    progress: Progress | None = None,
) -> Result:
    """Train what is missing for a figure, and write its tables, picture, config and manifest.

    Parameters
    ----------
    name : str
        The figure, or the name of another config.
    settings : mapping, optional
        Dotted key to value, such as `{"trials": 5, "algorithms.backprop.learning_rate": 0.004}`.
    config : path, optional
        Another YAML file than `configs/NAME.yaml`.
    sweep : mapping, optional
        Dotted key to a list of values.
    only : sequence of str
        Algorithms to train and draw; all of them if empty.
    results : path
        Where results and trained runs are kept.
    quick : bool
        A small version of the same figure.
    force : bool
        Train runs again that are there already.
    jobs : int, optional
        Worker processes that train. None for one per core where training takes long enough to gain by it. A script
        that asks for more than one must guard its own start by `if __name__ == "__main__":`, as for any use of
        `multiprocessing`. Results do not depend on it.
    progress : Progress, optional
        Told how far training is.

    Returns
    -------
    Result

    Raises
    ------
    ConfigError
        If the settings are wrong.
    DataError
        If data that a task needs cannot be had.
    StorageError
        If results cannot be read or written.

    Examples
    --------
    >>> import fa_repro
    >>> r = fa_repro.run("linear", {"trials": 5})  # doctest: +SKIP
    >>> r.table.groupby("algorithm")["nse"].last()  # doctest: +SKIP
    """
    if jobs is not None and (type(jobs) is not int or jobs < 1):
        raise ConfigError([f"jobs: expected a whole number from 1 on, or None, got {jobs!r}"])
    only = (only,) if isinstance(only, str) else tuple(only)
    request = Request(name, settings or {}, Path(config) if config else None, sweep or {}, only, quick)
    return carry_out(request, Path(results), force, progress or Silent(), jobs)


def carry_out(request: Request, directory: Path, force: bool, progress: Progress, jobs: int | None = 1) -> Result:
    """`run` for a request."""
    began = time.monotonic()
    config = request.resolved
    figure: Figure = registry.module("figures", config.figure).FIGURE
    target = directory / request.name
    results.prepare(target)
    store = Store(directory)
    store.prepare()
    runs = config.runs()
    arrays = figure.table is not None or figure.extra is not None  # else weights would fill the memory for nothing
    found = {} if force else {run.key: loaded for run in runs if (loaded := store.load(run, arrays))}
    missing = [run for run in runs if run.key not in found]
    for task in dict.fromkeys(run.entry.setup.task for run in missing):
        task.prepare()
    trained, failed = _train(missing, store, force, progress, request.name, jobs, arrays)
    outcomes = found | trained
    pairs = [(run, outcomes[run.key][0]) for run in runs if run.key in outcomes]
    if not pairs:
        raise FaReproError(f"{request.name}: every run failed, nothing was written. The first: {failed[0][1]}")
    diverged = [(run, outcome.diverged_at) for run, outcome in pairs if outcome.diverged_at is not None]
    about: dict[str, Any] = {
        "name": request.name,
        "figure": config.figure,
        "seed": config.data["seed"],
        "options": request.options(),
        "config_hash": results.config_hash(request.document.data),
        "runs": len({run.key for run in runs}),
        "diverged": [{**run.labels, "example": at} for run, at in diverged],
        "failed": [{**run.labels, "reason": reason} for run, reason in failed],
        # Of all runs, whenever they were trained; how long this command took is added below.
        "seconds": {"training": round(sum(seconds for _, seconds in outcomes.values()), 3)},
        "versions": provenance.versions(),
        "source": provenance.source(),
        "machine": provenance.machine(),
    }
    saved = results.Saved(*_tabulate(figure, pairs, config.axes), config.data, about)
    canvas = draw(figure, saved)
    picture = render(canvas)
    about["seconds"]["this_command"] = round(time.monotonic() - began, 3)
    results.save(target, saved, picture)
    once = list({run.key: (run, at) for run, at in diverged}.values())  # at several sweep points it may be the same run
    return Result(saved.table, saved.extra, canvas, target, len(trained), len(found), once, failed)


def redraw(name: str, directory: Path) -> Path:
    """Draw saved results again; returns the path of the picture.

    Raises
    ------
    ConfigError
        If there is neither a config nor a folder of results of this name.
    StorageError
        If there are no results, or they are not what their manifest says.
    """
    folder = directory / name
    if not (config_files.is_name(name) and folder.is_dir()):
        config_files.locate(name)
    saved = results.load(folder, name)
    figure = registry.module("figures", str(saved.config["figure"])).FIGURE
    results.save_picture(folder, render(draw(figure, saved)))
    return folder / f"{folder.name}.png"


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
