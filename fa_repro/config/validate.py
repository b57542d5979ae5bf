"""Validate the plain data of one sweep point, and convert it to immutable settings."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from fa_repro import registry
from fa_repro.config.blocks import BLOCKS, Algorithm, Top
from fa_repro.config.messages import describe_error, show_value, split_key
from fa_repro.config.source import EVERY, Source, overridden
from fa_repro.figures import Figure
from fa_repro.io.yaml import Path
from fa_repro.rules import Rule
from fa_repro.suggestions import nearest, suggest
from fa_repro.tasks import Task
from fa_repro.theory import Study, Theory
from fa_repro.training import probes
from fa_repro.training.runs import Condition, Setup

RESERVED = ("target", "initial")
"""Names that tables use for the target and for the state before training; algorithms must not have them."""

MOST_DECAY = 0.5
"""Largest fraction of a weight that weight decay may remove in one update."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

T = TypeVar("T")


class BlockCache:
    """Cache of validated blocks by class and content: most blocks are the same at all points of a sweep."""

    def __init__(self) -> None:
        self._known: dict[tuple[type[Any], str], tuple[Any, list[Any]]] = {}

    def validate(self, kind: type[T], data: Mapping[str, Any]) -> tuple[T | None, list[Any]]:
        """The settings, or None if they are not valid, and the errors of pydantic."""
        key = (kind, repr(data))
        if key not in self._known:
            try:
                self._known[key] = _adapter(cast(Any, kind)).validate_python(data), []
            except ValidationError as error:
                self._known[key] = None, error.errors(include_url=False)
        return self._known[key]


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


