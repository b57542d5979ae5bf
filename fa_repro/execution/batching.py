"""Batches of runs: forming, training and storing them, estimating their training time, dividing them into jobs."""

import heapq
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

from fa_repro import isolation
from fa_repro.errors import FaReproError
from fa_repro.results.store import Store
from fa_repro.training.replicas import shape_of
from fa_repro.training.runs import Outcome, Run, Setup

Batch: TypeAlias = Sequence[Run]
"""Runs that are trained together."""

BATCH_BYTES = 2 * 2**20
"""Maximum size in bytes of the weights trained at once; more would not fit the caches and would save no time."""

WORTH_IT = 20.0
"""Estimated training time in seconds from which worker processes are started by default."""

CONTAINER_SHARE = Path("/sys/fs/cgroup/cpu.max")
"""Processor time in microseconds that a container may use, and in which period."""


def form_batches(runs: Iterable[Run]) -> list[list[Run]]:
    """Group runs that can be trained together: equal in everything except floating-point settings, seed and trial.

    Runs with the same key are trained once.
    """
    groups: dict[Any, list[Run]] = {}
    for run in {run.key: run for run in runs}.values():
        groups.setdefault(shape_of(replace(run.condition.setup, seed=0)), []).append(run)
    result = []
    for group in groups.values():
        setup = group[0].condition.setup
        # The activity of layers that never learn is precomputed, and that of a single run fills the memory.
        alone = not setup.rule.trains_hidden and setup.task.epoch is not None
        size = 1 if alone else max(1, BATCH_BYTES // _weight_bytes(setup))
        count = -(-len(group) // size)
        result += [group[i * len(group) // count : (i + 1) * len(group) // count] for i in range(count)]
    return result


def _weight_bytes(setup: Setup) -> int:
    inputs, outputs = setup.task.sizes
    sizes = (inputs, *setup.network.hidden, outputs)
    return sum(a * b for a, b in pairwise(sizes)) * (8 if setup.training.dtype == "float64" else 4)


def train_and_store(
    batch: Batch, store: Store, overwrite: bool, on_progress: Callable[[int], None] = lambda _: None
) -> None:
    """Train and store the runs of a batch that are not stored yet; with `overwrite`, all of them.

    `on_progress` is called regularly with the `work` done since the last call.
    """
    left = not_stored(batch, store, overwrite)
    if left:
        for run, (outcome, seconds) in zip(left, train_timed(left, on_progress), strict=True):
            store.commit(run, outcome, seconds, overwrite=overwrite)


def not_stored(batch: Batch, store: Store, overwrite: bool) -> list[Run]:
    """Runs still to be trained: another process, or a worker that has died, may have stored some meanwhile."""
    return [run for run in batch if overwrite or not store.has(run)]


def train_timed(batch: Batch, on_progress: Callable[[int], None] = lambda _: None) -> list[tuple[Outcome, float]]:
    """Train a batch; returns each run's outcome and its share of the time in seconds.

    Raises
    ------
    FaReproError
        If this process, a worker, has another source of a rule or task than the process that made the keys.
    """
    if other := [run for run in batch if not run.is_current]:
        text = "its worker has another source of its rule or task than this command started with"
        way_out = (
            "After an edit, run the same command again, in a notebook after a restart or a reload of the module; else "
            "install the same source for the worker"
        )
        raise FaReproError(f"{other[0].condition}: {text}. {way_out}")
    from fa_repro.training.trainer import train

    began = time.perf_counter()
    each = work(batch) / (batch[0].condition.setup.examples * len(batch))
    outcomes = train(batch, lambda examples: on_progress(round(examples * each)))
    taken = (time.perf_counter() - began) / len(batch)
    return [(outcome, taken) for outcome in outcomes]


def shard(runs: Sequence[Run], part: int, parts: int) -> list[Run]:
    """The runs of one of several shards, each with about the same work, whatever is stored already.

    Every run is in exactly one shard, and shards need not know of each other: the runs are laid end to end, each as
    long as its estimated training time, and the whole is cut into equal pieces.

    Parameters
    ----------
    runs : sequence of Run
        All runs of a config.
    part, parts : int
        Number of the shard, counted from 1, and number of shards.
    """
    lengths = [(run, seconds(batch) / len(batch)) for batch in form_batches(runs) for run in batch]
    whole, end, mine = sum(length for _, length in lengths), 0.0, []
    for run, length in lengths:
        end += length
        if min(int((end - length / 2) / whole * parts), parts - 1) == part - 1:
            mine.append(run)
    return mine


def cores() -> int:
    """Processor cores that this process may use, also by the share of time that its container is given."""
    count = isolation.cores()
    try:
        share, period = map(int, CONTAINER_SHARE.read_text().split())
        return max(1, min(count, math.ceil(share / period)))
    except (OSError, ValueError, ZeroDivisionError):  # no container, or no limit: "max 100000"
        return count


def choose_jobs(batches: Sequence[Batch], jobs: int | None) -> int:
    """Number of processes that train: `jobs`, or if None one per core where that saves time; 1 means this process."""
    if jobs is None:
        jobs = cores() if sum(map(seconds, batches)) >= WORTH_IT else 1
    return max(1, min(jobs, sum(map(len, batches))))


def divide(batches: Sequence[Batch], jobs: int) -> list[Batch]:
    """Split batches until there are as many as jobs, if there are enough runs; the longest is first."""
    parts = list(batches)
    while len(parts) < jobs and any(len(part) > 1 for part in parts):
        longest = max((part for part in parts if len(part) > 1), key=seconds)
        parts.remove(longest)
        parts += longest[: len(longest) // 2], longest[len(longest) // 2 :]
    return sorted(parts, key=seconds, reverse=True)


def seconds(batch: Batch) -> float:
    """Rough estimate of the training time of a batch on one core, within a factor of about three."""
    setup = batch[0].condition.setup
    sizes = (setup.task.sizes[0], *setup.network.hidden, setup.task.sizes[1])
    if not setup.rule.trains_hidden and setup.task.epoch is not None:
        sizes = sizes[-2:]  # the layers below are computed once
    weights = len(batch) * sum(a * b for a, b in pairwise(sizes))
    steps = setup.examples / setup.training.batch_size
    return steps * (30e-6 + 6 * weights * setup.training.batch_size / 1e11)


def work(batch: Batch) -> int:
    """Estimated training time in microseconds, the unit of progress."""
    return max(1, round(1e6 * seconds(batch)))


def makespan(batches: Iterable[Batch], jobs: int) -> float:
    """Estimated seconds until all batches are trained, each going to the first of `jobs` processes that is free."""
    free = [0.0] * jobs
    for each in sorted(map(seconds, batches), reverse=True):
        heapq.heapreplace(free, free[0] + each)
    return max(free)
