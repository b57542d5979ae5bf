"""Overrides of a config before its sweep is expanded: `--set`, `--only`, `--quick`."""

from collections.abc import Mapping, Sequence
from typing import Any

from fa_repro.config.messages import show_value
from fa_repro.config.source import EVERY, NAMED, SettingError, Source, covers, with_name
from fa_repro.suggestions import suggest


def merge_overrides(source: Source, overrides: Mapping[str, Any]) -> tuple[Source, list[str]]:
    """Set values by dotted key, as `--set` does; return the changed config and validation messages."""
    problems, earlier = [], list[str]()
    for key, value in overrides.items():
        if replaced := [other for other in earlier if covers(key, other)]:
            problems.append(f"--set {key}: this replaces the block with {replaced[0]}, which is set too. Set it first")
        earlier.append(key)
        try:
            source = source.with_value(key, value, f"--set {key}={show_value(value, kind=False)}", overrides)
        except SettingError as error:
            problems.append(str(error))
    return source, problems


def overrides_of_swept(overrides: Mapping[str, Any], source: Source) -> list[str]:
    """Validation messages for keys that are both set and swept, or set in a block that is swept."""
    problems, axes = [], source.block("sweep")
    for key in overrides:
        every = with_name(key, EVERY) if key.startswith("algorithms.") else key
        whole = key.removeprefix("sweep.") if key.startswith("sweep.") else ""
        axis = next((axis for axis in (key, every, whole) if axis in axes), "")
        axis = axis or next((axis for axis in axes if covers(axis, key)), "")
        asked_for = source.place(("sweep", axis)).startswith("--sweep") if axis else False
        if not axis or (axis == whole and not asked_for):
            continue
        swept = "this key is swept" if axis == key else f"this key is swept by {axis}"
        way_out = f"Use --sweep {key}=VALUE, or --set sweep={{}} to remove all sweeps"
        if asked_for:
            way_out = f"Use --sweep {key}=VALUE" if axis == every != key else f"Leave out this or --sweep {axis}"
        elif axis not in (key, every):
            way_out = "Use --set sweep={} to remove all sweeps"
        problems.append(f"--set {key}: {swept}. {way_out}")
    return problems


def keep_only(source: Source, names: Sequence[str], block: str) -> tuple[Source, list[str]]:
    """Keep only the algorithms (or studies) of these names, or all if `names` is empty.

    Sweep axes of the dropped ones are dropped too, except for axes added by `--sweep`. Returns the changed config and
    validation messages.
    """
    blocks = source.block(block)
    wrong = [name for name in names if name not in blocks]
    problems = [f"--only {name}: no such {NAMED[block]}{suggest(name, blocks)}" for name in wrong]
    if not names:
        return source, problems
    problems += source.not_a_block(block)
    kept = {name: value for name, value in blocks.items() if name in names}

    def concerns_dropped(axis: str) -> bool:
        first, _, rest = axis.partition(".")
        name = rest.split(".")[0]
        asked_for = source.place(("sweep", axis)).startswith("--sweep")
        return first == block and name in blocks and name not in names and not asked_for

    sweep = {axis: values for axis, values in source.block("sweep").items() if not concerns_dropped(axis)}
    return source.with_data(**{block: kept or blocks, "sweep": sweep}), problems


def cut_down(source: Source, limits: Mapping[str, float]) -> Source:
    """Cap numbers at limits given by dotted key, in the config and in the blocks of algorithms, for `--quick`.

    A limit that is a whole number applies to whole numbers only; validation reports other values.
    """
    data = dict(source.data)
    for dotted, limit in limits.items():
        data = _lowered(data, dotted.split("."), limit)
    algorithms = source.block("algorithms")
    for name, own in algorithms.items():
        for dotted, limit in limits.items():
            own = _lowered(own, dotted.split("."), limit)
        algorithms[name] = own
    return source.with_data(**{**data, **({"algorithms": algorithms} if algorithms else {})})


def _lowered(block: Any, path: Sequence[str], limit: float) -> Any:
    """A block with the number at a path capped at the limit; the block itself if there is no number."""
    if not isinstance(block, dict) or path[0] not in block:
        return block
    first, *rest = path
    if rest:
        return {**block, first: _lowered(block[first], rest, limit)}
    kinds = (int, float) if type(limit) is float else (int,)
    return {**block, first: min(block[first], limit)} if type(block[first]) in kinds else block
