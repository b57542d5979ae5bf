"""Defaults: the one place where values that a config leaves out are filled in."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from fa_repro import registry
from fa_repro.config.blocks import BLOCKS, Top
from fa_repro.config.source import EVERY, KEYS, Source
from fa_repro.rules import Rule
from fa_repro.tasks import Task
from fa_repro.theory import Theory


def fill_defaults(source: Source) -> Source:
    """The config with every default written out, its keys in the usual order.

    A task or a rule that is swept is given no defaults here: they differ from point to point. What is not valid is left
    as it is, for validation to report.
    """
    data, swept = {**source.data, **_filled(Top, source.data)}, set(source.block("sweep"))
    for name, kind in BLOCKS.items():
        if isinstance(data.get(name), Mapping):
            data[name] = _filled(kind, data[name])
    if isinstance(task := data.get("task"), Mapping) and not {"task", "task.name"} & swept:
        data["task"] = _filled(_find("tasks", task.get("name"), Task), task)
    for name, block in source.block("algorithms").items():
        if isinstance(block, Mapping) and not _rule_keys(name) & swept:
            filled = _filled(_find("rules", block.get("rule"), Rule), block)
            data["algorithms"] = {
                **data["algorithms"],
                name: {**{key: filled[key] for key in block if key in filled}, **filled},
            }
    for name, block in source.block("theory").items():
        if block is None or isinstance(block, Mapping):
            data["theory"] = {**data["theory"], name: _filled(_find("theory", name, Theory), block or {})}
    return Source({key: data[key] for key in (*KEYS, *data) if key in data}, source.places)


def _rule_keys(algorithm: str) -> set[str]:
    """Dotted keys that decide which rule an algorithm has."""
    return {key for name in (algorithm, EVERY) for key in (f"algorithms.{name}", f"algorithms.{name}.rule")}


def _find(package: str, name: Any, base: type[Any]) -> type[Any] | None:
    return registry.find(package, name, base) if name in registry.names(package) else None


def _filled(kind: type[Any] | None, block: Mapping[str, Any]) -> dict[str, Any]:
    """A block with the defaults of its kind, whose keys stand in their order behind the others.

    Of two alternatives that exclude each other, the one that is null is left out.
    """
    if kind is None:
        return dict(block)
    defaults = {field.name: field.default for field in fields(kind)}
    filled = {name: value for name, value in block.items() if name not in defaults}
    for name, default in defaults.items():
        value = block.get(name, default)
        if value is not MISSING and (value is not None or default is not None):
            filled[name] = _as_yaml(value)
    return filled


def _as_yaml(value: Any) -> Any:
    """A default as YAML would give it: lists for tuples."""
    return [_as_yaml(item) for item in value] if isinstance(value, tuple) else value
