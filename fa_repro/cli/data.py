"""The commands `fa-repro data ...`, and the options for the source of MNIST."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fa_repro.cli.logging import configure_logging
from fa_repro.cli.options import Command, UserPath
from fa_repro.cli.output import echo
from fa_repro.datasets import settings
from fa_repro.errors import DataError


def _choose(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Use an option in place of an environment variable, in this command and its worker processes."""

    def keep(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            ctx.with_resource(settings.choose(name, str(value.absolute()) if isinstance(value, Path) else "1"))

    return keep


def data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --data-dir and --offline to a command; they are not passed to it as arguments."""
    for option in (
        click.option(
            "--offline",
            is_flag=True,
            expose_value=False,
            callback=_choose(settings.OFFLINE),
            help="Do not use the network to get MNIST.",
        ),
        click.option(
            "--data-dir",
            type=UserPath(),
            metavar="DIR",
            expose_value=False,
            callback=_choose(settings.DATA),
            help="Folder to read the four MNIST files from, plain or as .gz.",
        ),
    ):
        command = option(command)
    return command


@click.group("data")
def data_commands() -> None:
    """Find, download or verify MNIST."""


@data_commands.command("fetch", cls=Command)
@data_options
@click.option("-v", "--verbose", is_flag=True, help="Print which sources are tried.")
def fetch_command(verbose: bool) -> None:
    """Find or download MNIST, and print its folder."""
    from fa_repro.datasets.mnist import prepare

    configure_logging(verbose)
    found = prepare()
    if not found.fetched:  # otherwise it has been reported already
        echo(found, err=True)
    echo(found.folder)


@data_commands.command("verify", cls=Command)
@data_options
def verify_command() -> None:
    """Verify the files in the cache or in --data-dir; download nothing."""
    from fa_repro.datasets import mnist

    checked = mnist.verify()
    for path, wrong in checked:
        echo(f"wrong  {path}: {wrong}" if wrong else f"ok     {path}")
    if any(wrong for _, wrong in checked):
        folder = mnist.given()
        way_out = f"Repair {folder}, or run: fa-repro data fetch" if folder else "Run: fa-repro data fetch"
        raise DataError(f"MNIST is missing or wrong. {way_out}")


@data_commands.command("path", cls=Command)
@data_options
def path_command() -> None:
    """Print the folder where MNIST is, or where it would be stored."""
    from fa_repro.datasets.mnist import where

    configure_logging(verbose=False)
    echo(where())
