"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def _setting(ctx: click.Context, parameter: click.Parameter, words: tuple[str, ...]) -> dict[str, Any]:
    """Reads KEY=VALUE, the value as YAML."""
    return _pairs(ctx, parameter, words, "KEY=VALUE", "{}")


def _axis(ctx: click.Context, parameter: click.Parameter, words: tuple[str, ...]) -> dict[str, Any]:
    """Reads KEY=V1,V2,..., the values as YAML."""
    return _pairs(ctx, parameter, words, "KEY=V1,V2,...", "[{}]")


def _pairs(
    ctx: click.Context, parameter: click.Parameter, words: tuple[str, ...], form: str, value_form: str
) -> dict[str, Any]:
    from fa_repro.io import yaml

    found: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip():
            raise click.BadParameter(f"expected {form}, got {word!r}", ctx, parameter)
        found[key.strip()] = yaml.parse_value(value_form.format(value), f"{parameter.opts[0]} {word}")
    return found


def config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that change a config."""
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


def _formats(ctx: click.Context, parameter: click.Parameter, words: str | None) -> tuple[str, ...] | None:
    """Reads F1,F2,..."""
    from fa_repro.errors import ConfigError
    from fa_repro.results.formats import parse_formats

    try:
        return None if words is None else parse_formats(words)
    except ConfigError as error:
        raise click.BadParameter(str(error).replace("formats: ", ""), ctx, parameter) from None


format_option = click.option(
    "--format",
    "formats",
    metavar="F1,F2,...",
    callback=_formats,
    help="Formats of the picture: png, which is always written, pdf, svg.  [default: those that are there, or png]",
)

results_option = click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    metavar="DIR",
    help="Where results and trained runs are kept.",
)
