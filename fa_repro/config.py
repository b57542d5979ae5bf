"""From YAML, overrides and sweeps to validated, immutable settings for every run."""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from fa_repro import registry
from fa_repro.complaints import describe, named, show
from fa_repro.draft import KEYS, Draft
from fa_repro.rules import Rule
from fa_repro.runs import Entry, Setup
from fa_repro.settings import Algorithm, Block, NetworkSettings, Record, Top, Training
from fa_repro.tasks import Task
from fa_repro.yaml12 import Document, Path

BLOCKS: dict[str, type[Block]] = {"network": NetworkSettings, "training": Training, "record": Record}

MAX_RUNS = 1_000_000

TARGET = "target"
"""What the target of a task is called beside the algorithms."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

T = TypeVar("T")


@dataclass(frozen=True)
class Config:
    """A resolved experiment.

    Attributes
    ----------
    figure : str
        Name of the figure that draws it.
    data : mapping
        The resolved config as plain data; written to YAML and read back, it resolves to the same entries.
    axes : tuple of str
        Dotted keys that are swept.
    entries : tuple of Entry
        Every distinct (algorithm, sweep point).
    """

    figure: str
    data: Mapping[str, Any]
    axes: tuple[str, ...]
    entries: tuple[Entry, ...]


def resolve(
    document: Document,
    overrides: Mapping[str, Any] | None = None,
    sweep: Mapping[str, Sequence[Any]] | None = None,
    only: Sequence[str] = (),
    quick: bool = False,
) -> Config:
    """Validate a config and expand it to runs.

    Parameters
    ----------
    document : Document
        The YAML file, from `yaml12.load`.
    overrides : mapping, optional
        Dotted key to value, as `--set`.
    sweep : mapping, optional
        Dotted key to values, as `--sweep`; added to the document's own axes.
    only : sequence of str
        Names of the algorithms to keep; all of them if empty.
    quick : bool
        Cut numbers down to the figure's `quick` ones.

    Raises
    ------
    ConfigError
        With every problem found, each with its place.
    """
    draft = Draft(document)
    for key, value in (overrides or {}).items():
        draft.set(key, value, f"--set {key}={show(value, kind=False)}")
    figure = _figure(draft)
    axes = draft.axes(sweep or {})
    for key in overrides or {}:
        if key in axes:
            text = f"--set {key}: this key is swept. Use --sweep {key}=VALUE, or --set sweep={{}} to end all sweeps"
            draft.problems.append(text)
    draft.keep_only(only)
    draft.data["record"] = {**figure.record, **draft.block("record")}
    if quick:
        draft.cut_down(figure.quick)
    entries: dict[Any, Entry] = {}
    for values in itertools.product(*axes.values()) if not draft.problems else ((),):
        point = draft.at_point(dict(zip(axes, values, strict=bool(values))))
        for entry in _Validator(point).entries(axes):
            first = entries.setdefault((entry.algorithm, *map(_hashable, entry.axes.values())), entry)
            if first.setup != entry.setup:
                draft.problem(("sweep",), f"two points look alike for {entry}, but differ in their settings")
    count = sum(entry.trials for entry in entries.values())
    if count > MAX_RUNS:
        draft.problem((), f"{count:,} runs; at most {MAX_RUNS:,} are possible")
    _check_probes(draft, figure.probes, entries.values())
    draft.stop_if_wrong()
    return Config(str(draft.data["figure"]), _filled(draft.data), tuple(axes), tuple(entries.values()))


def _figure(draft: Draft) -> Any:
    """The figure that draws the config; without it nothing else can be judged."""
    name, known = draft.data.get("figure"), registry.names("figures")
    if name is None:
        draft.problem((), "figure: missing. Name the figure that draws this config")
    elif name not in known:
        draft.problem(("figure",), f"unknown figure {show(name, kind=False)}{registry.did_you_mean(name, known)}")
    if name not in known:
        draft.stop_if_wrong()
    return registry.module("figures", str(name)).FIGURE


class _Validator:
    """Turns the plain data of one sweep point into settings; what is wrong is noted in the draft."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.data = draft.data

    def entries(self, axes: Iterable[str]) -> list[Entry]:
        """The algorithms of this point, as far as they are valid."""
        top = self.block(Top, (), {f.name: self.data[f.name] for f in fields(Top) if f.name in self.data})
        task = self.task()
        shared = {name: self.block(kind, (name,), self.data.get(name)) for name, kind in BLOCKS.items()}
        algorithms = self.draft.block("algorithms")
        if not algorithms:
            self.draft.problem(("algorithms",), "missing. Name at least one")
        for name in algorithms:
            if not _NAME.fullmatch(name) or name == TARGET:
                text = "not a name for an algorithm: letters, digits, _ and - after a letter"
                self.draft.problem(("algorithms", name), f"{text}; {TARGET} is taken" if name == TARGET else text)
        found = []
        for name in algorithms:
            setup = self.setup(name, top, task, shared)
            if setup is not None and top is not None:
                found.append(Entry(name, {key: self.draft.effective(key, name) for key in axes}, top.trials, setup))
        return found

    def setup(self, name: str, top: Top | None, task: Task | None, shared: Mapping[str, Any]) -> Setup | None:
        path, data = ("algorithms", name), self.data["algorithms"][name]
        if not isinstance(data, dict):
            self.draft.problem(path, f"expected a block of keys, got {show(data)}")
            return None
        kind = self.provided("rules", Rule, path, "rule", data)  # type: ignore[type-abstract]
        if kind is None:
            return None
        common = {f.name for f in fields(Algorithm)}
        rule = self.block(kind, path, {k: v for k, v in data.items() if k not in common}, sorted(common))
        algorithm = self.block(Algorithm, path, {k: v for k, v in data.items() if k in common})
        blocks = dict(shared)
        for block, block_kind in BLOCKS.items():
            override = getattr(algorithm, block, {})
            if override and blocks[block] is not None:
                blocks[block] = self.block(block_kind, (*path, block), {**self.data[block], **override})
        if top is None or task is None or rule is None or algorithm is None or None in blocks.values():
            return None
        self.check(path, rule, blocks["network"], blocks["training"])
        return Setup(top.seed, task, learning_rate=algorithm.learning_rate, rule=rule, **blocks)

    def check(self, path: Path, rule: Rule, network: NetworkSettings, training: Training) -> None:
        """What no block can tell alone."""
        try:
            rule.check(len(network.hidden))
        except ValueError as error:
            where, text = named(str(error), self.data["algorithms"][path[-1]])
            self.draft.problem((*path, *where), text)
        if training.loss == "cross_entropy" and network.output != "logistic":
            text = f"cross_entropy needs network.output logistic, not {network.output}"
            self.draft.problem(("training", "loss"), text)

    def task(self) -> Task | None:
        data = self.data.get("task")
        if not isinstance(data, dict):
            text = "missing" if data is None else f"expected a block of keys, got {show(data)}"
            self.draft.problem(("task",), text)
            return None
        kind = self.provided("tasks", Task, ("task",), "name", data)  # type: ignore[type-abstract]
        settings = {key: value for key, value in data.items() if key != "name"}
        return self.block(kind, ("task",), settings, ["name"]) if kind is not None else None

    def provided(self, package: str, base: type[T], path: Path, key: str, data: Mapping[str, Any]) -> type[T] | None:
        """The class that a block asks for by name."""
        name, known = data.get(key), registry.names(package)
        if name is None:
            misspelt = [other for other in data if registry.nearest(other, [key])]
            for other in misspelt:
                self.draft.problem((*path, other), f"unknown key. Did you mean {key}?")
            if not misspelt:
                self.draft.problem(path, f"{key}: missing. Known: {', '.join(known)}")
        elif name not in known:
            text = f"unknown {package[:-1]} {show(name, kind=False)}{registry.did_you_mean(str(name), known)}"
            self.draft.problem((*path, key), text)
        else:
            return registry.find(package, name, base)
        return None

    def block(self, kind: type[T], path: Path, data: Any, also: Sequence[str] = ()) -> T | None:
        """Validate one block; `also` names keys that stand beside its own."""
        if not isinstance(data, dict):
            self.draft.problem(path, "missing" if data is None else f"expected a block of keys, got {show(data)}")
            return None
        try:
            valid: T = _adapter(cast(Any, kind)).validate_python(data)
            return valid
        except ValidationError as error:
            keys = [*also, *(f.name for f in fields(kind))]  # type: ignore[arg-type]
            for item in error.errors(include_url=False):
                where, text = describe(item, data, keys)
                self.draft.problem((*path, *where), text)
            return None


def _check_probes(draft: Draft, needed: Sequence[str], entries: Iterable[Entry]) -> None:
    from fa_repro import probes  # only here: probes evaluate rules, which configs merely name

    for name in {name: None for entry in entries for name in entry.setup.record.probes}:
        try:
            probes.make(name)
        except KeyError as error:
            draft.problem(("record", "probes"), str(error.args[0]))
    for entry in entries:
        for name in needed:
            if name not in entry.setup.record.probes and not draft.data["algorithms"][entry.algorithm].get("record"):
                draft.problem(("record", "probes"), f"the figure needs {name}")


def _filled(data: Mapping[str, Any]) -> dict[str, Any]:
    """The config with every default written out, its keys in the usual order."""
    filled = {**data, **_with_defaults(Top, data)}
    filled |= {name: _with_defaults(kind, data[name]) for name, kind in BLOCKS.items() if name in data}
    task = data.get("task", {}).get("name")
    if task is not None:
        kind = registry.find("tasks", task, Task)  # type: ignore[type-abstract]
        filled["task"] = {"name": task, **_with_defaults(kind, data["task"])}
    return {key: filled[key] for key in KEYS if key in filled}


def _with_defaults(kind: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:
    values = {f.name: data.get(f.name, f.default) for f in fields(kind)}
    # A swept key need have no other value.
    given = {name: value for name, value in values.items() if value is not MISSING}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


def _hashable(value: Any) -> Any:
    """A value to tell sweep points apart by: 1 and 1.0 are the same, 1 and true are not."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(_hashable(item) for item in value)
    return (type(value) is bool, value)


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
