"""Microseconds per example and trial: batched over replicas, beside a plain one-example-at-a-time NumPy loop.

Run with `make bench`. Loop and trainer do the same job, that of `feedback_alignment` in `configs/linear.yaml`: draw an
example, measure NSE and the angle to backprop, update. They alternate in one process, so that their ratio holds on a
noisy machine; a second table leaves out the measurements.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # matrices this small only lose by threads

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from fa_repro.config import resolve
from fa_repro.config_files import locate, read
from fa_repro.runs import Run
from fa_repro.trainer import train

EXAMPLES = 2000
REPEATS = 7
CONFIG = read(locate("linear"))
OWN = CONFIG.data["algorithms"]["feedback_alignment"]
RATE, FEEDBACK = OWN["learning_rate"], OWN["feedback_range"]
INITIAL = CONFIG.data["network"]["init_range"]


def plain_loop(measure: bool) -> tuple[np.ndarray, np.ndarray]:
    """Feedback alignment as a textbook would write it: one net, one example at a time."""
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


def trials(count: int, measure: bool) -> list[Run]:
    """The runs of `count` trials of the shipped config."""
    record = {} if measure else {"record.grid": "linear", "record.points": 2, "record.probes": ["nse"]}
    settings = {"trials": count, "training.examples": EXAMPLES, **record}
    config = resolve(CONFIG, settings, only=["feedback_alignment"])
    return config.runs()


def seconds(job: Callable[[], object]) -> float:
    """Time of one call."""
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def main() -> None:
    """Print one table with the measurements and one without."""
    for measure, title in ((True, "with NSE and angle at every example"), (False, "training alone")):
        print(f"{title}, medians of {REPEATS}")
        print(f"{'replicas':>9} {'µs per example and trial':>25} {'plain loop':>11} {'ratio':>6}   (lowest..highest)")
        for replicas in (1, 20, 180):
            runs = trials(replicas, measure)
            ours, loops, ratios = [], [], []
            for _ in range(REPEATS + 1):
                loops.append(1e6 * seconds(partial(plain_loop, measure)) / EXAMPLES)
                ours.append(1e6 * seconds(partial(train, runs)) / EXAMPLES / replicas)
                ratios.append(loops[-1] / ours[-1])
            columns = [statistics.median(values[1:]) for values in (ours, loops, ratios)]  # the first warms up
            spread = f"({min(ratios[1:]):.1f}..{max(ratios[1:]):.1f})"
            print(f"{replicas:>9} {columns[0]:>25.2f} {columns[1]:>11.2f} {columns[2]:>6.1f}   {spread}")


if __name__ == "__main__":
    main()