class PointValidator:
    """Validates the config of one sweep point.

    Attributes
    ----------
    problems : list of str
        Validation messages so far, each with its place.
    """

    def __init__(self, source: Source, known: BlockCache) -> None:
        self.problems: list[str] = []
        self._source, self._known = source, known

    def conditions(self, axes: Iterable[str], figure: Figure) -> list[Condition]:
        """The valid algorithms of this point; `axes` are the swept keys."""
        top, task = self._top(), self._task()
        shared = {name: self._block(kind, (name,), self._source.data.get(name)) for name, kind in BLOCKS.items()}
        self.problems += self._source.not_a_block("algorithms")
        algorithms = self._source.block("algorithms")
        if not algorithms:
            self._problem(("algorithms",), "missing. Name at least one")
        found = []
        for name, block in algorithms.items():
            self._check_name(name)
            setup = self._setup(name, block, top, task, shared)
            if setup is not None and top is not None:
                swept = {key: self._source.value_of(key, name) for key in axes}
                found.append(Condition(name, swept, top.trials, setup))
                self._check_figure(found[-1], figure)
        return found

    def studies(self, axes: Iterable[str], known: Sequence[str]) -> list[Study]:
        """The valid studies of this point; `known` are the names of the studies that the figure draws."""
        top = self._top()
        for key in ("task", *BLOCKS, "algorithms"):
            if key in self._source.data:
                self._problem((key,), "this figure trains nothing; leave out the block")
        self.problems += self._source.not_a_block("theory")
        blocks = self._source.block("theory")
        if not blocks:
            self._problem(("theory",), f"missing. Known: {', '.join(known)}")
        found = []
        for name, data in blocks.items():
            if name not in known:
                self._problem(("theory", name), f"unknown study{suggest(name, known)}")
                continue
            kind = registry.find("theory", name, Theory)  # type: ignore[type-abstract]
            theory = self._block(kind, ("theory", name), {} if data is None else data)
            if theory is not None and top is not None:
                point = {key: self._source.value_of(key) for key in axes}
                found.append(Study(name, point, top.seed, top.trials, theory))
        return found

    def _problem(self, path: Path, text: str) -> None:
        self.problems.append(self._source.problem(path, text))

    def _top(self) -> Top | None:
        data = self._source.data
        return self._block(Top, (), {f.name: data[f.name] for f in fields(Top) if f.name in data})

    def _task(self) -> Task | None:
        data = self._source.data.get("task")
        if not isinstance(data, dict):
            self._problem(("task",), "missing" if data is None else f"expected a block of keys, got {show_value(data)}")
            return None
        kind = self._named_class("tasks", Task, ("task",), "name", data)  # type: ignore[type-abstract]
        settings = {key: value for key, value in data.items() if key != "name"}
        return self._block(kind, ("task",), settings, ["name"], "name") if kind is not None else None

    def _check_name(self, name: str) -> None:
        reserved = name in RESERVED or name.startswith("initial_")
        if _NAME.fullmatch(name) and not reserved:
            return
        text = "invalid algorithm name: "
        text += f"{name} is reserved" if reserved else "expected a letter, followed by letters, digits, _ or -"
        if name == EVERY:
            text += ". To set a key of every algorithm, use --set algorithms.*.KEY=VALUE"
        self._problem(("algorithms", name), text)

    def _setup(
        self, name: str, data: Any, top: Top | None, task: Task | None, shared: Mapping[str, Any]
    ) -> Setup | None:
        path = ("algorithms", name)
        if not isinstance(data, dict):
            self._problem(path, f"expected a block of keys, got {show_value(data)}")
            return None
        kind = self._named_class("rules", Rule, path, "rule", data)  # type: ignore[type-abstract]
        if kind is None:
            return None
        common = {f.name for f in fields(Algorithm)}
        rule = self._block(kind, path, {k: v for k, v in data.items() if k not in common}, sorted(common), "rule")
        algorithm = self._block(Algorithm, path, {k: v for k, v in data.items() if k in common})
        blocks = dict(shared)
        for block, block_kind in BLOCKS.items():
            override = getattr(algorithm, block, {})
            if override and blocks[block] is not None:
                blocks[block] = self._block(block_kind, (*path, block), {**self._source.block(block), **override})
        if top is None or task is None or rule is None or algorithm is None or None in blocks.values():
            return None
        setup = Setup(top.seed, task, learning_rate=algorithm.learning_rate, rule=rule, **blocks)
        if not self._check_setup(path, data, setup):
            return None
        return replace(setup, training=replace(setup.training, examples=setup.examples, epochs=None))

    def _check_setup(self, path: Path, data: Mapping[str, Any], setup: Setup) -> bool:
        """Check constraints across blocks; return whether the setup is valid."""
        training, found = setup.training, len(self.problems)
        try:
            setup.rule.check(len(setup.network.hidden))
        except ValueError as error:
            where, text = split_key(str(error), data)
            self._problem((*path, *where), text)
        if training.loss == "cross_entropy" and setup.network.output != "logistic":
            text = f"cross_entropy needs network.output: logistic, but it is {setup.network.output}"
            self._problem(("training", "loss"), text)
        if setup.task.epoch is None:
            if training.epochs is not None:
                text = "this task has no epochs: set training.examples instead, and training.epochs to null"
                self._problem(("training", "epochs"), text)
            if setup.record.grid == "epochs":
                self._problem(("record", "grid"), "this task has no epochs; choose every, linear or log")
        if len(self.problems) > found:
            return False
        lost = training.weight_decay * min(training.batch_size, setup.examples)
        if lost > MOST_DECAY:
            text = f"one update would remove {lost:.3g} of each weight; at most {MOST_DECAY:g} is allowed"
            self._problem(("training", "weight_decay"), f"{text}. Lower it or training.batch_size")
        return lost <= MOST_DECAY

    def _check_figure(self, condition: Condition, figure: Figure) -> None:
        """Check that every probe exists, and that the runs provide what the figure draws."""
        own = self._source.block("algorithms")[condition.algorithm].get("record", {})
        shared: Path = ("record", "probes")
        path = ("algorithms", condition.algorithm, *shared) if "probes" in own else shared
        record = condition.setup.record
        for name in record.probes:
            try:
                probes.make(name).check(condition.setup.task, len(condition.setup.network.hidden))
            except (KeyError, ValueError) as error:
                self._problem(path, f"{name}: {error}" if isinstance(error, ValueError) else str(error.args[0]))
        try:
            figure.check_setup(condition.setup)
        except ValueError as error:
            self._problem(("algorithms", condition.algorithm), str(error))
        for name in figure.apart.get(condition.algorithm, figure.probes):
            if name not in record.probes:
                self._problem(path, f"the figure needs {name}")

    def _named_class(
        self, package: str, base: type[T], path: Path, key: str, data: Mapping[str, Any]
    ) -> type[T] | None:
        """The class of the rule or task that a block names at `key`; None if it is not valid."""
        name, known = data.get(key), registry.names(package)
        if name is None:
            misspelt = [other for other in data if other != key and nearest(other, [key])]
            for other in misspelt:
                self._problem((*path, other), f"unknown key. Did you mean {key}?")
            if not misspelt:
                place, start = ((*path, key), "") if key in data else (path, f"{key}: ")
                self._problem(place, f"{start}missing. Known: {', '.join(known)}")
        elif name not in known:
            text = f"unknown {registry.noun(package)} {show_value(name, kind=False)}{suggest(str(name), known)}"
            self._problem((*path, key), text)
        else:
            return registry.find(package, name, base)
        return None

    def _block(self, kind: type[T], path: Path, data: Any, also: Sequence[str] = (), named: str = "") -> T | None:
        """Validate one block.

        `also` lists further keys that are allowed besides those of `kind`, and `named` is the key that chooses `kind`:
        where that is set or swept, it is why a key is missing.
        """
        if not isinstance(data, dict):
            self._problem(path, "missing" if data is None else f"expected a block of keys, got {show_value(data)}")
            return None
        settings, errors = self._known.validate(kind, data)
        for error in errors:
            keys = [*also, *(f.name for f in fields(cast(Any, kind)))]
            where, text = describe_error(error, data, keys)
            chosen = self._source.place((*path, named))
            if error["type"] == "missing" and not where and named and overridden(chosen):
                self.problems.append(f"{chosen}: {'.'.join(map(str, path))}: {text}")
            else:
                self._problem((*path, *where), text)
        return settings
