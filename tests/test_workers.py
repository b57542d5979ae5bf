"""Training in worker processes: the same bytes, whatever becomes of a worker."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fa_repro import run, workers
from fa_repro.errors import StorageError
from fa_repro.runs import batches
from tests.conftest import SMALL, digit_runs, small
from tests.test_cli import environment

LONG = SMALL.replace("examples: 40", "examples: 100000").replace("grid: every", "grid: linear, points: 11")


def files_of(folder: Path) -> dict[str, bytes]:
    """Tables, config and picture; the manifest tells when and where, too."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}


def test_workers_give_the_same_bytes(workplace: Path) -> None:
    one = run("linear", {"trials": 4}, results="one")
    two = run("linear", {"trials": 4}, results="two", jobs=2)
    assert (one.trained, two.trained) == (16, 16)
    assert files_of(one.directory) == files_of(two.directory)
    assert run("linear", {"trials": 4}, results="two", jobs=2).trained == 0
    assert all_ended()


def test_a_batch_that_fails_in_a_worker_does_not_stop_the_others(workplace: Path) -> None:
    huge = {"algorithms.backprop.network": {"hidden": [10**6, 10**6]}}  # 8 TB of weights
    result = run("linear", {"trials": 1, **huge}, jobs=2)
    assert result.trained == 3
    ((lost, reason),) = result.failed
    assert lost.entry.algorithm == "backprop"
    assert "MemoryError" in reason


def test_workers_are_started_by_themselves_only_where_that_pays(
    monkeypatch: pytest.MonkeyPatch, workplace: Path
) -> None:
    started: list[Any] = []
    monkeypatch.setattr(workers, "train_in_workers", lambda *args: started.append(args) or iter(()))
    run("linear", {"trials": 1}, jobs=None)
    assert not started
    seconds = [workers.seconds(batch) for batch in batches(digit_runs(overrides={"network.hidden": [1000]}))]
    assert min(seconds) > 0
    monkeypatch.setattr(workers, "WORTH_IT", 0.0)
    monkeypatch.setattr(workers, "cores", lambda: 3)
    run("linear", {"trials": 2}, jobs=None)
    assert started[0][3] == 3


def all_ended() -> bool:
    """Whether no child is left; one that has just ended may be listed for a moment."""
    deadline = time.monotonic() + 5
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not multiprocessing.active_children()


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    (folder / "configs").mkdir(parents=True)
    (folder / "configs/linear.yaml").write_text(LONG)
    command = [sys.executable, "-m", "fa_repro", "run", "linear", "--jobs", "2", *words]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A process whose parents ignore interrupts, as those of a shell's background job do, inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def children(pid: int) -> list[int]:
    """Worker processes of a process, from the system's table."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                line = (entry / "cmdline").read_text()
            except OSError:
                continue
            if int(fields[1]) == pid and "spawn_main" in line:
                found.append(int(entry.name))
    return found


def wait_for_workers(process: subprocess.Popen[str]) -> list[int]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = children(process.pid)
        if len(found) == 2:
            return found
        time.sleep(0.02)
    raise AssertionError("no workers were started")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{pid}").exists() and "Z" not in _state(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the process table of Linux")


@needs_proc
@pytest.mark.parametrize("whom", ["everyone", "the parent"])
def test_an_interrupt_ends_all_processes_and_says_how_to_go_on(tmp_path: Path, whom: str) -> None:
    process = start(tmp_path)
    pids = wait_for_workers(process)  # they may still be starting
    os.kill(process.pid, signal.SIGINT) if whom == "the parent" else os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert "interrupted. The same command goes on from here" in errors
    assert "Traceback" not in errors
    assert gone(pids)


@needs_proc
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    process = start(tmp_path)
    pids = wait_for_workers(process)
    time.sleep(1.0)
    process.kill()
    process.communicate()
    assert gone(pids)


@needs_proc
def test_what_a_killed_worker_was_training_is_trained_again(tmp_path: Path) -> None:
    whole = start(tmp_path / "whole")
    whole.communicate(timeout=120)
    process = start(tmp_path)
    victim = wait_for_workers(process)[0]
    while cpu_seconds(victim) < 1.5:  # it has begun to train, which takes longer than that
        time.sleep(0.02)
    os.kill(victim, signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "a worker process died; " in errors
    assert "Traceback" not in errors
    assert files_of(tmp_path / "results/linear") == files_of(tmp_path / "whole/results/linear")


def dies_at_backprop(done: Any, begun: Any) -> None:
    """In place of a worker's start."""
    original(done, begun)
    train = workers.train_and_store

    def killed(batch: workers.Batch, *rest: Any) -> Any:
        if batch[0].entry.algorithm == "backprop":
            with done.get_lock():  # its parent must not wait for it
                os.kill(os.getpid(), signal.SIGKILL)
        return train(batch, *rest)

    workers.train_and_store = killed  # type: ignore[assignment]


original = workers._start


def test_what_kills_its_worker_every_time_is_given_up_and_the_others_finish(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_start", dies_at_backprop)
    result = run("linear", {"trials": 2}, jobs=2)
    assert result.trained == 6
    assert {each.entry.algorithm for each, _ in result.failed} == {"backprop"}
    assert all("its worker process died 3 times" in reason for _, reason in result.failed)
    assert all_ended()


def test_a_disk_that_cannot_be_written_ends_the_workers_too(workplace: Path) -> None:
    (workplace / "results/runs").mkdir(parents=True)
    keys = [each.key for each in small().runs()]
    for key in keys:
        (workplace / "results/runs" / key[:2]).write_text("a file where a folder should be")
    with pytest.raises(StorageError):
        run("linear", jobs=2)
    assert all_ended()


def test_a_script_without_a_guard_is_told_so_at_once(workplace: Path) -> None:
    (workplace / "script.py").write_text('import fa_repro\nfa_repro.run("linear", jobs=2)\n')
    command = [sys.executable, "script.py"]
    done = subprocess.run(
        command, cwd=workplace, env=environment(), capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 1
    assert (
        done.stderr.strip().splitlines()[-1].startswith("fa_repro.errors.FaReproError: no worker process could begin")
    )
    assert done.stderr.count("spawn_main") <= 4  # what Python itself says of each of two workers


def test_other_children_of_the_caller_are_left_alone(workplace: Path) -> None:
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
