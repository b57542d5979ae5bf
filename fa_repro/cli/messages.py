"""Messages of the command line about plans and results."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fa_repro.execution.batching import choose_jobs, cores, divide, form_batches, makespan
from fa_repro.execution.executor import LOCAL, Execution
from fa_repro.experiment.plan import Plan
from fa_repro.experiment.previous import read_previous
from fa_repro.experiment.reference import compare
from fa_repro.experiment.reproduce import Repeated
from fa_repro.experiment.request import Request
from fa_repro.experiment.result import Result
from fa_repro.io.yaml import inline
from fa_repro.plain_text import amount
from fa_repro.results import in_progress
from fa_repro.results.paths import figure_folder
from fa_repro.theory import Study
from fa_repro.training.runs import Run

MOST = 10
"""Number of lines, or of values of a swept key, up to which all are shown."""


def result_lines(name: str, result: Result) -> Iterator[str]:
    """Lines that report how many runs were trained and how many were cached."""
    if result.studies:
        yield f"{name}: computed {result.studies} {'study' if result.studies == 1 else 'studies'}"
    elif not result.trained and not result.failed:
        cached = "its only run is cached" if result.cached == 1 else f"all {result.cached} runs are cached"
        yield f"{name}: nothing to train, {cached}"
    else:
        yield f"{name}: trained {amount(result.trained, 'run')}, {result.cached} cached"
    for remark in result.remarks:
        yield f"{name}: {remark}"


def problem_lines(
    runs_diverged: Sequence[tuple[Run, int]], runs_failed: Sequence[tuple[Run | Study, str]]
) -> Iterator[str]:
    """One line for each algorithm and sweep point with diverged or failed runs: what happened and what to do."""
    diverged: dict[Any, list[tuple[Run, int]]] = {}
    for run, example in runs_diverged:
        diverged.setdefault((id(run.condition), example == 0), []).append((run, example))
    for group in diverged.values():
        run, first = min(group, key=lambda pair: pair[1])
        setup, when = run.condition.setup, f"at example {first}" if len(group) == 1 else f"from example {first} on"
        way_out = f"algorithms.{run.condition.algorithm}.learning_rate (now {setup.learning_rate:g})"
        if first == 0:  # before any update
            way_out = f"network.init_range (now {', '.join(f'{value:g}' for value in setup.network.init_range)})"
        yield f"{_which([each for each, _ in group])} diverged {when} (the output is not finite). Lower {way_out}."
    failed: dict[Any, list[Run]] = {}
    for item, reason in runs_failed:
        if isinstance(item, Study):
            yield f"{item} failed: {reason}"
        else:
            failed.setdefault((id(item.condition), reason), []).append(item)
    for (_, reason), runs in failed.items():
        yield f"{_which(runs)} failed: {reason}"


def _which(runs: Sequence[Run]) -> str:
    """Name a group of runs that differ only in their trial."""
    trials = [str(run.trial) for run in runs]
    condition, named = runs[0].condition, ", ".join(trials[:5]) + (", ..." if len(trials) > 5 else "")
    many = f"{len(runs)} of {condition.trials} trials ({named})"
    return f"{condition}, {f'trial {trials[0]}' if len(runs) == 1 else many}"


def plan_lines(request: Request, plan: Plan, results: Path, execution: Execution) -> list[str]:
    """The output of a dry run: the sweep, cached and missing runs of each algorithm, the reasons, and the time."""
    if plan.config.studies:
        count = len(plan.config.studies)
        studies = "study" if count == 1 else "studies"
        what = f"{request.results_name}: {count} {studies} to compute"
        return [f"{what}. Nothing is trained; results are computed again each time"]
    lines = [f"{request.results_name}: {amount(len(plan.runs), 'run')}, {len(plan.missing)} to train", *_grid(plan)]
    total, missing, failed = (
        Counter(run.condition.algorithm for run in runs)
        for runs in (plan.runs, plan.missing, [run for run, _ in plan.failed])
    )
    for algorithm, count in total.items():
        left, lost = missing[algorithm], failed[algorithm]
        there = f"  {algorithm}: {count - left - lost} cached, {left} to train"
        lines.append(there + (f", {lost} failed before (--retry-failed tries again)" if lost else ""))
    lines += _shortened([f"  failed before: {line}" for line in problem_lines([], plan.failed)])
    if plan.missing:
        if plan.config.axes and len(plan.missing) < len(plan.runs):
            lines += _shortened([f"  missing: {_which(runs)}" for runs in _by_entry(plan.missing)])
        reasons = ["--force"] if execution.force else _reasons(plan, results, request.results_name)
        lines += [f"  why: {reason}" for reason in reasons]
        lines.append(f"  time: {_time(plan, execution)}")
    return lines


def _grid(plan: Plan) -> Iterator[str]:
    """The swept keys with their values, and the number of their combinations."""
    used = {axis: {inline(run.condition.swept[axis]) for run in plan.runs} for axis in plan.config.axes}
    values: dict[str, dict[str, None]] = {}
    for axis, here in used.items():
        given = dict.fromkeys(map(inline, plan.config.data["sweep"][axis]))  # the values of algorithms' own come last
        values[axis] = dict.fromkeys([*(each for each in given if each in here), *sorted(here - given.keys())])
    for axis, found in values.items():
        words = list(found)
        shown = [*words[:MOST], f"... {words[-1]}"] if len(words) > MOST + 1 else words
        yield f"  {axis}: {', '.join(shown)}" + (f" ({len(words)} values)" if len(words) > 1 else "")
    if values:
        points = len({tuple(map(inline, run.condition.swept.values())) for run in plan.runs})
        yield f"  sweep over {', '.join(values)}: {amount(points, 'point')}"


def _by_entry(runs: Sequence[Run]) -> list[list[Run]]:
    groups: dict[int, list[Run]] = {}
    for run in runs:
        groups.setdefault(id(run.condition), []).append(run)
    return list(groups.values())


def _shortened(lines: list[str]) -> list[str]:
    return [*lines[:MOST], f"  ... and {len(lines) - MOST} more"] if len(lines) > MOST + 1 else lines


def _time(plan: Plan, execution: Execution) -> str:
    todo = form_batches(plan.missing)
    if execution.address is not None:
        return f"very roughly {_duration(makespan(todo, 1))} on one core, shared by the cluster's workers"
    jobs = choose_jobs(todo, execution.jobs if execution.executor == LOCAL else execution.jobs or cores())
    processes = "one process" if jobs == 1 else f"{jobs} processes"
    return f"very roughly {_duration(makespan(divide(todo, jobs), jobs))} in {processes}"


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def comparison_lines(repeated: Repeated) -> Iterator[str]:
    """Lines that compare repeated results with the original ones."""
    for name in repeated.agreeing:
        yield f"same bytes: {name}"
    for name, difference in repeated.differences.items():
        yield f"{name} {difference}"
    for line in repeated.circumstances:
        yield f"note: {line}"


def _reasons(plan: Plan, results: Path, name: str) -> list[str]:
    """Why runs are missing: an unfinished command, or how the config differs from that of the existing results."""
    if partial := in_progress.describe_progress(results, name):
        return [f"an earlier command has not finished: {partial}"]
    directory, previous = figure_folder(results, name), read_previous(results, name)
    if previous.config is None:
        return [f"there are no valid results in {directory}" if directory.exists() else "never run"]
    if changed := previous.changed_sources(plan.missing):
        return [f"{each} has changed since {directory} was created" for each in changed]
    changed = [
        f"{key} is {'not set' if new is None else new} now, but {'not set' if old is None else old} in {directory}"
        for key, (new, old) in compare(plan.config.data, previous.config).items()
    ]
    return changed or ["the runs failed, are no longer stored, or are from a version that computes different numbers"]
