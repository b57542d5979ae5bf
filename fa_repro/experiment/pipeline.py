"""From a request to results: resolve the config, train missing runs, tabulate, draw, save."""

import logging
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fa_repro import isolation, registry, source_code
from fa_repro.config.resolve import Config
from fa_repro.datasets import NOTICES
from fa_repro.errors import FaReproError, StorageError
from fa_repro.execution.executor import Execution
from fa_repro.execution.missing import Begin, TrainingSummary, train_missing
from fa_repro.execution.progress import Progress, Silent
from fa_repro.experiment import reference
from fa_repro.experiment.previous import read_previous
from fa_repro.experiment.request import Request
from fa_repro.experiment.result import Result
from fa_repro.experiment.tabulate import RunLostError, tabulate_runs
from fa_repro.figures import Figure
from fa_repro.io.user_paths import user_path
from fa_repro.plotting.render import draw_formats
from fa_repro.results import directory, in_progress, provenance
from fa_repro.results.figure_results import FigureResults
from fa_repro.results.paths import figure_folder
from fa_repro.results.picture_formats import parse_formats
from fa_repro.results.store import Store
from fa_repro.theory import Study
from fa_repro.training import numerics
from fa_repro.training.runs import Run

if TYPE_CHECKING:
    import pandas as pd

notices = logging.getLogger(NOTICES)

ATTEMPTS = 3
"""Maximum number of times that one command trains a run that is damaged each time it is read back."""


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
    retry_failed: bool = False,
    jobs: int | None = 1,
    executor: str = "local",
    formats: Sequence[str] | None = None,
    variant: str | None = None,
    progress: Progress | None = None,
) -> Result:
    """Train the missing runs of a figure, and write its tables, picture, config and manifest.

    Parameters
    ----------
    name : str
        Name of a figure or of another config.
    settings : mapping, optional
        Dotted key to value, such as `{"trials": 5, "algorithms.backprop.learning_rate": 0.004}`.
    config : path, optional
        YAML file to use instead of `configs/NAME.yaml`.
    sweep : mapping, optional
        Dotted key to a list of values.
    only : sequence of str
        Algorithms to train and draw; all of them if empty.
    results : path
        Folder for results and trained runs.
    quick : bool
        Use a small, fast version of the figure.
    force : bool
        Train all runs again, including cached ones.
    retry_failed : bool
        Retry runs that failed in an earlier call.
    jobs : int, optional
        Number of worker processes. None for one per core if training takes long enough to benefit. A script with more
        than one job must guard its entry point by `if __name__ == "__main__":`, as always with `multiprocessing`.
        Results do not depend on the number of jobs.
    executor : str
        `local`, `dask` for a Dask cluster of `jobs` workers on this machine, closed to other users,
        `tls://HOST:PORT` for a running one, with the certificates in Dask's configuration (`distributed.comm.tls`), or
        `dask://HOST:PORT` for one without TLS. Whoever can connect to a cluster without TLS can run code there, and in
        this process.
    formats : sequence of str, optional
        Picture formats besides PNG: `pdf`, `svg`. None for the formats of the existing results. Existing pictures in
        other formats are removed.
    variant : str, optional
        Name under which to keep the results, beside those of the config itself: `--name` on the command line.
    progress : Progress, optional
        Receives the progress of training.

    Returns
    -------
    Result

    Raises
    ------
    ConfigError
        If the settings are invalid.
    DataError
        If the data of a task is not available.
    FaReproError
        If every run failed, or no worker can start.
    StorageError
        If results cannot be read or written.

    Examples
    --------
    >>> import fa_repro
    >>> r = fa_repro.run("linear", {"trials": 5})  # doctest: +SKIP
    >>> r.table.groupby("algorithm")["nse"].last()  # doctest: +SKIP
    """
    execution = Execution(jobs, executor, force, retry_failed)
    only = (only,) if isinstance(only, str) else tuple(only)
    chosen = None if formats is None else parse_formats(formats)
    file = None if config is None else user_path(config, "config")
    request = Request(name, settings or {}, file, sweep or {}, only, quick, chosen, variant)
    return run_request(request, user_path(results, "results"), execution, progress or Silent())


