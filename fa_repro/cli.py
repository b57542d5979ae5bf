"""The command line: parse, call, print, exit code. Nothing else.

What a command needs is imported inside it, so that `--help` and `list` stay quick.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fa_repro import __version__
from fa_repro.cli_data import data, data_options
from fa_repro.errors import ConfigError, FaReproError, StorageError
from fa_repro.logs import show as _log

INTERRUPTED = 130


class _Group(click.Group):
    """Turns errors into one message and the exit code of their kind."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FaReproError as error:
            for line in str(error).splitlines():
                click.echo(f"error: {line}", err=True)
            ctx.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted. The same command goes on from here: finished runs are kept.", err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            raise  # click ends quietly
        except OSError as error:
            click.echo(f"error: {error.filename or 'input or output'}: {error.strerror or error}", err=True)
            ctx.exit(StorageError.exit_code)


def _setting(ctx: click.Context, parameter: click.Parameter, words: tuple[str, ...]) -> dict[str, Any]:
    """Reads KEY=VALUE, the value as YAML."""
    return _pairs(ctx, parameter, words, "KEY=VALUE", "{}")


def _axis(ctx: click.Context, parameter: click.Parameter, words: tuple[str, ...]) -> dict[str, Any]:
    """Reads KEY=V1,V2,..., the values as YAML."""
    return _pairs(ctx, parameter, words, "KEY=V1,V2,...", "[{}]")


def _pairs(
    ctx: click.Context, parameter: click.Parameter, words: tuple[str, ...], form: str, value_form: str
) -> dict[str, Any]:
    from fa_repro import yaml12

    found: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip():
            raise click.BadParameter(f"expected {form}, got {word!r}", ctx, parameter)
        found[key.strip()] = yaml12.parse_value(value_form.format(value), f"{parameter.opts[0]} {word}")
    return found


def _config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--quick", is_flag=True, help="A small version of the same figure, for a look."),
        click.option("--only", multiple=True, metavar="ALGORITHM", help="Keep only these algorithms; repeatable."),
        click.option(
            "--sweep", multiple=True, metavar="KEY=V1,V2,...", callback=_axis, help="Add a sweep axis; repeatable."
        ),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="KEY=VALUE",
            callback=_setting,
            help="Change a value by its dotted key, such as training.examples=500; repeatable.",
        ),
        click.option(
            "--config", type=click.Path(path_type=Path), metavar="FILE", help="Another YAML than configs/FIGURE.yaml."
        ),
    ):
        command = option(command)
    return command


_results_option = click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    metavar="DIR",
    help="Where results and trained runs are kept.",
)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fa-repro")
def main() -> None:
    """Reproduce Lillicrap et al. (2014), "Random feedback weights support learning in deep neural networks".

    `fa-repro list` shows the figures, `fa-repro run linear` makes one.
    """


@main.command("list")
@_results_option
def list_(results: Path) -> None:
    """Show the figures, what they reproduce, and the state of their results."""
    from fa_repro import config_files, registry
    from fa_repro.draft import Draft
    from fa_repro.results import config_hash, state

    rows = []
    for name in (*config_files.names(), *config_files.names(extras=True)):
        try:
            draft = Draft(config_files.read(config_files.locate(name)))
            draft.stop_if_wrong()  # its plain mistakes only: a look at all of them takes too long for a list
            title = registry.module("figures", str(draft.data.get("figure"))).FIGURE.title
            rows.append((name, state(results / name, config_hash(draft.data)), title))
        except (ConfigError, KeyError) as error:
            rows.append((name, f"config not valid: {str(error.args[0]).splitlines()[0]}", ""))
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    for name, word, title in rows:
        click.echo(f"{name:<{widths[0]}}  {word:<{widths[1]}}  {title}".rstrip())


@main.command()
@click.argument("figures", nargs=-1, required=True, metavar="FIGURE... | all")
@_config_options
@_results_option
@data_options
@click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="Worker processes that train.  [default: one per core, where training takes long enough to gain by it]",
)
@click.option("--dry-run", is_flag=True, help="Say what would run, what is there already, and why.")
@click.option("--force", is_flag=True, help="Train again what is there already.")
@click.option("-q", "--quiet", is_flag=True, help="Say only where the picture is, and what went wrong.")
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
def run(
    figures: tuple[str, ...],
    config: Path | None,
    settings: dict[str, Any],
    sweep: dict[str, Any],
    only: tuple[str, ...],
    quick: bool,
    results: Path,
    jobs: int | None,
    dry_run: bool,
    force: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Train what is missing for each FIGURE, and write its CSV, PNG, config and manifest."""
    from fa_repro import config_files
    from fa_repro.experiment import carry_out
    from fa_repro.progress import Silent, Terminal
    from fa_repro.request import Request, plan
    from fa_repro.wording import planned, summary, troubles

    _log(verbose)
    names = list(
        dict.fromkeys(each for name in figures for each in (config_files.names() if name == "all" else [name]))
    )
    if config is not None and len(names) > 1:
        raise click.UsageError("--config goes with one FIGURE")
    requests = [Request(name, settings, config, sweep, only, quick) for name in names]
    problems: list[str] = []
    for request in requests:  # all of them, before hours are spent on the first
        try:
            _ = request.resolved
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    worst = 0
    for request in requests:
        if dry_run:
            click.echo(planned(request, plan(request, results, force), results, force))
            continue
        result = carry_out(request, results, force, Silent() if quiet else Terminal(), jobs)
        for line in summary(request.name, result):
            if not quiet:
                click.echo(line, err=True)
        for line in troubles(result):
            click.echo(f"error: {line}", err=True)
        click.echo(result.directory / f"{result.directory.name}.png")
        worst = max(worst, int(bool(result.diverged or result.failed)))
    click.get_current_context().exit(worst)


@main.command()
@click.argument("figure")
@_results_option
def plot(figure: str, results: Path) -> None:
    """Draw a FIGURE again from its CSV; trains nothing."""
    from fa_repro.experiment import redraw

    click.echo(redraw(figure, results))


@main.command("config")
@click.argument("figure")
@_config_options
def config_(
    figure: str,
    config: Path | None,
    settings: dict[str, Any],
    sweep: dict[str, Any],
    only: tuple[str, ...],
    quick: bool,
) -> None:
    """Print the resolved config of a FIGURE, every default written out."""
    from fa_repro import yaml12
    from fa_repro.request import Request

    resolved = Request(figure, settings, config, sweep, only, quick).resolved
    click.echo(yaml12.dump(dict(resolved.data)), nl=False)


@main.command()
@click.argument("directory", default=".", type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path) -> None:
    """Copy the shipped configs to DIRECTORY/configs, to edit. Files that differ are left alone."""
    from fa_repro.config_files import copy_shipped

    written, kept = copy_shipped(directory)
    for path in written:
        click.echo(path)
    for path in kept:
        click.echo(f"kept as it is: {path} (differs from the shipped one)", err=True)


main.add_command(data)
