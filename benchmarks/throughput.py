"""Microseconds per example and trial, batched over replicas, compared with a plain NumPy loop over single examples.

Run with `make bench`. Loop and trainer do the same job. For the linear function it is that of `feedback_alignment` in
`configs/linear.yaml`: draw an example, measure NSE and the angle to backprop, update. A second table leaves out the
measurements. For the nonlinear function it is that of `feedback_alignment_4` in `configs/nonlinear.yaml`, without its
few measurements. Loop and trainer alternate in one process, so that their ratio is reliable on a noisy machine.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads only slow down products of matrices this small

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from fa_repro.config.locate import find_config, read_config
from fa_repro.config.resolve import resolve_config
from fa_repro.training.runs import Run
from fa_repro.training.trainer import train

EXAMPLES = 2000
REPEATS = 7
LINEAR, NONLINEAR = read_config(find_config("linear")), read_config(find_config("nonlinear"))
OWN = LINEAR.data["algorithms"]["feedback_alignment"]
RATE, FEEDBACK = OWN["learning_rate"], OWN["feedback_range"]
INITIAL = LINEAR.data["network"]["init_range"]


def plain_loop(measure: bool) -> tuple[np.ndarray, np.ndarray]:
    """Run feedback alignment as a textbook would write it: one net, one example at a time.

    Returns the NSE and the angle to backprop in degrees at each example; both are undefined unless `measure`.
    """
    rng = np.random.default_rng(0)
    T = rng.uniform(-1, 1, (10, 30))
    W0, W = rng.uniform(-INITIAL, INITIAL, (20, 30)), rng.uniform(-INITIAL, INITIAL, (10, 20))
    B = rng.uniform(-FEEDBACK, FEEDBACK, (20, 10))
    nse, angle = np.empty(EXAMPLES), np.empty(EXAMPLES)
    for example in range(EXAMPLES):
        x = rng.standard_normal(30)
        target = T @ x
        h = W0 @ x
        e = target - W @ h
        dh = B @ e
        if measure:
            nse[example] = (e @ e) / (target @ target)
            bp = W.T @ e
            cosine = (dh @ bp) / (np.linalg.norm(dh) * np.linalg.norm(bp))
            angle[example] = np.degrees(np.arccos(cosine))
        W += RATE * np.outer(e, h)
        W0 += RATE * np.outer(dh, x)
    return nse, angle


def deep_loop() -> None:
    """Run the same in a 30-20-10-10 net of tanh units with biases; the target is a net of the same kind."""
    rng = np.random.default_rng(0)
    sizes = (30, 20, 10, 10)
    (T, S), (W, b) = (
        (
            [rng.uniform(-scale, scale, (n, m)) for m, n in pairwise(sizes)],
            [rng.uniform(-scale, scale, n) for n in sizes[1:]],
        )
        for scale in (0.3, 0.1)
    )
    B1, B2 = rng.uniform(-0.5, 0.5, (20, 10)), rng.uniform(-0.5, 0.5, (10, 10))
    rate = 0.01
    for _ in range(EXAMPLES):
        x = rng.standard_normal(30)
        target = T[2] @ np.tanh(T[1] @ np.tanh(T[0] @ x + S[0]) + S[1]) + S[2]
        h1 = np.tanh(W[0] @ x + b[0])
        h2 = np.tanh(W[1] @ h1 + b[1])
        e = target - (W[2] @ h2 + b[2])
        d2 = (B2 @ e) * (1 - h2 * h2)
        d1 = (B1 @ d2) * (1 - h1 * h1)
        for layer, (signal, below) in enumerate(((d1, x), (d2, h1), (e, h2))):
            W[layer] += rate * np.outer(signal, below)
            b[layer] += rate * signal


def linear(count: int, measure: bool) -> list[Run]:
    """Return the runs of `count` trials of the shipped config."""
    record = {} if measure else {"record.grid": "linear", "record.points": 2, "record.probes": ["nse"]}
    settings = {"trials": count, "training.examples": EXAMPLES, **record}
    return resolve_config(LINEAR, settings, only=["feedback_alignment"]).runs()


def nonlinear(count: int) -> list[Run]:
    """Return the same for the four-layer net, whose error is measured only at the start and the end."""
    settings: dict[str, Any] = {"trials": count, "training.examples": EXAMPLES, "task.test_examples": 10}
    settings |= {"record.grid": "linear", "record.points": 2}
    return resolve_config(NONLINEAR, settings, only=["feedback_alignment_4"]).runs()


def seconds(job: Callable[[], object]) -> float:
    """Return the time of one call."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def compare(title: str, loop: Callable[[], object], runs: Callable[[int], list[Run]], counts: Sequence[int]) -> None:
    """Print a table with one row for each number of replicas."""
    print(f"{title}, medians of {REPEATS}")
    print(f"{'replicas':>9} {'µs per example and trial':>25} {'plain loop':>11} {'ratio':>6}   (lowest..highest)")
    for replicas in counts:
        together = runs(replicas)
        ours, loops, ratios = [], [], []
        for _ in range(REPEATS + 1):
            loops.append(1e6 * seconds(loop) / EXAMPLES)
            ours.append(1e6 * seconds(partial(train, together)) / EXAMPLES / replicas)
            ratios.append(loops[-1] / ours[-1])
        columns = [statistics.median(values[1:]) for values in (ours, loops, ratios)]  # the first is a warm-up
        spread = f"({min(ratios[1:]):.1f}..{max(ratios[1:]):.1f})"
        print(f"{replicas:>9} {columns[0]:>25.2f} {columns[1]:>11.2f} {columns[2]:>6.1f}   {spread}")


def main() -> None:
    """Print a table with the measurements, one without, and one for the nonlinear function."""
    for measure, title in ((True, "with NSE and angle at every example"), (False, "training alone")):
        job = partial(plain_loop, measure)
        compare(f"linear function, {title}", job, partial(linear, measure=measure), (1, 20, 180))
    compare("nonlinear function, four layers", deep_loop, nonlinear, (1, 20))


if __name__ == "__main__":
    main()
