"""The commands `fa-repro data ...`, and the options that say where MNIST comes from."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fa_repro.cli.logging import configure_logging
from fa_repro.errors import DataError


def _into_environment(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Hands an option on to this process and those that it starts, through an environment variable."""

    def keep(_ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            os.environ[name] = str(value.absolute()) if isinstance(value, Path) else "1"

    return keep


def data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --data-dir and --offline to a command, which is given no arguments for them."""
    for option in (
        click.option(
            "--offline",
            is_flag=True,
            expose_value=False,
            callback=_into_environment("FA_REPRO_OFFLINE"),
            help="Never touch the network.",
        ),
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path),
            metavar="DIR",
            expose_value=False,
            callback=_into_environment("FA_REPRO_DATA"),
            help="Folder with the four files of MNIST, plain or as .gz.",
        ),
    ):
        command = option(command)
    return command


@click.group("data")
def data_commands() -> None:
    """Find, fetch or check MNIST."""


@data_commands.command("fetch")
@data_options
@click.option("-v", "--verbose", is_flag=True, help="Say which sources are tried.")
def fetch_command(verbose: bool) -> None:
    """Find MNIST or fetch it; print the folder where it is."""
    from fa_repro.datasets.mnist import prepare

    configure_logging(verbose)
    found = prepare()
    if not found.fetched:  # else it has been told
        click.echo(found, err=True)
    click.echo(found.folder)


@data_commands.command("verify")
@data_options
def verify_command() -> None:
    """Check the files in the cache, or those of --data-dir; fetch nothing."""
    from fa_repro.datasets import mnist

    checked = mnist.verify()
    for path, wrong in checked:
        click.echo(f"wrong  {path}: {wrong}" if wrong else f"ok     {path}")
    if any(wrong for _, wrong in checked):
        folder = mnist.given()
        way_out = f"Mend {folder}, or leave it to: fa-repro data fetch" if folder else "Run: fa-repro data fetch"
        raise DataError(f"MNIST is missing or wrong. {way_out}")


@data_commands.command("path")
@data_options
def path_command() -> None:
    """Print the folder where MNIST is, or would be."""
    from fa_repro.datasets.mnist import where

    click.echo(where())
