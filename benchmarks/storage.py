"""Cost of storing runs: time relative to training, time to find stored runs, memory by the number of runs.

Each measurement is printed with the limit that the project sets for it.
"""

import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from fa_repro.execution.batching import form_batches, train_timed
from fa_repro.execution.executor import Execution
from fa_repro.execution.missing import train_missing
from fa_repro.execution.progress import Silent
from fa_repro.experiment.request import Request
from fa_repro.results.store import Store

TINY = {
    "training.examples": 20,
    "trials": 1,
    "record": {"grid": "linear", "points": 3, "probes": ["nse"]},
    "algorithms.feedback_alignment.learning_rate": 0.001,
}


def tiny(count: int) -> Request:
    """Return a sweep of `count` runs of 20 examples each."""
    return Request(
        "linear", TINY, sweep={"seed": {"from": 0, "to": count - 1, "num": count}}, only=("feedback_alignment",)
    )


def seconds(call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def long_run(folder: Path) -> None:
    request = Request("linear", {"training.examples": 800_000, "trials": 1}, only=("feedback_alignment",))
    (run,) = request.resolved.runs()
    outcome, training = train_timed([run])[0]
    store = Store(folder)
    store.prepare()
    keeping = seconds(lambda: (store.commit(run, outcome, training), store.load(run, store.summary(run))))
    records, share = len(outcome.columns["example"]), 100 * keeping / training
    print(f"a run of {training:.1f} s with {records:,} records: {share:.2f} % of that to store it (limit 2 %)")


def many_runs(folder: Path, count: int) -> None:
    runs = tiny(count).resolved.runs()
    execution, store = Execution(), Store(folder)
    alone = seconds(lambda: [train_timed(batch) for batch in form_batches(runs)])
    kept = seconds(lambda: train_missing(runs, store, execution, Silent(), "tiny"))
    print(f"{count:,} tiny runs: {1000 * (kept - alone) / count:.2f} ms per run to store them (limit 20 ms)")


def look_for(folder: Path, count: int) -> None:
    request, store = tiny(count), Store(folder)
    runs = []
    resolving = seconds(lambda: runs.extend(request.resolved.runs()))
    looking = seconds(lambda: [store.has(run) for run in runs])
    finding, verifying = (
        seconds(partial(train_missing, runs, store, Execution(), Silent(), "tiny", verify=verify))
        for verify in (False, True)
    )
    print(f"{count:,} stored runs: {resolving:.2f} s to expand the sweep, {looking:.2f} s to find those stored,")
    print(f"  {finding:.2f} s to verify manifests (limit 2 s), {verifying:.2f} s with records, as --shard does")


def memory(folder: Path, count: int) -> float:
    """Return the peak memory, in MiB, of a process that runs a sweep of `count` runs."""
    words = [sys.executable, __file__, "--one", str(folder), str(count)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def one(folder: Path, count: int) -> None:
    train_missing(tiny(count).resolved.runs(), Store(folder), Execution(), Silent(), "tiny")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        long_run(folder / "long")
        many_runs(folder / "many", 1000)
        few, lots = memory(folder / "few", 100), memory(folder / "lots", 10_000)
        print(
            f"peak memory of a sweep: {few:.0f} MiB with 100 runs, {lots:.0f} MiB with 10,000, {lots / few:.2f} times"
        )
        look_for(folder / "lots", 10_000)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
