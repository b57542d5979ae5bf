"""Fault 17: one Dask worker killed mid-run. Promised: the result is byte-identical to the local one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="the extra fa-repro[dask] is not installed")
from tests.support.cluster import files_of, running, wait_for
from tests.support.environment import environment
from tests.support.processes import ENDLESS, GO_ON, begin, cpu_seconds, finish, needs_proc, session, wait_until, workers

SLOW = ("--set", "training.examples=30000", "--set", "record.grid=linear", "--set", "record.points=5")
SWEEP = ("--sweep", "seed=0,1,2")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "fa_repro", "run", "linear", *SLOW, *SWEEP, *words]


def stored(results: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (results / "runs").glob("??/*/manifest.json")}


@pytest.mark.parametrize("whom", ["a worker", "a worker twice", "the scheduler"])
def test_the_results_are_those_of_undisturbed_local_training(workplace: Path, whom: str) -> None:
    with running(workers=3) as (address, scheduler, helpers):
        words = command("--executor", f"dask://{address}")
        process = subprocess.Popen(words, env=environment(), stderr=subprocess.PIPE, text=True)
        results = workplace / "results"
        wait_for(lambda: bool(stored(results)) or process.poll() is not None)
        assert process.poll() is None, "it ended before anything could be killed"
        before = stored(results)
        if whom == "the scheduler":
            scheduler.kill()
            _, told = process.communicate(timeout=120)
            assert process.returncode == 1, told
            assert "the Dask cluster was lost" in told
            assert "the same command goes on from here" in told
            assert "Traceback" not in told
        else:
            for worker in helpers[: 1 if whom == "a worker" else 2]:
                worker.send_signal(signal.SIGKILL)
            _, told = process.communicate(timeout=120)
            assert process.returncode == 0, told
    again = subprocess.run(command(), env=environment(), capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    if whom != "the scheduler":  # whose workers may have stored all that they had been sent, or not
        assert "nothing to train" in again.stderr
    alone = subprocess.run(
        command("--results", "alone"), env=environment(), capture_output=True, text=True, check=False
    )
    assert alone.returncode == 0, alone.stderr
    assert files_of(results / "linear") == files_of(workplace / "alone/linear")
    assert before.items() <= stored(results).items()  # no finished run was trained and stored again
    assert not list(results.rglob(".tmp-*"))


def test_what_kills_each_worker_is_given_up_and_the_others_finish(workplace: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from fa_repro.execution import dask_cluster\n"
        "import killer\n"
        "dask_cluster._train = killer.train\n"
        "from fa_repro.cli.main import command_line\n"
        "if __name__ == '__main__':\n"
        "    command_line(['run', 'linear', '--set', 'trials=2', '--executor', 'dask', '--jobs', '2'])\n"
    )
    killer = (
        "import os, signal\n"
        "from fa_repro.execution.dask_cluster import _train\n"
        "def train(batch, *rest):\n"
        "    if batch[0].condition.algorithm == 'backprop':\n"
        "        with open('deaths', 'a') as file:\n"
        "            file.write('x')\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return _train(batch, *rest)\n"
    )
    (workplace / "script.py").write_text(script)
    (workplace / "killer.py").write_text(killer)
    done = subprocess.run(
        [sys.executable, "script.py"], env=environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1, done.stderr
    assert "trained 6 runs" in done.stderr
    assert "backprop" in done.stderr
    assert "its worker process died" in done.stderr
    assert (workplace / "deaths").read_text() == "xxx"  # two retries at most


@needs_proc
@pytest.mark.parametrize("when", ["it starts", "it trains"])
def test_an_interrupt_ends_a_cluster_of_ones_own(workplace: Path, when: str) -> None:
    process = begin("run", "linear", "--executor", "dask", "--jobs", "2", *ENDLESS)
    assert wait_until(lambda: len(session(process.pid)) > 1)
    if when == "it trains":
        assert wait_until(lambda: max(map(cpu_seconds, workers(process.pid)), default=0) > 2)
    os.killpg(process.pid, signal.SIGINT)
    done = finish(process)
    assert (done.code, done.out) == (130, "")
    assert GO_ON in done.err
    assert wait_until(lambda: not session(process.pid), 5)
