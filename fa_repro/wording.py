"""What the command line says of plans and results."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fa_repro.errors import StorageError
from fa_repro.experiment import Result
from fa_repro.manifests import NotValidError, read_manifest, verified
from fa_repro.request import Plan, Request
from fa_repro.runs import Run
from fa_repro.yaml12 import load


def summary(result: Result) -> Iterator[str]:
    """Lines on what was trained and found."""
    name = result.directory.name
    if not result.trained and not result.failed:
        yield f"{name}: nothing to train, all {result.found} runs were there already"
    else:
        yield f"{name}: trained {result.trained} runs, found {result.found}"
    if result.diverged:
        yield f"{name}: {len(result.diverged)} runs diverged, the others are sound"


def advice(run: Run, example: int) -> str:
    """What to say of a run that has diverged."""
    setup, name = run.entry.setup, run.entry.algorithm
    told = f"{run} diverged at example {example} (NSE is not finite)."
    if example == 0:  # before any update
        return f"{told} Lower network.init_range (now {', '.join(f'{value:g}' for value in setup.network.init_range)})."
    return f"{told} Lower algorithms.{name}.learning_rate (now {setup.learning_rate:g})."


def planned(request: Request, plan: Plan, results: Path) -> str:
    """What a dry run shows: per algorithm what is there and what is missing, and why."""
    total, missing = (Counter(run.entry.algorithm for run in runs) for runs in (plan.runs, plan.missing))
    points = len({tuple(map(str, run.entry.axes.values())) for run in plan.runs})
    lines = [f"{request.name}: {len(plan.runs)} runs, {len(plan.missing)} to train"]
    if plan.config.axes:
        lines.append(f"  sweep over {', '.join(plan.config.axes)}: {points} points")
    for algorithm, count in total.items():
        left = missing[algorithm]
        lines.append(f"  {algorithm}: {count - left} there already, {left} to train")
    if plan.missing:
        lines += [f"  why: {reason}" for reason in _reasons(plan, results / request.name)]
    return "\n".join(lines)


def _reasons(plan: Plan, directory: Path) -> list[str]:
    """How the config differs from that of the results that are there."""
    try:
        before = load(verified(directory, read_manifest(directory))["config.yaml"], str(directory / "config.yaml")).data
    except NotValidError as error:
        return ["never run" if not directory.exists() else f"{directory}: {error}"]
    except (StorageError, KeyError) as error:
        return [str(error)]
    old, new = _flat(before), _flat(plan.config.data)
    changed = [
        f"{key} is {new.get(key, 'gone')}, the results in {directory} have {old.get(key, 'none')}"
        for key in dict.fromkeys([*new, *old])
        if old.get(key) != new.get(key)
    ]
    return changed or ["the runs are no longer in the store, or the numerics have changed"]


def _flat(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in data.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat
