"""From the plain data of one sweep point to validated, immutable settings."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from fa_repro import registry
from fa_repro.config.blocks import Algorithm, Top
from fa_repro.config.messages import describe, named, show
from fa_repro.config.overrides import EVERY, Draft
from fa_repro.io.yaml import Path
from fa_repro.rules import Rule
from fa_repro.schema import Block
from fa_repro.suggestions import did_you_mean, nearest
from fa_repro.tasks import Task
from fa_repro.theory import Study, Theory
from fa_repro.training.runs import Entry, Setup
from fa_repro.training.settings import NetworkSettings, Record, Training

BLOCKS: dict[str, type[Block]] = {"network": NetworkSettings, "training": Training, "record": Record}

RESERVED = ("target", "initial")
"""What the target of a task and the state before training are called beside the algorithms."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

T = TypeVar("T")


class Validator:
    """Turns the plain data of one sweep point into settings; what is wrong is noted in the draft."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.data = draft.data

    def entries(self, axes: Iterable[str]) -> list[Entry]:
        """The algorithms of this point, as far as they are valid."""
        top, task = self.top(), self.task()
        shared = {name: self.block(kind, (name,), self.data.get(name)) for name, kind in BLOCKS.items()}
        algorithms = self.draft.block("algorithms")
        if not algorithms:
            self.draft.problem(("algorithms",), "missing. Name at least one")
        for name in algorithms:
            taken = name in RESERVED or name.startswith("initial_")
            if not _NAME.fullmatch(name) or taken:
                text = "not a name for an algorithm: letters, digits, _ and - after a letter"
                if name == EVERY:
                    text += ". For a key of every algorithm: --set algorithms.*.KEY=VALUE"
                self.draft.problem(("algorithms", name), f"{text}; {name} is taken" if taken else text)
        found = []
        for name in algorithms:
            setup = self.setup(name, top, task, shared)
            if setup is not None and top is not None:
                found.append(Entry(name, {key: self.draft.effective(key, name) for key in axes}, top.trials, setup))
        return found

    def studies(self, known: Sequence[str], axes: Iterable[str]) -> list[Study]:
        """The studies of this point, as far as they are valid; `known` names those that the figure draws."""
        top, blocks = self.top(), self.draft.block("theory")
        for key in ("task", *BLOCKS, "algorithms"):
            if key in self.data:
                self.draft.problem((key,), "this figure trains nothing; remove the block")
        if not blocks:
            self.draft.problem(("theory",), f"missing. Known: {', '.join(known)}")
        found = []
        for name, data in blocks.items():
            if name not in known:
                text = f"unknown study{did_you_mean(name, known)} Known: {', '.join(known)}."
                self.draft.problem(("theory", name), text)
                continue
            kind = registry.find("theory", name, Theory)  # type: ignore[type-abstract]
            theory = self.block(kind, ("theory", name), {} if data is None else data)
            if theory is not None and top is not None:
                point = {key: self.draft.effective(key) for key in axes}
                found.append(Study(name, point, top.seed, top.trials, theory))
        return found

    def top(self) -> Top | None:
        return self.block(Top, (), {f.name: self.data[f.name] for f in fields(Top) if f.name in self.data})

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
        setup = Setup(top.seed, task, learning_rate=algorithm.learning_rate, rule=rule, **blocks)
        if not self.check(path, setup):
            return None
        return replace(setup, training=replace(setup.training, examples=setup.examples, epochs=None))

    def check(self, path: Path, setup: Setup) -> bool:
        """What no block can tell alone; whether it can go on."""
        training, found = setup.training, len(self.draft.problems)
        try:
            setup.rule.check(len(setup.network.hidden))
        except ValueError as error:
            where, text = named(str(error), self.data["algorithms"][path[-1]])
            self.draft.problem((*path, *where), text)
        if training.loss == "cross_entropy" and setup.network.output != "logistic":
            text = f"cross_entropy needs network.output logistic, not {setup.network.output}"
            self.draft.problem(("training", "loss"), text)
        if setup.task.epoch is None:
            if training.epochs is not None:
                text = "this task has no end of examples; give training.examples and set this to null"
                self.draft.problem(("training", "epochs"), text)
            if setup.record.grid == "epochs":
                self.draft.problem(("record", "grid"), "this task has no epochs; choose every, linear or log")
        if len(self.draft.problems) > found:
            return False
        lost = training.weight_decay * min(training.batch_size, setup.examples)
        if lost > 0.5:
            text = f"with this batch size an update would take {lost:.3g} of each weight; at most 0.5"
            self.draft.problem(("training", "weight_decay"), text)
        return lost <= 0.5

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
            misspelt = [other for other in data if nearest(other, [key])]
            for other in misspelt:
                self.draft.problem((*path, other), f"unknown key. Did you mean {key}?")
            if not misspelt:
                self.draft.problem(path, f"{key}: missing. Known: {', '.join(known)}")
        elif name not in known:
            text = f"unknown {registry.noun(package)} {show(name, kind=False)}{did_you_mean(str(name), known)}"
            self.draft.problem((*path, key), text)
        else:
            return registry.find(package, name, base)
        return None

    def block(self, kind: type[T], path: Path, data: Any, also: Sequence[str] = ()) -> T | None:
        """Validate one block; `also` names keys that stand beside its own."""
        if not isinstance(data, dict):
            self.draft.problem(path, "missing" if data is None else f"expected a block of keys, got {show(data)}")
            return None
        memo, key = self.draft.memo, (kind, repr(data))
        if key in memo:
            return cast(T, memo[key])
        try:
            memo[key] = valid = cast(T, _adapter(cast(Any, kind)).validate_python(data))
            return valid
        except ValidationError as error:
            keys = [*also, *(f.name for f in fields(kind))]  # type: ignore[arg-type]
            for item in error.errors(include_url=False):
                where, text = describe(item, data, keys)
                self.draft.problem((*path, *where), text)
            return None


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
