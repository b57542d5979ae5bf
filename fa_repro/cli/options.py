"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


class UserPath(click.ParamType):  # type: ignore[type-arg]  # not generic in older versions
    """A path, which may begin with `~`, but may not be empty."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        from fa_repro.errors import ConfigError
        from fa_repro.io.user_paths import user_path

        name = param.opts[-1] if param is not None else self.name
        try:
            return user_path(value, name)
        except ConfigError as error:
            self.fail(str(error).removeprefix(f"{name}: "), param, ctx)


class Command(click.Command):
    """A command that refuses an option with one value that is given twice."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _, _, given = self.make_parser(ctx).parse_args(list(args))
        for option in given:
            single = isinstance(option, click.Option) and not option.is_flag and not option.multiple
            if single and given.count(option) > 1:
                raise click.UsageError(f"{option.opts[-1]} is given twice. Leave out one of them.", ctx)
        return super().parse_args(ctx, args)


def _setting(ctx: click.Context, parameter: click.Parameter, words: tuple[str, ...]) -> dict[str, Any]:
    """Parse KEY=VALUE, with the value as YAML."""
    return _pairs(ctx, parameter, words, "KEY=VALUE", "{}")


def _axis(ctx: click.Context, parameter: click.Parameter, words: tuple[str, ...]) -> dict[str, Any]:
    """Parse KEY=V1,V2,..., with the values as YAML."""
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
        if key.strip() in found:
            raise click.BadParameter(f"{key.strip()} is given twice. Leave out one of them.", ctx, parameter)
        found[key.strip()] = yaml.parse_value(value_form.format(value), f"{parameter.opts[0]} {word}")
    return found


def config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that change a config."""
    for option in (
        click.option("--quick", is_flag=True, help="Use a small, fast version of the figure."),
        click.option(
            "--only", multiple=True, metavar="ALGORITHM", help="Use only this algorithm or study; repeatable."
        ),
        click.option(
            "--sweep",
            multiple=True,
            metavar="KEY=V1,V2,...",
            callback=_axis,
            help="Sweep a key over several values; repeatable.",
        ),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="KEY=VALUE",
            callback=_setting,
            help="Set a value by its dotted key, such as training.examples=500; repeatable.",
        ),
        click.option(
            "--config",
            type=UserPath(),
            metavar="FILE",
            help="Config file to use instead of configs/FIGURE.yaml.",
        ),
    ):
        command = option(command)
    return command


def _formats(ctx: click.Context, parameter: click.Parameter, words: str | None) -> tuple[str, ...] | None:
    """Parse F1,F2,... into a tuple of formats."""
    from fa_repro.errors import ConfigError
    from fa_repro.results.picture_formats import parse_formats

    try:
        return None if words is None else parse_formats(words)
    except ConfigError as error:
        raise click.BadParameter(str(error).replace("formats: ", ""), ctx, parameter) from None


format_option = click.option(
    "--format",
    "formats",
    metavar="F1,F2,...",
    callback=_formats,
    help="Picture formats: png (always written), pdf, svg.  [default: the existing formats, or png]",
)

results_option = click.option(
    "--results",
    type=UserPath(),
    default=Path("results"),
    show_default=True,
    metavar="DIR",
    help="Folder for results and trained runs.",
)
