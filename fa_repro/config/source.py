"""The plain data of a config, and the origin of each value."""

import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from fa_repro.config.messages import show_value
from fa_repro.errors import ConfigError
from fa_repro.io.yaml import Document, Path
from fa_repro.suggestions import suggest

KEYS = ("figure", "seed", "trials", "task", "network", "training", "record", "algorithms", "theory", "sweep")
"""Top-level keys of a config, in the order in which a resolved config is written."""

NAMED = {"algorithms": "algorithm", "theory": "study"}
"""Blocks of named items, and the noun for one item."""

EVERY = "*"
"""Wildcard for the names of all algorithms in a dotted key, as in `algorithms.*.learning_rate`."""


SWEPT = ": sweep"
"""End of the origin of a swept value."""


class SettingError(Exception):
    """A value cannot be set; the message includes its place."""


@dataclass(frozen=True)
class Source:
    """A config as plain data.

    Attributes
    ----------
    data : mapping
        Nested plain data, as read from YAML. Treated as immutable: a change creates a new `Source`.
    places : mapping of path to str
        Origin of values, such as `linear.yaml:3` or `--set seed=1`; the path `()` is the config as a whole.
    """

    data: Mapping[str, Any]
    places: Mapping[Path, str]

    def place(self, path: Path) -> str:
        """The origin of the value at a path, or of the nearest enclosing block."""
        return next(self.places[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.places)

    def problem(self, path: Path, text: str) -> str:
        """A validation message for the value at a path: its place, its dotted key, and the text."""
        dotted = ".".join(map(str, path))
        return f"{self.place(path)}: {dotted}: {text}" if path else f"{self.place(path)}: {text}"

    def block(self, key: str) -> dict[str, Any]:
        """The block at a top-level key; empty if it is missing or not a block (see `not_a_block`)."""
        value = self.data.get(key)
        return dict(value) if isinstance(value, dict) else {}

    def not_a_block(self, key: str) -> list[str]:
        """A list with a validation message if the value at a top-level key is not a block; empty otherwise."""
        value = self.data.get(key)
        if value is None or isinstance(value, dict):
            return []
        return [self.problem((key,), f"expected a block of keys, got {show_value(value)}")]

    def with_data(self, **data: Any) -> "Source":
        """The same config with new values for some top-level keys."""
        return Source({**self.data, **data}, self.places)

    def without(self, key: str) -> "Source":
        """The same config without a top-level key."""
        return Source({name: value for name, value in self.data.items() if name != key}, self.places)

    def with_value(self, dotted: str, value: Any, place: str, others: Collection[str] = ()) -> "Source":
        """The same config with a new value at a dotted key.

        Parameters
        ----------
        dotted : str
            With `*` as the name of an algorithm, the value is set for every algorithm.
        value
        place : str
            Origin of the value, for messages.
        others : collection of str
            Other dotted keys that are set. `*` skips an algorithm for which one of them sets the same key.

        Raises
        ------
        SettingError
            If the dotted key is not valid for this config.
        """
        first = dotted.split(".", 1)[0]
        if first != "sweep" and (wrong := misplaced_star(dotted)):
            raise SettingError(f"{place}: {dotted}: {wrong}")
        if not for_every_algorithm(dotted):
            return self._with_one(dotted, value, place)
        algorithms = self.data.get("algorithms")
        if not isinstance(algorithms, dict) or not algorithms:
            raise SettingError(f"{place}: {dotted}: there are no algorithms")
        changed = self
        for key in (with_name(dotted, str(name)) for name in algorithms):
            if key not in others:
                changed = changed._with_one(key, value, place)
        return changed

    def _with_one(self, dotted: str, value: Any, place: str) -> "Source":
        first, *rest = dotted.split(".")
        if first not in KEYS:
            raise SettingError(f"{place}: {dotted}: {unknown_key(first)}")
        path: Path = ("sweep", ".".join(rest)) if first == "sweep" and rest else (first, *rest)
        places = {known: where for known, where in self.places.items() if known[: len(path)] != path}
        changed = Source(dict(self.data), {**places, path: place})
        block: dict[str, Any] = changed.data  # type: ignore[assignment]  # the copy made by dict() above
        for depth, part in enumerate(path[:-1]):
            if depth == 1 and first in NAMED and part not in block:
                text = f"there is no {NAMED[first]} {part!r}{suggest(str(part), block)}"
                raise SettingError(changed.problem(path, text))
            inner = block.setdefault(str(part), {})
            if not isinstance(inner, dict):
                raise SettingError(changed.problem(path, f"{part} is {show_value(inner)}, not a block of keys"))
            block[str(part)] = block = dict(inner)
        block[str(path[-1])] = copy.deepcopy(value)
        return changed

    def value_of(self, dotted: str, algorithm: str | None = None) -> Any:
        """The value of a swept key for an algorithm. A value in the algorithm's own block takes precedence."""
        if algorithm is not None and for_every_algorithm(dotted):
            dotted = with_name(dotted, algorithm)
        own, value = (_at(block, dotted) for block in (self.block("algorithms").get(str(algorithm)), self.data))
        return value if own is None or isinstance(own, dict) else own


def read_source(document: Document) -> tuple[Source, list[str]]:
    """The config of a document, and validation messages for unknown top-level keys.

    Raises
    ------
    ConfigError
        If it is not a mapping of keys to values.
    """
    if not isinstance(document.data, dict):
        raise ConfigError([f"{document.source}: expected a config (keys and values), got {show_value(document.data)}"])
    places: dict[Path, str] = {path: f"{document.source}:{line}" for path, line in document.lines.items()}
    places[()] = document.source
    source = Source(document.data, places)
    return source, [source.problem((key,), unknown_key(key)) for key in source.data if key not in KEYS]


def overridden(place: str) -> bool:
    """Whether the origin of a value is an option or a sweep, and not its line in the config."""
    return place.startswith("--") or place.endswith(SWEPT)


def unknown_key(key: str) -> str:
    """Message for an unknown top-level key."""
    return f"unknown key{suggest(key, KEYS)}"


def for_every_algorithm(dotted: str) -> bool:
    """Whether a dotted key is for every algorithm."""
    return dotted.split(".")[:2] == ["algorithms", EVERY]


def with_name(dotted: str, name: str) -> str:
    """A dotted key of an algorithm or a study, with the name replaced."""
    first, _, *rest = dotted.split(".")
    return ".".join([first, name, *rest])


def covers(outer: str, inner: str) -> bool:
    """Whether the block at a dotted key contains another dotted key; `*` stands for any algorithm."""
    above, below = outer.split("."), inner.split(".")
    same = (one == other or EVERY in (one, other) for one, other in zip(above, below, strict=False))
    return len(above) < len(below) and all(same)


def misplaced_star(dotted: str) -> str:
    """Message for a `*` in the wrong place of a dotted key; empty if there is none."""
    parts = dotted.split(".")
    rest = parts[2:] if for_every_algorithm(dotted) else parts
    if EVERY not in "".join(rest) and (rest or not for_every_algorithm(dotted)):
        return ""
    return f"{EVERY} can only stand for a whole algorithm name, followed by a key, such as algorithms.*.learning_rate"


def _at(block: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        block = block.get(part) if isinstance(block, dict) else None
    return block
