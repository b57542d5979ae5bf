"""Sweeps: axes, ranges of numbers, and expansion to sweep points."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fa_repro.config.messages import show_value
from fa_repro.config.source import SWEPT, SettingError, Source, covers, misplaced_star
from fa_repro.io.yaml import Path
from fa_repro.suggestions import did_you_mean, suggest

MAX_POINTS = 20_000

RANGE = ("from", "to", "num", "scale")
"""Keys of a swept range of numbers."""


def read_axes(source: Source, extra: Mapping[str, Sequence[Any]]) -> tuple[Source, list[str]]:
    """Write the sweep of a config as dotted keys and lists of values; return the config and validation messages.

    Parameters
    ----------
    source : Source
    extra : mapping
        Further axes, as `--sweep` adds them.
    """
    problems = source.not_a_block("sweep")
    axes = {**source.block("sweep"), **extra}
    places: dict[Path, str] = {("sweep", key): f"--sweep {key}" for key in extra}
    source = Source({**source.data, "sweep": axes}, {**source.places, **places})
    for key, values in list(axes.items()):
        if (given := _range(values)) is not None:
            try:
                axes[key] = values = _numbers(given)
            except ValueError as error:
                problems.append(source.problem(("sweep", key), str(error)))
                continue
        if wrong := _wrong_axis(key, values):
            problems.append(source.problem(("sweep", key), wrong))
        earlier = list(axes)[: list(axes).index(key)]
        if replaced := [other for other in earlier if covers(key, other)]:
            text = f"this replaces the block with {replaced[0]}, which is swept too. Put it before {replaced[0]}"
            problems.append(source.problem(("sweep", key), text))
    points = math.prod(len(values) for values in axes.values() if isinstance(values, list))
    if points > MAX_POINTS:
        problems.append(source.problem(("sweep",), f"{points:,} points; at most {MAX_POINTS:,} are allowed"))
    return source, problems


def expand(source: Source) -> Iterator[tuple[Source, list[str]]]:
    """Yield the config of each sweep point, without the sweep, and validation messages for its values."""
    axes = source.block("sweep")
    plain = source.without("sweep")
    for values in itertools.product(*axes.values()):
        point, problems = plain, []
        for key, value in zip(axes, values, strict=True):
            try:
                point = point.with_value(key, value, f"{source.place(('sweep', key))}{SWEPT}", axes)
            except SettingError as error:
                problems.append(str(error))
        yield point, problems


def _wrong_axis(key: str, values: Any) -> str:
    first, *rest = key.split(".")
    if not isinstance(values, list) or not values:
        return f"expected a list of values, got {show_value(values)}"
    if wrong := misplaced_star(key):
        return wrong
    if first in ("figure", "sweep", "record", "trials"):
        return "this key cannot be swept"
    if first == "theory" and len(rest) < 2:
        return "sweep the keys of a study one by one, such as theory.STUDY.KEY"
    return ""


def _range(values: Any) -> dict[str, Any] | None:
    """The swept range, if it is one: a mapping with `from` and `to`, or a list of one such mapping (from `--sweep`)."""
    if isinstance(values, list) and len(values) == 1:
        values = values[0]
    return values if isinstance(values, dict) and {"from", "to"} <= set(values) else None


def _numbers(given: Mapping[str, Any]) -> list[float]:
    """The numbers of a range `{from, to, num, scale}`, both ends included.

    Raises
    ------
    ValueError
        If the range is not valid.
    """
    ends: list[Any] = [given.get(key) for key in RANGE]
    first, last, count, scale = ends
    unknown = [key for key in given if key not in RANGE]
    if unknown:
        raise ValueError(f"{unknown[0]}: unknown key{suggest(unknown[0], RANGE)}")
    for key, value in (("from", first), ("to", last)):
        if type(value) not in (int, float) or not math.isfinite(value):
            raise ValueError(f"{key}: expected a number, got {show_value(value)}")
    if type(count) is not int or not 2 <= count <= MAX_POINTS:
        raise ValueError(f"num: expected a whole number from 2 to {MAX_POINTS:,}, got {show_value(count)}")
    if scale not in (None, "linear", "log"):
        hint = did_you_mean(str(scale), ("linear", "log"))
        raise ValueError(f"scale: expected linear or log, got {show_value(scale)}{hint}")
    if scale == "log" and min(first, last) <= 0:
        raise ValueError(f"from, to: expected numbers above 0 on a logarithmic scale, got {first:g} and {last:g}")
    shares = [number / (count - 1) for number in range(1, count - 1)]
    if scale == "log":
        inner = [_rounded(first * (last / first) ** share) for share in shares]
    else:
        inner = [_rounded(first + (last - first) * share) for share in shares]
    values = [float(first), *inner, float(last)]
    whole = type(first) is type(last) is int and all(value.is_integer() for value in values)
    return [int(value) for value in values] if whole else values


def _rounded(value: float) -> float:
    """Round to twelve digits, so that 0.1 + 0.2 is 0.3 in names and tables."""
    return float(f"{value:.12g}")
