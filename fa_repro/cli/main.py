"""The command line: parse arguments, call the package, print the outcome, set the exit code.

Each command imports what it needs when it runs, so that `--help` and `list` start quickly.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from fa_repro import __version__
from fa_repro.cli.check import check_command
from fa_repro.cli.data import data_commands
from fa_repro.cli.options import Command, UserPath, config_options, format_option, results_option
from fa_repro.cli.output import discard_unwritten, echo
from fa_repro.cli.report import report_command
from fa_repro.cli.run import run_command
from fa_repro.errors import FaReproError, StorageError
from fa_repro.execution import interrupts
from fa_repro.plain_text import escape_controls

WIDEST = 40
"""Width of the column of states in `list`, in characters; a longer state shifts the title in its line."""


@contextmanager
def _escaped_errors() -> Iterator[None]:
    """Escape what usage errors quote; click prints them itself."""
    try:
        yield
    except click.UsageError as error:
        text = error.format_message()
        if (escaped := escape_controls(text)) != text:
            raise click.UsageError(escaped, error.ctx) from None
        raise


class _Group(click.Group):
    """A command group that turns an error into a message and the exit code of its class."""

    def make_context(self, *args: Any, **keys: Any) -> click.Context:
        try:
            with _escaped_errors():
                return super().make_context(*args, **keys)
        except KeyboardInterrupt:
            echo(interrupts.message(), err=True)
            raise click.exceptions.Exit(interrupts.CODE) from None

    def invoke(self, ctx: click.Context) -> Any:
        with interrupts.handled():
            return self._invoke(ctx)

    def _invoke(self, ctx: click.Context) -> Any:
        try:
            with _escaped_errors():
                return self._undisguised(ctx)
        except FaReproError as error:
            for line in error.lines:
                echo(f"error: {line}", err=True)
            ctx.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            echo(interrupts.message(), err=True)
            ctx.exit(interrupts.CODE)
        except BrokenPipeError:
            raise  # click exits without a message
        except OSError as error:
            echo(f"error: {error.filename or 'input or output'}: {error.strerror or error}", err=True)
            discard_unwritten()
            ctx.exit(StorageError.exit_code)

    def _undisguised(self, ctx: click.Context) -> Any:
        """Invoke the command; an error raised as a consequence of an interrupt counts as the interrupt."""
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        except Exception:
            interrupts.reraise()
            raise


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fa-repro")
def command_line() -> None:
    """Reproduce Lillicrap et al. (2014), "Random feedback weights support learning in deep neural networks".

    `fa-repro list` shows all figures; `fa-repro run linear` reproduces one.
    """


@command_line.command("list", cls=Command)
@results_option
def list_command(results: Path) -> None:
    """List all figures and the state of their results."""
    from fa_repro.experiment.status import list_configs

    configs = list_configs(results)
    name_width, longest = (max(map(len, words)) for words in zip(*((c.name, c.status) for c in configs), strict=True))
    status_width = min(longest, WIDEST)
    for config in configs:
        echo(f"{config.name:<{name_width}}  {config.status:<{status_width}}  {config.title}".rstrip())


@command_line.command("plot", cls=Command)
@click.argument("figure")
@format_option
@results_option
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Picture to write (.png, .pdf or .svg), or folder for the pictures, instead of those beside the CSV.",
)
def plot_command(figure: str, formats: tuple[str, ...] | None, results: Path, output: Path | None) -> None:
    """Redraw a FIGURE from its CSV; train nothing."""
    from fa_repro.experiment.redrawing import redraw

    for path in redraw(figure, results, formats, output):
        echo(path)


@command_line.command("config", cls=Command)
@click.argument("figure")
@config_options
def config_command(
    figure: str,
    config: Path | None,
    settings: dict[str, Any],
    sweep: dict[str, Any],
    only: tuple[str, ...],
    quick: bool,
) -> None:
    """Print the resolved config of a FIGURE, including all defaults."""
    from fa_repro.experiment.request import Request
    from fa_repro.io import yaml

    resolved = Request(figure, settings, config, sweep, only, quick).resolved
    echo(yaml.dump(dict(resolved.data)), lines=True, nl=False)


@command_line.command("init", cls=Command)
@click.argument("directory", default=".", type=UserPath())
def init_command(directory: Path) -> None:
    """Copy the shipped configs to DIRECTORY/configs for editing. Files that differ are not overwritten."""
    from fa_repro.config.locate import copy_shipped

    written, kept = copy_shipped(directory)
    for path in written:
        echo(path)
    for path in kept:
        echo(f"not overwritten: {path} (differs from the shipped config)", err=True)
    if not written and not kept:
        echo(f"nothing to write: {directory / 'configs'} has all shipped configs", err=True)


command_line.add_command(run_command)
command_line.add_command(check_command)
command_line.add_command(data_commands)
command_line.add_command(report_command)
