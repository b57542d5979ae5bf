"""Filling in defaults: the only place where values missing from a config are filled in.

The defaults themselves are those of the fields of the settings, such as in `fa_repro.training.settings`.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from fa_repro import registry
from fa_repro.config.blocks import BLOCKS, Top
from fa_repro.config.source import EVERY, KEYS, Source
from fa_repro.rules import Rule
from fa_repro.tasks import Task
from fa_repro.theory import Theory


def fill_record(source: Source, defaults: Mapping[str, Any]) -> Source:
    """Return the config with a figure's own defaults of the `record` block filled in; `defaults` is `Figure.record`."""
    return source.with_data(record={**defaults, **source.block("record")})


def fill_defaults(source: Source) -> Source:
    """Return the config with all defaults filled in and its keys in the order of `KEYS`.

    A swept task or rule gets no defaults here, because they differ between sweep points. Invalid values are left
    unchanged; validation reports them.
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
    """Dotted keys that determine the rule of an algorithm."""
    return {key for name in (algorithm, EVERY) for key in (f"algorithms.{name}", f"algorithms.{name}.rule")}


def _find(package: str, name: Any, base: type[Any]) -> type[Any] | None:
    return registry.find(package, name, base) if name in registry.names(package) else None


def _filled(kind: type[Any] | None, block: Mapping[str, Any]) -> dict[str, Any]:
    """A block with the defaults of its class; keys of the class come last, in the order of its fields.

    A key whose value and default are both null is left out, such as one of two mutually exclusive keys.
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
    """A default value as YAML would represent it, with lists instead of tuples."""
    return [_as_yaml(item) for item in value] if isinstance(value, tuple) else value
