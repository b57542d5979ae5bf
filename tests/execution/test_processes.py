"""Training in worker processes: the same bytes, whatever becomes of a worker."""

import multiprocessing
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from fa_repro import run
from fa_repro.errors import StorageError
from fa_repro.execution import batching as estimates_of
from fa_repro.execution import processes
from fa_repro.execution.batching import form_batches, seconds
from tests.support.configs import digit_runs, small
from tests.support.environment import environment


def test_failed_batch_in_a_worker_stops_no_other(workplace: Path) -> None:
    huge = {"algorithms.backprop.network": {"hidden": [10**6, 10**6]}}  # 8 TB of weights
    result = run("linear", {"trials": 1, **huge}, jobs=2)
    assert result.trained == 3
    ((lost, reason),) = result.failed
    assert lost.condition.algorithm == "backprop"
    assert "MemoryError" in reason


def test_workers_start_by_default_if_worth_it(monkeypatch: pytest.MonkeyPatch, workplace: Path) -> None:
    started: list[Any] = []
    monkeypatch.setattr(processes, "train_in_processes", lambda *args: started.append(args) or iter(()))
    run("linear", {"trials": 1}, jobs=None)
    assert not started
    estimates = [seconds(batch) for batch in form_batches(digit_runs(overrides={"network.hidden": [1000]}))]
    assert min(estimates) > 0
    monkeypatch.setattr(estimates_of, "WORTH_IT", 0.0)
    monkeypatch.setattr(estimates_of, "cores", lambda: 3)
    run("linear", {"trials": 2}, jobs=None)
    assert started[0][3] == 3


def all_ended() -> bool:
    """Whether no child is left; one that has just ended may be listed for a moment."""
    deadline = time.monotonic() + 5
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not multiprocessing.active_children()


def test_unwritable_disk_ends_the_workers(workplace: Path) -> None:
    (workplace / "results/runs").mkdir(parents=True)
    keys = [each.key for each in small().runs()]
    for key in keys:
        (workplace / "results/runs" / key[:2]).write_text("a file where a folder should be")
    with pytest.raises(StorageError):
        run("linear", jobs=2)
    assert all_ended()


def test_no_thread_of_a_pool_outlives_it(workplace: Path) -> None:
    """At the end of Python it would race with the exit handler of `concurrent.futures`, which may print a traceback."""
    batches = processes.train_in_processes([[run] for run in small().runs()], Path("results"), False, 2, print)
    next(batches)
    batches.close()
    assert [each for each in threading.enumerate() if type(each).__module__ == "concurrent.futures.process"] == []


def test_script_without_a_main_guard_is_reported(workplace: Path) -> None:
    (workplace / "script.py").write_text('import fa_repro\nfa_repro.run("linear", jobs=2)\n')
    command = [sys.executable, "script.py"]
    done = subprocess.run(
        command, cwd=workplace, env=environment(), capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 1
    assert (
        done.stderr.strip().splitlines()[-1].startswith("fa_repro.errors.FaReproError: no worker process could start")
    )
    assert done.stderr.count("in spawn_main") <= 2  # what Python itself says of each of two workers


def test_callers_other_children_are_left_alone(workplace: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    child.start()
    try:
        (workplace / "results/runs").mkdir(parents=True)
        for each in small().runs():
            (workplace / "results/runs" / each.key[:2]).write_text("a file where a folder should be")
        with pytest.raises(StorageError):
            run("linear", jobs=10**12)
        assert child.is_alive()
    finally:
        child.kill()
        child.join()
