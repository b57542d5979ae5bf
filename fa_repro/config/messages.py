"""Validation messages: what was expected, what was found, and what to do."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fa_repro.errors import ConfigError
from fa_repro.io.yaml import Path, parse_value
from fa_repro.suggestions import nearest, suggest

_EXPECTED = {
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a block of keys",
    "finite_number": "a finite number",
    "too_long": "at most {max_length} values",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of at least {ge:,.6g}",
    "less_than": "a number below {lt:,.6g}",
    "less_than_equal": "a number of at most {le:,.6g}",
}


def show_value(value: Any, kind: bool = True) -> str:
    """A value as the user would write it in YAML; with `kind` for a message, with its type where that may surprise."""
    if isinstance(value, bool):
        return f"{str(value).lower()}{' (boolean)' if kind else ''}"
    if isinstance(value, str):
        return f"{value[:60]!r}{' (text)' if kind else ''}"
    if value is None:
        return "nothing" if kind else "null"
    if isinstance(value, dict):
        return "a block of keys" if kind else "{" + ", ".join(map(str, value)) + "}"
    if isinstance(value, list | tuple):
        return (
            "[" + ", ".join(show_value(item, kind=False) for item in value[:8]) + (", ...]" if len(value) > 8 else "]")
        )
    return str(value)[:60] if not isinstance(value, int) or abs(value) < 10**60 else "a huge number"


def describe_error(error: Mapping[str, Any], data: Mapping[str, Any], keys: Sequence[str]) -> tuple[Path, str]:
    """Path within a block, and message, for one of its validation errors.

    Parameters
    ----------
    error : mapping
        An item of pydantic's `ValidationError.errors()`.
    data : mapping
        The block before validation.
    keys : sequence of str
        The keys that the block accepts.
    """
    path: Path = tuple(error["loc"])
    kind, value = error["type"], error["input"]
    if len(path) > 1 and not isinstance(data.get(str(path[0])), list | tuple | dict):
        path = path[:1]  # a single number where a list is possible too
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return path, f"unknown key{suggest(str(path[-1]), sorted(set(keys)))}"
    if kind == "missing":
        return path[:-1], f"{path[-1]}: missing"
    if kind == "value_error":
        where, text = split_key(str(error["ctx"]["error"]), data)
        return (*path, *where), text
    if kind == "literal_error":
        choices = [word.strip("'") for word in error["ctx"]["expected"].replace(" or ", ", ").split(", ")]
        near = nearest(str(value), choices)
        hint = f". Did you mean {near}?" if near else ""
        listed = " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))
        return path, f"expected {listed}, got {show_value(value)}{hint}"
    expected = _EXPECTED.get(kind)
    text = f"expected {expected.format(**error.get('ctx', {}))}" if expected else str(error["msg"]).lower()
    hint = _number_hint(value, whole=kind == "int_type") if kind in ("float_type", "int_type") else ""
    return path, f"{text}, got {show_value(value)}{hint}"


def split_key(message: str, data: Mapping[str, Any]) -> tuple[Path, str]:
    """Split a message `key: text` into path and text; the path is empty if `data` has no such key."""
    key, colon, text = message.partition(": ")
    return ((key,), text) if colon and key in data else ((), message)


def _number_hint(value: Any, whole: bool) -> str:
    """How to write a text that looks like a number, so that YAML reads it as one; empty if it does not."""
    if not isinstance(value, str):
        return ""
    kinds = (int,) if whole else (int, float)
    try:
        if type(parse_value(value, "")) in kinds:  # it is text because it was quoted
            return ". Remove the quotes"
        number = int(value) if whole else float(value)
    except (ConfigError, ValueError):
        return ""
    return f". Write {number!r}" if math.isfinite(number) and type(parse_value(repr(number), "")) in kinds else ""
