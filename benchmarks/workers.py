"""Speed-up of two workers over one on digits, with runs of equal length; likewise on a Dask cluster.

The measurements alternate, and include the start of the workers.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fa_repro.execution import dask_cluster, processes
from fa_repro.experiment.request import Request
from fa_repro.results.store import Store

REPEATS, RUNS, EPOCHS = 5, 4, 2


def take(train: Callable[..., Iterator[Any]], *words: Any) -> float:
    """Return the seconds until everything is trained."""
    began = time.perf_counter()
    for _, error in train(*words):
        assert error is None, error
    return time.perf_counter() - began


def main() -> None:
    """Print the ratio of one worker's time to that of two workers."""
    settings = {"trials": RUNS, "training.epochs": EPOCHS, "record.points": 2}
    runs = Request("mnist", settings, only=("feedback_alignment",)).resolved.runs()
    todo = [[run] for run in runs]
    runs[0].condition.setup.task.prepare()
    ratios: dict[str, list[float]] = {"local": [], "dask": []}
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(REPEATS):
            for name in ratios:
                times = []
                for jobs in (1, 2):
                    store = Store(Path(folder) / f"{name}{jobs}{repeat}")
                    store.prepare()
                    if name == "local":
                        times.append(take(processes.train_in_processes, todo, store.root, False, jobs, lambda _: None))
                    else:
                        times.append(take(dask_cluster.train_on_cluster, todo, store, False, jobs, lambda _: None))
                ratios[name].append(times[0] / times[1])
                print(f"{name:>6}: one worker {times[0]:.1f} s, two {times[1]:.1f} s", flush=True)
    for name, found in ratios.items():
        low, middle, high = min(found), statistics.median(found), max(found)
        print(f"{name}: two workers are {middle:.2f} times as fast as one ({low:.2f} .. {high:.2f})")


if __name__ == "__main__":
    main()
