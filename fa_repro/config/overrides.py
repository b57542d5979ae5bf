"""A config while it is being put together: plain data, where each value came from, and what is wrong with it."""

import copy
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fa_repro.config.messages import show
from fa_repro.errors import ConfigError
from fa_repro.io.yaml import Document, Path
from fa_repro.suggestions import did_you_mean

KEYS = ("figure", "seed", "trials", "task", "network", "training", "record", "algorithms", "theory", "sweep")
NAMED = {"algorithms": "algorithm", "theory": "study"}
"""Blocks of named things, and what one of those is called."""

EVERY = "*"
"""Stands for the name of each algorithm in a dotted key, as in `algorithms.*.learning_rate`."""

MAX_POINTS = 20_000
SPAN = ("from", "to", "num", "scale")
"""Keys of a range of numbers that is swept."""


class Draft:
    """Plain data of a config, with the place of each value.

    Attributes
    ----------
    data : dict
        The config as nested plain data.
    problems : list of str
        What was found wrong so far, each with its place.
    memo : dict
        Blocks that were found valid, by their kind and content; all points of a sweep share it.
    """

    def __init__(self, document: Document) -> None:
        if not isinstance(document.data, dict):
            raise ConfigError([f"{document.source}: expected a config (keys and values), got {show(document.data)}"])
        self.data: dict[str, Any] = copy.deepcopy(document.data)
        self.problems: list[str] = []
        self._places = {path: f"{document.source}:{line}" for path, line in document.lines.items()}
        self._places[()] = document.source
        self.memo: dict[Any, Any] = {}
        for key in self.data:
            if key not in KEYS:
                self.problem((key,), _unknown(key))

    def problem(self, path: Path, text: str) -> None:
        """Note what is wrong with the value at a path."""
        dotted = ".".join(map(str, path))
        self.problems.append(f"{self.place(path)}: {dotted}: {text}" if path else f"{self.place(path)}: {text}")

    def place(self, path: Path) -> str:
        """Where the value at a path, or the nearest block around it, came from."""
        return next(self._places[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self._places)

    def stop_if_wrong(self) -> None:
        """Raise ConfigError with all the problems, if there are any."""
        if self.problems:
            raise ConfigError(self.problems)

    def block(self, key: str) -> dict[str, Any]:
        """A copy of the block at a top-level key; empty if it is missing."""
        value = self.data.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.problem((key,), f"expected a block of keys, got {show(value)}")
            return {}
        return dict(value)

    def at_point(self, values: Mapping[str, Any]) -> "Draft":
        """The draft of one sweep point, without its sweep. Problems go to this draft as well."""
        point = copy.copy(self)
        point.data = {key: value for key, value in self.data.items() if key != "sweep"}  # `set` copies what it changes
        point._places = dict(self._places)
        for key, value in values.items():
            point.set(key, value, f"{self.place(('sweep', key))}: sweep", values)
        return point

    def set(self, dotted: str, value: Any, place: str, beside: Collection[str] = ()) -> None:
        """Set the value of a dotted key; `place` says in messages where it came from.

        With `*` in place of an algorithm's name it is set in every algorithm that no key among `beside` names.
        """
        first, *rest = dotted.split(".")
        if first != "sweep" and (wrong := _misplaced(dotted)):
            self.problems.append(f"{place}: {dotted}: {wrong}")
            return
        if for_every(dotted):
            algorithms = self.data.get("algorithms")
            if not isinstance(algorithms, dict) or not algorithms:
                self.problems.append(f"{place}: {dotted}: there are no algorithms")
                return
            for key in (named(dotted, str(name)) for name in algorithms):
                if key not in beside:
                    self.set(key, value, place)
            return
        if first not in KEYS:
            self.problems.append(f"{place}: {dotted}: {_unknown(first)}")
            return
        path = ("sweep", ".".join(rest)) if first == "sweep" and rest else (first, *rest)
        for below in [known for known in self._places if known[: len(path)] == path]:
            del self._places[below]
        self._places[path] = place
        block = self.data
        for depth, part in enumerate(path[:-1]):
            if depth == 1 and first in NAMED and part not in block:
                self.problem(path, f"there is no {NAMED[first]} {part!r}{did_you_mean(part, block)}")
                return
            inner = block.setdefault(part, {})
            if not isinstance(inner, dict):
                self.problem(path, f"{part} is {show(inner)}, not a block of keys")
                return
            block[part] = block = dict(inner)
        block[path[-1]] = copy.deepcopy(value)

    def axes(self, extra: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """The sweep's axes, those of `--sweep` included."""
        axes = self.block("sweep")
        for key, values in extra.items():
            axes[key] = values
            self._places["sweep", key] = f"--sweep {key}"
        self.data["sweep"] = axes
        for key, values in list(axes.items()):
            if (span := _span(values)) is not None:
                try:
                    axes[key] = values = _spread(span)
                except ValueError as error:
                    self.problem(("sweep", key), str(error))
                    continue
            if not isinstance(values, list) or not values:
                self.problem(("sweep", key), f"expected a list of values, got {show(values)}")
            elif wrong := _misplaced(key):
                self.problem(("sweep", key), wrong)
            elif key.split(".")[0] in ("figure", "sweep", "record", "trials"):
                self.problem(("sweep", key), "this key cannot be swept")
            elif key.split(".")[0] == "theory" and key.count(".") < 2:
                self.problem(("sweep", key), "sweep the keys of a study one by one, as theory.STUDY.KEY")
        points = math.prod(len(values) for values in axes.values() if isinstance(values, list))
        if points > MAX_POINTS:
            self.problem(("sweep",), f"{points:,} points; at most {MAX_POINTS:,} are possible")
            axes.clear()
        return axes

    def keep_only(self, names: Sequence[str], among: str) -> None:
        """Drop all of the block `among` that is not named, and its own sweep axes, unless none is named."""
        blocks = self.block(among)
        for name in names:
            if name not in blocks:
                self.problems.append(f"--only {name}: no such {NAMED[among]}{did_you_mean(name, blocks)}")
        if not names:
            return
        kept = {name: value for name, value in blocks.items() if name in names}
        self.data[among] = kept or blocks
        sweep = self.data.get("sweep", {})
        for axis in [axis for axis in sweep if axis.startswith(f"{among}.") and axis.split(".")[1] not in names]:
            if axis.split(".")[1] in blocks and not self.place(("sweep", axis)).startswith("--sweep"):
                del sweep[axis]

    def cut_down(self, limits: Mapping[str, float]) -> None:
        """Lower numbers, here and in the algorithms' own settings, to the limits given by dotted key.

        A limit that is itself a whole number is one for whole numbers only: others are wrong, and to be told.
        """
        for block in (self.data, *self.block("algorithms").values()):
            for dotted, limit in limits.items():
                *parents, last = dotted.split(".")
                inner: Any = block
                for parent in parents:
                    inner = inner.get(parent) if isinstance(inner, dict) else None
                kinds = (int, float) if type(limit) is float else (int,)
                if isinstance(inner, dict) and type(inner.get(last)) in kinds:
                    inner[last] = min(inner[last], limit)

    def effective(self, dotted: str, algorithm: str | None = None) -> Any:
        """The value that a swept key really has, for an algorithm, whose own settings win, key by key."""
        if algorithm is not None and for_every(dotted):
            dotted = named(dotted, algorithm)
        own, value = (_at(block, dotted) for block in (self.data.get("algorithms", {}).get(algorithm), self.data))
        return value if own is None or isinstance(own, dict) else own


def for_every(dotted: str) -> bool:
    """Whether a key is one of every algorithm."""
    return dotted.split(".")[:2] == ["algorithms", EVERY]


def named(dotted: str, name: str) -> str:
    """A key of an algorithm or a study, with another name in it."""
    first, _, *rest = dotted.split(".")
    return ".".join([first, name, *rest])


def _misplaced(dotted: str) -> str:
    """What is wrong with a `*` in a key; nothing if it stands for an algorithm's name."""
    parts = dotted.split(".")
    rest = parts[2:] if for_every(dotted) else parts
    if EVERY not in "".join(rest) and (rest or not for_every(dotted)):
        return ""
    return f"{EVERY} stands only for the whole name of an algorithm, before one of its keys: algorithms.*.learning_rate"


def _span(values: Any) -> dict[str, Any] | None:
    """The range that is swept, if it is one: a mapping with `from` and `to`, or a list of it, as `--sweep` has it."""
    if isinstance(values, list) and len(values) == 1:
        values = values[0]
    return values if isinstance(values, dict) and {"from", "to"} <= set(values) else None


def _spread(span: Mapping[str, Any]) -> list[float]:
    """The numbers of a range `{from, to, num, scale}`, both ends included.

    Raises
    ------
    ValueError
        If it is not one.
    """
    ends: list[Any] = [span.get(key) for key in SPAN]
    first, last, count, scale = ends
    unknown = [key for key in span if key not in SPAN]
    if unknown:
        raise ValueError(f"{unknown[0]}: unknown key{did_you_mean(unknown[0], SPAN)} Known: {', '.join(SPAN)}.")
    for key, value in (("from", first), ("to", last)):
        if type(value) not in (int, float) or not math.isfinite(value):
            raise ValueError(f"{key}: expected a number, got {show(value)}")
    if type(count) is not int or not 2 <= count <= MAX_POINTS:
        raise ValueError(f"num: expected a whole number from 2 to {MAX_POINTS:,}, got {show(count)}")
    if scale not in (None, "linear", "log"):
        raise ValueError(
            f"scale: expected linear or log, got {show(scale)}{did_you_mean(str(scale), ('linear', 'log'))}"
        )
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
    """A number to twelve digits, so that 0.1 + 0.2 is 0.3 in names and tables."""
    return float(f"{value:.12g}")


def _unknown(key: str) -> str:
    return f"unknown key{did_you_mean(key, KEYS)} Known: {', '.join(KEYS)}."


def _at(block: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        block = block.get(part) if isinstance(block, dict) else None
    return block
