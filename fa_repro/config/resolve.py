"""From YAML, overrides and sweeps to validated, immutable settings for every run."""

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

from fa_repro import registry
from fa_repro.config.blocks import Top
from fa_repro.config.messages import show
from fa_repro.config.overrides import EVERY, KEYS, Draft, named
from fa_repro.config.validate import BLOCKS, Validator
from fa_repro.figures import Figure
from fa_repro.io.yaml import Document
from fa_repro.rules import Rule
from fa_repro.suggestions import did_you_mean
from fa_repro.tasks import Task
from fa_repro.theory import Study, Theory
from fa_repro.training import probes
from fa_repro.training.runs import Entry, Run

MAX_RUNS = 1_000_000


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
    studies : tuple of Study
        Every (study, sweep point), of a figure that trains nothing.
    """

    figure: str
    data: Mapping[str, Any]
    axes: tuple[str, ...]
    entries: tuple[Entry, ...]
    studies: tuple[Study, ...] = ()

    def runs(self) -> list[Run]:
        """All runs, in the order of the entries."""
        return [run for entry in self.entries for run in entry.runs()]


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
        The YAML file, from `io.yaml.load`.
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
        draft.set(key, value, f"--set {key}={show(value, kind=False)}", overrides or {})
    figure = _figure(draft)
    axes = draft.axes(sweep or {})
    for key in overrides or {}:
        every = named(key, EVERY) if key.startswith("algorithms.") else key
        if key in axes or every in axes:
            swept = "this key is swept" if key in axes else f"this key is swept by {every}"
            text = f"--set {key}: {swept}. Use --sweep {key}=VALUE, or --set sweep={{}} to end all sweeps"
            draft.problems.append(text)
    draft.keep_only(only, "theory" if figure.theory else "algorithms")
    if not figure.theory:
        draft.data["record"] = {**figure.record, **draft.block("record")}
        if "theory" in draft.data:
            draft.problem(("theory",), "this figure draws what was trained; remove the block")
    if quick:
        draft.cut_down(figure.quick)
    combinations = itertools.product(*axes.values()) if not draft.problems else ((),)
    points = (draft.at_point(dict(zip(axes, values, strict=bool(values)))) for values in combinations)
    entries: Collection[Entry] = ()
    studies: dict[Any, Study] = {}
    if figure.theory:
        for study in (study for point in points for study in Validator(point).studies(figure.theory, axes)):
            studies.setdefault((study.name, *map(_hashable, study.axes.values())), study)
    else:
        entries = _entries(draft, points, axes)
        _check_probes(draft, figure, entries)
    draft.stop_if_wrong()
    return Config(str(draft.data["figure"]), _filled(draft.data), tuple(axes), tuple(entries), tuple(studies.values()))


def _entries(draft: Draft, points: Iterable[Draft], axes: Iterable[str]) -> Collection[Entry]:
    """Every distinct (algorithm, sweep point)."""
    entries: dict[Any, Entry] = {}
    for point in points:
        for entry in Validator(point).entries(axes):
            first = entries.setdefault((entry.algorithm, *map(_hashable, entry.axes.values())), entry)
            if first.setup != entry.setup:
                draft.problem(("sweep",), f"two points look alike for {entry}, but differ in their settings")
    count = sum(entry.trials for entry in entries.values())
    if count > MAX_RUNS:
        draft.problem((), f"{count:,} runs; at most {MAX_RUNS:,} are possible")
    return entries.values()


def _figure(draft: Draft) -> Figure:
    """The figure that draws the config; without it nothing else can be judged."""
    name, known = draft.data.get("figure"), registry.names("figures")
    if name is None:
        draft.problem((), "figure: missing. Name the figure that draws this config")
    elif name not in known:
        draft.problem(("figure",), f"unknown figure {show(name, kind=False)}{did_you_mean(name, known)}")
    if name not in known:
        draft.stop_if_wrong()
    figure: Figure = registry.module("figures", str(name)).FIGURE
    return figure


def _check_probes(draft: Draft, figure: Figure, entries: Iterable[Entry]) -> None:
    """Every probe must exist, and what the figure draws must be measured or kept."""
    for entry in entries:
        own = draft.data["algorithms"][entry.algorithm].get("record", {})
        path = ("algorithms", entry.algorithm, "record", "probes") if "probes" in own else ("record", "probes")
        for name in entry.setup.record.probes:
            try:
                probes.make(name).check(entry.setup.task, len(entry.setup.network.hidden))
            except (KeyError, ValueError) as error:
                draft.problem(path, f"{name}: {error}" if isinstance(error, ValueError) else str(error.args[0]))
        try:
            figure.check(entry.setup)
        except ValueError as error:
            draft.problem(("algorithms", entry.algorithm), str(error))
        for name in figure.apart.get(entry.algorithm, figure.probes):
            if name not in entry.setup.record.probes:
                draft.problem(path, f"the figure needs {name}")


def _filled(data: Mapping[str, Any]) -> dict[str, Any]:
    """The config with every default written out, its keys in the usual order."""
    filled = {**data, **_with_defaults(Top, data)}
    filled |= {name: _with_defaults(kind, data[name]) for name, kind in BLOCKS.items() if name in data}
    if (task := data.get("task", {}).get("name")) is not None:
        kind = registry.find("tasks", task, Task)  # type: ignore[type-abstract]
        filled["task"] = {"name": task, **_with_defaults(kind, data["task"])}
    if "algorithms" in data:
        filled["algorithms"] = {name: _filled_algorithm(block) for name, block in data["algorithms"].items()}
    if "theory" in data:
        kinds = {name: registry.find("theory", name, Theory) for name in data["theory"]}  # type: ignore[type-abstract]
        filled["theory"] = {name: _with_defaults(kinds[name], block or {}) for name, block in data["theory"].items()}
    return {key: filled[key] for key in KEYS if key in filled}


def _filled_algorithm(block: Mapping[str, Any]) -> dict[str, Any]:
    if block.get("rule") is None:  # swept
        return dict(block)
    kind = registry.find("rules", block["rule"], Rule)  # type: ignore[type-abstract]
    return {**block, **_with_defaults(kind, block)}


def _with_defaults(kind: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:
    values = {f.name: data.get(f.name, f.default) for f in fields(kind)}
    # A swept key need have no other value, and of two alternatives one is None.
    given = {name: value for name, value in values.items() if value is not MISSING and value is not None}
    return {name: _listed(value) for name, value in given.items()}


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def _hashable(value: Any) -> Any:
    """A value to tell sweep points apart by: 1 and 1.0 are the same, 1 and true are not."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(_hashable(item) for item in value)
    return (type(value) is bool, value)
