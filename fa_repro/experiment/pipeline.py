"""From a request to results: resolve the config, train what is missing, tabulate, draw, save."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fa_repro import registry
from fa_repro.config import locate
from fa_repro.execution.executor import Execution
from fa_repro.execution.missing import Begin, train_missing
from fa_repro.execution.progress import Progress, Silent
from fa_repro.experiment.request import Request
from fa_repro.experiment.tabulate import computed, trained
from fa_repro.figures import Figure
from fa_repro.plotting.render import draw_formats, save_figure
from fa_repro.results import directory, in_progress, provenance
from fa_repro.results.figure_results import FigureResults
from fa_repro.results.formats import parse_formats
from fa_repro.results.store import Store
from fa_repro.theory import Study
from fa_repro.training.runs import Run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Canvas


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
    failed : list of (Run or Study, str)
        What failed, and why.
    studies : int
        Studies that were carried out, of a figure that trains nothing.
    remarks : tuple of str
        What the results say, in words.
    pictures : tuple of Path
        Files of the picture, the PNG first.
    """

    table: "pd.DataFrame"
    extra: "Mapping[str, pd.DataFrame]"
    figure: "Canvas"
    directory: Path
    trained: int
    found: int
    diverged: list[tuple[Run, int]]
    failed: list[tuple[Run | Study, str]]
    studies: int = 0
    remarks: tuple[str, ...] = ()
    pictures: tuple[Path, ...] = ()

    def _repr_png_(self) -> bytes:
        return save_figure(self.figure)


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
    retry_failed : bool
        Try runs again that failed before.
    jobs : int, optional
        Worker processes that train. None for one per core where training takes long enough to gain by it. A script
        that asks for more than one must guard its own start by `if __name__ == "__main__":`, as for any use of
        `multiprocessing`. Results do not depend on it.
    executor : str
        `local`, `dask` for a Dask cluster of `jobs` workers on this machine, or `dask://HOST:PORT` for a running one.
    formats : sequence of str, optional
        Formats of the picture beside PNG: `pdf`, `svg`. None for those that are there already; those that are not
        among them are removed.
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
    how = Execution(jobs, executor, force, retry_failed)
    only = (only,) if isinstance(only, str) else tuple(only)
    chosen = None if formats is None else parse_formats(formats)
    request = Request(name, settings or {}, Path(config) if config else None, sweep or {}, only, quick, chosen)
    return carry_out(request, Path(results), how, progress or Silent())


def carry_out(request: Request, results: Path, how: Execution, progress: Progress) -> Result:
    """`run` for a request."""
    began = time.monotonic()
    config = request.resolved
    figure: Figure = registry.module("figures", config.figure).FIGURE
    target = results / request.name
    directory.prepare(target)
    formats = request.formats or directory.saved_formats(target)
    if figure.theory:
        made = computed(config, figure, progress, request.name)
    else:
        made = trained(config, figure, Store(results), how, progress, request.name, _noted(request, results))
    about: dict[str, Any] = {
        "name": request.name,
        "figure": config.figure,
        "seed": config.data["seed"],
        "options": request.options(),
        "command": request.command(results, formats),
        "repeat": provenance.repeat(target),
        "config_hash": directory.config_hash(request.document.data),
        **made.about,
        "versions": provenance.versions(),
        "source": provenance.source(),
        "machine": provenance.machine(),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    saved = FigureResults(made.table, made.extra, config.data, about)
    canvas, drawn = draw_formats(figure.draw, figure.size, saved, formats)
    about["remarks"] = list(figure.remarks(saved))
    about["seconds"]["this_command"] = round(time.monotonic() - began, 3)
    directory.save(target, saved, drawn)
    in_progress.end(results, request.name)
    return Result(
        made.table,
        made.extra,
        canvas,
        target,
        made.trained,
        made.found,
        made.diverged,
        made.failed,
        len(config.studies),
        tuple(about["remarks"]),
        directory.picture_paths(target, formats),
    )


@dataclass(frozen=True)
class Share:
    """What one of several jobs did that share the runs of a figure.

    Attributes
    ----------
    trained, found : int
        Its runs that were trained now, and that were there already.
    diverged : list of (Run, int)
        Its runs that have diverged, and the example at which.
    failed : list of (Run, str)
        Its runs that failed, and why.
    """

    trained: int
    found: int
    diverged: list[tuple[Run, int]]
    failed: list[tuple[Run, str]]


def train_share(request: Request, results: Path, part: tuple[int, int], how: Execution, progress: Progress) -> Share:
    """Train and store the runs that fall to job `part[0]`, from 1 on, of `part[1]`; makes no tables and no picture."""
    runs = request.resolved.runs()
    ledger = train_missing(runs, Store(results), how, progress, request.name, _noted(request, results), part)
    unique = {run.key: run for run in runs}
    diverged = [(unique[key], at) for key, each in ledger.known.items() if (at := each.diverged_at) is not None]
    failed = [(unique[key], reason) for key, reason in ledger.reasons.items()]
    return Share(ledger.fresh, len(ledger.known) - ledger.fresh, diverged, failed)


def _noted(request: Request, results: Path) -> Begin:
    """Notes what is about to be trained."""

    def begin(total: int, missing: Sequence[Run]) -> None:
        command = request.command(results)
        in_progress.begin(results, request.name, command, total, [run.key for run in missing])

    return begin


def redraw(name: str, results: Path, formats: Sequence[str] | None = None) -> tuple[Path, ...]:
    """Draw saved results again, in the formats that are there if none are given; returns the paths, the PNG first.

    Raises
    ------
    ConfigError
        If there is neither a config nor a folder of results of this name, or a format is unknown.
    StorageError
        If there are no results, or they are not what their manifest says.
    """
    folder = results / name
    if not (locate.is_name(name) and folder.is_dir()):
        locate.find(name)
    saved = directory.load(folder, name)
    figure = registry.module("figures", str(saved.config["figure"])).FIGURE
    chosen = directory.saved_formats(folder) if formats is None else parse_formats(formats)
    directory.save_pictures(folder, draw_formats(figure.draw, figure.size, saved, chosen)[1])
    return directory.picture_paths(folder, chosen)
