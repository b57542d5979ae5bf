"""Sweep points: their order, and the names of their values, keys and algorithms."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fa_repro.plotting import style

if TYPE_CHECKING:
    import pandas as pd

MOST_NAME = 72
"""Maximum length of a name; longer names are shortened."""

_WORDS = {"network.init_range": "initial range ω of W₀ and W"}
_ENDS = {".learning_rate": "learning rate η", ".feedback_range": "range β of B"}


def sweep_points(table: "pd.DataFrame", axes: Sequence[str]) -> "list[tuple[str, pd.DataFrame]]":
    """Name and rows of each sweep point, ordered by its values."""
    known = {axis: value_names(table[axis]) for axis in axes}
    return [(point_name(key, known), part) for key, part in group_by_point(table, axes).items()]


def group_by_point(table: "pd.DataFrame", axes: Sequence[str]) -> "dict[tuple[Any, ...], pd.DataFrame]":
    """Rows of each sweep point, keyed and ordered by its values."""
    if not axes:
        return {(): table}
    return dict(sorted(table.groupby(list(axes), sort=False), key=lambda pair: [*map(_rank, pair[0])]))


def point_name(key: Iterable[Any], known: Mapping[str, Mapping[Any, str]]) -> str:
    """Name of a sweep point with the values `key`, given the names of values for each axis."""
    return ", ".join(own[value] for value, own in zip(key, known.values(), strict=True))


def value_names(values: Iterable[Any]) -> dict[Any, str]:
    """A name for each distinct value, in ascending order.

    Numbers have as many digits as they need to differ. Blocks are named by the keys in which they differ.
    """
    ordered = sorted(set(values), key=_rank)
    opened = [_opened(value) for value in ordered]
    if opened and all(isinstance(value, dict) for value in opened):
        texts = _blocks(opened)
    else:
        numbers = iter(_numbers([value for value in opened if _is_number(value)]))
        texts = [next(numbers) if _is_number(each) else _word(each) for each in opened]
    return dict(zip(ordered, _shortened(texts), strict=True))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _blocks(blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of blocks: the keys in which they differ, or all keys if there is only one block."""
    flat = [_flat(block) for block in blocks]
    keys = list(dict.fromkeys(key for block in flat for key in block))
    texts = {key: value_names(json.dumps(block[key]) for block in flat if key in block) for key in keys}
    shown = [key for key in keys if len(blocks) == 1 or len(texts[key]) > 1 or any(key not in block for block in flat)]
    words = [[f"{key}={texts[key][json.dumps(block[key])]}" for key in shown if key in block] for block in flat]
    return [", ".join(each) or "default" for each in words]


def _flat(block: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in block.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def _numbers(values: Sequence[float]) -> list[str]:
    """Numbers with up to six digits if that is short, otherwise with as few, from three, as tell them apart."""
    short = [str(value) if isinstance(value, int) else f"{value:g}" for value in values]
    if len(set(short)) == len(values) and max(map(len, short), default=0) <= 7:
        return short
    tries = ([f"{value:.{digits}g}" for value in values] for digits in range(3, 18))
    return next((texts for texts in tries if len(set(texts)) == len(values)), [*map(str, values)])


def _shortened(texts: Sequence[str]) -> list[str]:
    """Texts shortened to the maximum length of a name, and still all different."""
    cut = [text if len(text) <= MOST_NAME else f"{text[: MOST_NAME - 1].rstrip(' ,')}…" for text in texts]
    return [text if cut.count(text) == 1 else f"{text} ({place + 1})" for place, text in enumerate(cut)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _opened(value: Any) -> Any:
    """A cell of a table as plain data; collections, and numbers in columns with words, are stored as JSON."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value.item() if hasattr(value, "item") else value


def canonical(value: Any) -> Any:
    """A label of a run or a cell of a table, in a form that is equal for equal swept values."""
    value = _opened(value)
    return json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value


def _rank(value: Any) -> tuple[int, Any]:
    """Sort key of a swept value: numbers come first, then lists, words and blocks; blocks with few keys first."""
    value = _opened(value)
    if isinstance(value, list):
        return 1, [_rank(item) for item in value]
    if isinstance(value, dict):
        flat = sorted(_flat(value).items())
        return 3, [("", (0, len(flat))), *((key, _rank(item)) for key, item in flat)]
    return (0, value) if isinstance(value, int | float) else (2, str(value))


def varied_axes(table: "pd.DataFrame", axes: Iterable[str]) -> list[str]:
    """The axes with more than one value."""
    return [axis for axis in axes if table[axis].nunique() > 1]


def concerns(axis: str, algorithm: str) -> bool:
    """Whether a swept key affects an algorithm: its own keys, those of all algorithms, and general ones do."""
    return not axis.startswith("algorithms.") or axis.split(".")[1] in (algorithm, "*")


def axis_title(axes: Sequence[str], algorithm: str | None = None) -> str:
    """Label of swept keys; keys of `algorithm` are labelled without its name."""

    def title(axis: str) -> str:
        own = next((word for end, word in _ENDS.items() if axis.endswith(end)), None)
        if axis.startswith("algorithms.*.") or (algorithm and axis.startswith(f"algorithms.{algorithm}.")):
            return own or axis.split(".", 2)[2]
        return _WORDS.get(axis, f"{own}, {style.label(axis.split('.')[1])}" if own else axis)

    return ", ".join(map(title, axes))


def setting_text(axis: str, name: str) -> str:
    """One value of a swept key, as in `seed = 3`; names of blocks contain their keys already."""
    return name if "=" in name else f"{axis.rsplit('.', 1)[-1]} = {name}"


def wrap(text: str, width: int) -> str:
    """Wrap text to `width` characters: at spaces, or after a punctuation mark within a word, or else anywhere."""
    lines = [""]
    for word in re.findall(r"\S+\s*", text):
        fits = len(lines[-1] + word.rstrip()) <= width
        for piece in [word] if fits or len(word.rstrip()) <= width else re.findall(r"[^._,=/]*[._,=/]?\s*", word):
            for start in range(0, len(piece), width):
                part = piece[start : start + width]
                if lines[-1] and len(lines[-1] + part.rstrip()) > width:
                    lines.append("")
                lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)
