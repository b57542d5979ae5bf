"""What the command line says of plans and results."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fa_repro.errors import StorageError
from fa_repro.experiment import Result
from fa_repro.manifests import NotValidError, read_manifest, verified
from fa_repro.request import Plan, Request
from fa_repro.runs import Run
from fa_repro.theory import Study
from fa_repro.yaml12 import load


def summary(name: str, result: Result) -> Iterator[str]:
    """Lines on what was trained and found."""
    if result.studies:
        yield f"{name}: computed {result.studies} {'study' if result.studies == 1 else 'studies'}"
    elif not result.trained and not result.failed:
        yield f"{name}: nothing to train, all {result.found} runs were there already"
    else:
        yield f"{name}: trained {result.trained} runs, found {result.found}"
    for remark in result.remarks:
        yield f"{name}: {remark}"


def troubles(result: Result) -> Iterator[str]:
    """One line for each algorithm and sweep point whose runs diverged or failed: what happened, and the way out."""
    diverged: dict[Any, list[tuple[Run, int]]] = {}
    for run, example in result.diverged:
        diverged.setdefault((id(run.entry), example == 0), []).append((run, example))
    for group in diverged.values():
        run, first = min(group, key=lambda pair: pair[1])
        setup, when = run.entry.setup, f"at example {first}" if len(group) == 1 else f"from example {first} on"
        way_out = f"algorithms.{run.entry.algorithm}.learning_rate (now {setup.learning_rate:g})"
        if first == 0:  # before any update
            way_out = f"network.init_range (now {', '.join(f'{value:g}' for value in setup.network.init_range)})"
        yield f"{_which([each for each, _ in group])} diverged {when} (the output is not finite). Lower {way_out}."
    failed: dict[Any, list[Run]] = {}
    for item, reason in result.failed:
        if isinstance(item, Study):
            yield f"{item} failed: {reason}"
        else:
            failed.setdefault((id(item.entry), reason), []).append(item)
    for (_, reason), runs in failed.items():
        yield f"{_which(runs)} failed: {reason}"


def _which(runs: Sequence[Run]) -> str:
    """Name runs that differ in their trial only."""
    trials = [str(run.trial) for run in runs]
    many = f"{len(runs)} of {runs[0].entry.trials} trials ({', '.join(trials[:5])}{', ...' if len(trials) > 5 else ''})"
    return f"{runs[0].entry}, {f'trial {trials[0]}' if len(runs) == 1 else many}"


def planned(request: Request, plan: Plan, results: Path, force: bool = False) -> str:
    """What a dry run shows: per algorithm what is there and what is missing, and why."""
    if plan.config.studies:
        return (
            f"{request.name}: {len(plan.config.studies)} to compute. Nothing is trained; it is computed anew each time"
        )
    every, left_over = ({run.key: run for run in runs}.values() for runs in (plan.runs, plan.missing))
    total, missing = (Counter(run.entry.algorithm for run in runs) for runs in (every, left_over))
    points = len({tuple(map(str, run.entry.axes.values())) for run in plan.runs})
    lines = [f"{request.name}: {len(every)} runs, {len(left_over)} to train"]
    if plan.config.axes:
        lines.append(f"  sweep over {', '.join(plan.config.axes)}: {points} points")
    for algorithm, count in total.items():
        left = missing[algorithm]
        lines.append(f"  {algorithm}: {count - left} there already, {left} to train")
    if plan.missing:
        reasons = ["--force"] if force else _reasons(plan, results / request.name)
        lines += [f"  why: {reason}" for reason in reasons]
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
