"""The command `fa-repro run`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fa_repro.cli.data import data_options
from fa_repro.cli.logging import configure_logging as log
from fa_repro.cli.options import Command, UserPath, config_options, format_option, results_option
from fa_repro.cli.output import echo
from fa_repro.errors import ConfigError, NotReproducedError
from fa_repro.execution import interrupts

ANEW = "interrupted. No results are lost. The same command trains all runs again."
"""Message on an interrupt when the command cannot be resumed."""

if TYPE_CHECKING:
    from fa_repro.execution.executor import Execution
    from fa_repro.execution.progress import Progress
    from fa_repro.experiment.request import Request


def _share(ctx: click.Context, parameter: click.Parameter, word: str | None) -> tuple[int, int] | None:
    """Parse I/N."""
    if word is None:
        return None
    part, _, parts = word.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise click.BadParameter(f"expected I/N with I from 1 to N, such as 3/8, got {word!r}", ctx, parameter)
    return int(part), int(parts)


def _execution_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--shard",
            callback=_share,
            metavar="I/N",
            help="Train only the I-th of N parts of the runs and draw nothing. For array jobs on a shared disk.",
        ),
        click.option(
            "--executor",
            default="local",
            metavar="SPEC",
            help="Where to train: local (processes on this machine), dask (a Dask cluster on this machine, closed to "
            "other users), tls://HOST:PORT (a running Dask cluster, with the certificates in Dask's configuration), or "
            "dask://HOST:PORT (one without TLS: all who can connect to it can run code on it and as you).  "
            "[default: local]",
        ),
        click.option(
            "--jobs",
            type=click.IntRange(1, 1024),
            metavar="N",
            help="Number of worker processes.  [default: one per core if training takes long enough to benefit]",
        ),
        click.option("--retry-failed", is_flag=True, help="Retry runs that failed in an earlier command."),
        click.option("--force", is_flag=True, help="Train all runs again, including cached ones."),
    ):
        command = option(command)
    return command


@click.command("run", cls=Command)
@click.argument("figures", nargs=-1, metavar="FIGURE... | all")
@config_options
@format_option
@results_option
@data_options
@_execution_options
@click.option(
    "--from",
    "folder",
    type=UserPath(),
    metavar="FOLDER",
    help="Repeat the results in FOLDER from their config, and check that the files agree byte for byte.",
)
@click.option("--name", "variant", metavar="NAME", help="Keep the results as DIR/NAME, a variant of FIGURE.")
@click.option("--dry-run", is_flag=True, help="Train nothing; show cached and missing runs and the estimated time.")
@click.option("-q", "--quiet", is_flag=True, help="Print only the paths of the pictures, and errors.")
@click.option("-v", "--verbose", is_flag=True, help="Print debug messages too.")
@click.pass_context
def run_command(
    ctx: click.Context,
    figures: tuple[str, ...],
    config: Path | None,
    settings: dict[str, Any],
    sweep: dict[str, Any],
    only: tuple[str, ...],
    quick: bool,
    formats: tuple[str, ...] | None,
    results: Path,
    force: bool,
    retry_failed: bool,
    jobs: int | None,
    executor: str,
    shard: tuple[int, int] | None,
    folder: Path | None,
    variant: str | None,
    dry_run: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Train and draw each FIGURE.

    FIGURE is a name shown by `fa-repro list`; `all` stands for every name without a folder. Only missing runs are
    trained. The results of a figure are its CSV, PNG, config and manifest.
    """
    from fa_repro.cli.progress import Terminal
    from fa_repro.execution.executor import Execution
    from fa_repro.execution.progress import Silent

    log(verbose)
    execution, progress = Execution(jobs, executor, force, retry_failed), Silent() if quiet else Terminal()
    if force or folder is not None:
        interrupts.set_message(ANEW)
    if folder is not None:
        others = [figures, config, settings, sweep, only, quick, shard, dry_run, force, retry_failed, variant, formats]
        if any(others):
            raise click.UsageError(
                "--from repeats the results in FOLDER as they are; leave out FIGURE and its options. Possible with it: "
                "--results, --data-dir, --offline, --jobs, --executor, --quiet, --verbose."
            )
        given = ctx.get_parameter_source("results") is not click.core.ParameterSource.DEFAULT
        _repeat(folder, results if given else None, execution, progress, quiet)
        return
    if not figures:
        raise click.UsageError("Missing argument 'FIGURE... | all'. `fa-repro list` shows all figures.")
    requests = _requests(figures, settings, config, sweep, only, quick, formats, variant)
    if dry_run:
        from fa_repro.cli.messages import plan_lines
        from fa_repro.experiment.plan import plan_runs

        for request in requests:
            for line in plan_lines(request, plan_runs(request, results, execution, shard), results, execution):
                echo(line)
    elif shard is not None:
        ctx.exit(max([_train_share(request, results, shard, execution, progress, quiet) for request in requests]))
    else:
        ctx.exit(max([_run_request(request, results, execution, progress, quiet) for request in requests]))


def _requests(figures: Sequence[str], settings: Any, config: Path | None, *rest: Any) -> "list[Request]":
    """The requests of a command. All of them are validated first, so that an error is reported before any training."""
    from fa_repro.config import locate
    from fa_repro.experiment.request import Request

    if "all" in figures:
        for path, why in locate.misnamed_configs():
            echo(f"WARNING: {path} is not used: {why}", err=True)
    names = dict.fromkeys(each for name in figures for each in (locate.config_names() if name == "all" else [name]))
    for option, value in (("--config", config), ("--name", rest[-1])):
        if value is not None and len(names) > 1:
            raise click.UsageError(f"{option} can only be used with a single FIGURE")
    requests = [Request(name, settings, config, *rest) for name in names]
    problems: list[str] = []
    for request in requests:
        try:
            _ = request.resolved
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return requests


def _run_request(request: "Request", results: Path, execution: "Execution", progress: "Progress", quiet: bool) -> int:
    from fa_repro.cli.messages import problem_lines, result_lines
    from fa_repro.experiment.pipeline import run_request

    result = run_request(request, results, execution, progress)
    for line in result_lines(request.results_name, result):
        if not quiet:
            echo(line, err=True)
    for line in problem_lines(result.diverged, result.failed):
        echo(f"error: {line}", err=True)
    for path in result.pictures:
        echo(path)
    return int(bool(result.diverged or result.failed))


def _train_share(
    request: "Request",
    results: Path,
    shard: tuple[int, int],
    execution: "Execution",
    progress: "Progress",
    quiet: bool,
) -> int:
    from fa_repro.cli.messages import problem_lines
    from fa_repro.experiment.pipeline import train_shard
    from fa_repro.plain_text import amount
    from fa_repro.results.commands import join_words

    command = join_words(request.command(results))
    if request.resolved.studies:
        if not quiet:
            echo(f"{request.name}: nothing to train. To compute it, run: {command}", err=True)
        return 0
    done = train_shard(request, results, shard, execution, progress)
    if not quiet:
        name = f"{request.results_name}, shard {shard[0]} of {shard[1]}"
        echo(f"{name}: trained {amount(len(done.trained), 'run')}, {done.cached} cached", err=True)
        echo(f"When all shards have finished, run: {command}", err=True)
    for line in problem_lines(done.diverged, done.failed):
        echo(f"error: {line}", err=True)
    return int(bool(done.diverged or done.failed))


def _repeat(folder: Path, results: Path | None, execution: "Execution", progress: "Progress", quiet: bool) -> None:
    from fa_repro.cli.messages import comparison_lines
    from fa_repro.experiment.reproduce import reproduce_results

    repeated = reproduce_results(folder, execution, progress, results)
    for line in comparison_lines(repeated):
        if not quiet or repeated.differences:
            echo(line)
    if repeated.differences:
        raise NotReproducedError(f"{folder}: some files do not agree byte for byte")