@isolation.isolated
def run_request(request: Request, results: Path, execution: Execution, progress: Progress) -> Result:
    """`run` for a request."""
    tables: Mapping[str, pd.DataFrame]
    began = time.monotonic()
    config = request.resolved
    figure: Figure = registry.module("figures", config.figure).FIGURE
    target, previous = figure_folder(results, request.results_name), read_previous(results, request.results_name)
    directory.prepare(target)
    formats = request.formats or directory.saved_formats(target)
    summary, failed = TrainingSummary({}, {}), list[tuple[Run | Study, str]]()
    if figure.theory:
        from fa_repro.execution.studies import compute_studies  # imported here because it needs pandas

        computing = time.monotonic()
        tables, studies_failed = compute_studies(
            config.studies, figure.columns, config.axes, progress, request.results_name
        )
        failed += studies_failed
        counts = _about_studies(config, studies_failed, time.monotonic() - computing)
    else:
        tables, summary = _train_and_tabulate(request, figure, results, execution, progress)
        failed += summary.failed
        counts = _about_runs(config, summary)
    about: dict[str, Any] = {
        "name": request.results_name,
        "config_name": request.name,
        "figure": config.figure,
        "seed": config.data["seed"],
        "options": request.options(),
        "command": shlex.join(request.command(results, formats)),
        "repeat": provenance.repeat_commands(target, provenance.git_source(), provenance.versions()),
        "config_hash": directory.config_hash(request.document.data),
        **counts,
        "differs": {key: list(values) for key, values in reference.differences(request.name, config.data).items()},
        "numerics": numerics.VERSION,
        "sources": config.sources,
        "source_files": source_code.files(config.sources),
        "versions": provenance.versions(),
        "source": provenance.git_source(),
        "machine": provenance.machine(),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    extra = {name: table for name, table in tables.items() if name != "main"}
    saved = FigureResults(tables["main"], extra, config.data, about)
    fig, pictures = draw_formats(figure.draw, figure.size, saved, formats)
    about["remarks"] = list(figure.remarks(saved))
    about["seconds"]["this_command"] = round(time.monotonic() - began, 3)
    directory.save(target, saved, pictures)
    in_progress.end(results, request.results_name)
    if replaced := previous.replaced_by(saved, results):
        notices.info("%s: %s", request.results_name, replaced)
    return Result(
        saved.table,
        saved.extra,
        fig,
        target,
        len(summary.trained),
        summary.cached,
        summary.diverged,
        failed,
        len(config.studies),
        tuple(about["remarks"]),
        directory.picture_paths(target, formats),
    )


def _train_and_tabulate(
    request: Request, figure: Figure, results: Path, execution: Execution, progress: Progress
) -> "tuple[Mapping[str, pd.DataFrame], TrainingSummary]":
    """Train the missing runs of a request and tabulate all runs. A run that turns out to be damaged is retrained.

    Raises
    ------
    FaReproError
        If every run failed.
    StorageError
        If stored runs are damaged again after they were retrained.
    """
    config, store, trained = request.resolved, Store(results), frozenset[str]()
    runs, begin = config.runs(), _begin(request, results)
    for attempt in range(ATTEMPTS):
        summary = train_missing(runs, store, execution, progress, request.results_name, begin, verify=attempt > 0)
        summary = replace(summary, trained=summary.trained | (trained & summary.stored.keys()))
        if not summary.stored:
            first = next(iter(summary.reasons.values()))
            raise FaReproError(f"{request.results_name}: every run failed; nothing was written. First failure: {first}")
        try:
            return tabulate_runs(figure, runs, summary, store, config.axes), summary
        except RunLostError as error:
            lost, trained, execution = error, summary.trained, replace(execution, force=False)
    raise StorageError(f"{lost}, even after retraining. Check the disk of {store.root}")


def _about_runs(config: Config, summary: TrainingSummary) -> dict[str, Any]:
    """Manifest entries for runs; a run shared by several sweep points is listed for each of them."""
    diverged = {run.key: at for run, at in summary.diverged}
    runs = config.runs()
    return {
        "runs": len(summary.runs),
        "diverged": [{**run.labels, "example": diverged[run.key]} for run in runs if run.key in diverged],
        "failed": [{**run.labels, "reason": summary.reasons[run.key]} for run in runs if run.key in summary.reasons],
        "mixed": provenance.mixture(each.origin for each in summary.stored.values()),
        "seconds": {"training": round(summary.seconds, 3)},
    }


def _about_studies(config: Config, failed: Sequence[tuple[Study, str]], seconds: float) -> dict[str, Any]:
    """Manifest entries for studies."""
    return {
        "studies": len(config.studies),
        "diverged": [],
        "failed": [{"study": study.name, **study.swept, "reason": reason} for study, reason in failed],
        "seconds": {"computing": round(seconds, 3)},
    }


def train_shard(
    request: Request, results: Path, part: tuple[int, int], execution: Execution, progress: Progress
) -> TrainingSummary:
    """Train and store the runs of shard `part[0]` (from 1) of `part[1]`; create no tables and no picture."""
    runs, begin = request.resolved.runs(), _begin(request, results)
    return train_missing(runs, Store(results), execution, progress, request.results_name, begin, part, verify=True)


def _begin(request: Request, results: Path) -> Begin:
    """A callback before training: tells which sources have changed, and records the runs for `fa-repro list`."""
    previous = read_previous(results, request.results_name)

    def begin(total: int, missing: Sequence[Run]) -> None:
        for changed in previous.changed_sources(missing):
            notices.info("%s: %s has changed since: training again", request.results_name, changed)
        for name in source_code.edited(request.resolved.sources):
            text = "%s: the file of %s was edited, but its earlier code is still in use. Restart Python, or reload %s"
            notices.warning(text, request.results_name, registry.describe(name), name)
        command, sources = request.command(results), request.resolved.sources
        in_progress.begin(results, request.results_name, command, total, [run.key for run in missing], sources)

    return begin
