"""Resolve YAML, overrides and sweeps to validated, immutable settings for every run.

The steps: read the YAML, merge overrides, fill in defaults, expand the sweep, validate each point, list the runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fa_repro import registry
from fa_repro.config.defaults import fill_defaults, fill_record
from fa_repro.config.messages import show_value
from fa_repro.config.overrides import cut_down, keep_only, merge_overrides, overrides_of_swept
from fa_repro.config.source import Source, read_source
from fa_repro.config.sweeps import expand, read_axes
from fa_repro.config.validate import BlockCache, PointValidator
from fa_repro.errors import ConfigError
from fa_repro.figures import Figure
from fa_repro.io.yaml import Document
from fa_repro.source_code import fingerprint
from fa_repro.suggestions import suggest
from fa_repro.theory import Study
from fa_repro.training.runs import Condition, Run

MAX_RUNS = 1_000_000


@dataclass(frozen=True)
class Config:
    """A resolved config.

    Attributes
    ----------
    figure : str
        Name of the figure that draws the results.
    data : mapping
        The resolved config as plain data. Written to YAML and read back, it resolves to the same conditions.
    axes : tuple of str
        Swept dotted keys.
    conditions : tuple of Condition
        Every distinct (algorithm, sweep point).
    studies : tuple of Study
        Every (study, sweep point), for a figure that trains nothing.
    """

    figure: str
    data: Mapping[str, Any]
    axes: tuple[str, ...]
    conditions: tuple[Condition, ...]
    studies: tuple[Study, ...] = ()

    def runs(self) -> list[Run]:
        """All runs, in the order of the conditions."""
        return [run for condition in self.conditions for run in condition.runs()]

    @property
    def sources(self) -> dict[str, str]:
        """Fingerprints of the source of all rules, tasks and studies, by the dotted names of their modules."""
        studies = {(name := type(study.theory).__module__): fingerprint(name) for study in self.studies}
        return studies | {name: each for condition in self.conditions for name, each in condition.setup.sources.items()}


def resolve_config(
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
        Dotted key to value, as for `--set`.
    sweep : mapping, optional
        Dotted key to values, as for `--sweep`; added to the axes in the document.
    only : sequence of str
        Names of the algorithms to keep; all of them if empty.
    quick : bool
        Cap numbers at the `quick` limits of the figure.

    Raises
    ------
    ConfigError
        If the config is invalid; reports every problem with its place.
    """
    overrides = overrides or {}
    source, problems = read_source(document)
    source, more = merge_overrides(source, overrides)
    problems += more
    figure = _figure(source, problems)
    source, more = read_axes(source, sweep or {})
    problems += more + overrides_of_swept(overrides, source)
    source, more = keep_only(source, only, "theory" if figure.theory else "algorithms")
    problems += more
    if not figure.theory:
        problems += source.not_a_block("record")
        source = fill_record(source, figure.record)
        if "theory" in source.data:
            problems.append(source.problem(("theory",), "this figure draws no studies; leave out the block"))
    source = fill_defaults(cut_down(source, figure.quick) if quick else source)
    axes = tuple(source.block("sweep"))
    conditions, studies, more = _points(source.with_data(sweep={}) if problems else source, axes, figure)
    problems += more
    if problems:
        raise ConfigError(problems)
    return Config(str(source.data["figure"]), source.data, axes, tuple(conditions), tuple(studies))


def _figure(source: Source, problems: list[str]) -> Figure:
    """The figure that draws the config; without it nothing else can be validated.

    Raises
    ------
    ConfigError
        If there is no such figure; reports all problems found so far.
    """
    name, known = source.data.get("figure"), registry.names("figures")
    if name is None:
        text = f"figure: missing. Name the figure that draws this config. Known: {', '.join(known)}."
        raise ConfigError([*problems, source.problem((), text)])
    if name not in known:
        text = f"unknown figure {show_value(name, kind=False)}{suggest(str(name), known)}"
        raise ConfigError([*problems, source.problem(("figure",), text)])
    figure: Figure = registry.module("figures", str(name)).FIGURE
    return figure


def _points(source: Source, axes: Sequence[str], figure: Figure) -> tuple[list[Condition], list[Study], list[str]]:
    """All distinct conditions or studies of all sweep points, and validation messages."""
    known, problems = BlockCache(), list[str]()
    conditions: dict[Any, Condition] = {}
    studies: dict[Any, Study] = {}
    for point, wrong in expand(source):
        validator = PointValidator(point, known)
        if figure.theory:
            for study in validator.studies(axes, figure.theory):
                studies.setdefault((study.name, *map(_hashable, study.swept.values())), study)
        else:
            for condition in validator.conditions(axes, figure):
                labels = (condition.algorithm, *map(_hashable, condition.swept.values()))
                if conditions.setdefault(labels, condition).setup != condition.setup:
                    text = f"two points of {condition} have the same swept values, but different settings"
                    problems.append(source.problem(("sweep",), text))
        problems += [*wrong, *validator.problems]
    count = sum(condition.trials for condition in conditions.values())
    if count > MAX_RUNS:
        problems.append(source.problem((), f"{count:,} runs; at most {MAX_RUNS:,} are allowed"))
    return list(conditions.values()), list(studies.values()), problems


def _hashable(value: Any) -> Any:
    """A hashable key that identifies the value of a sweep point; equal for 1 and 1.0, but not for 1 and true."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(_hashable(item) for item in value)
    return (type(value) is bool, value)
