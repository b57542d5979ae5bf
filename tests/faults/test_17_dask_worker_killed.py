"""Fault 17: one Dask worker killed mid-run. Promised: the result is byte-identical to the local one."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="the extra fa-repro[dask] is not installed")
from tests.support.cluster import running, wait_for
from tests.support.environment import environment
from tests.support.files import contents
from tests.support.processes import (
    ENDLESS,
    RESUME,
    begin,
    cpu_seconds,
    fa_repro,
    finish,
    interrupts_are_blocked,
    leftovers,
    needs_proc,
    session,
    stored,
    wait_until,
    workers,
)

SLOW = {"training.examples": 20_000, "record.grid": "linear", "record.points": 5}
SWEEP = {"seed": [0, 1, 2]}
COMMAND = (
    "run",
    "linear",
    *(word for key, value in SLOW.items() for word in ("--set", f"{key}={value}")),
    "--sweep",
    "seed=0,1,2",
)


IMPATIENT = """\
from tests.support import pictures

if __name__ == "__main__":
    from fa_repro.execution import dask_cluster

    dask_cluster._WAIT = 2.0  # seconds after which a scheduler that does not answer is given up
    pictures.main()
"""


@pytest.mark.parametrize("whom", ["a worker", "a worker twice", "the scheduler"])
def test_results_equal_those_of_local_training(workplace: Path, undisturbed: Callable[..., Path], whom: str) -> None:
    alone = undisturbed(sweep=SWEEP, **SLOW)
    (workplace / "impatient.py").write_text(IMPATIENT)
    with running(workers=3) as (address, scheduler, helpers):
        process = begin(*COMMAND, "--executor", f"dask://{address}", script="impatient.py")
        results = workplace / "results"
        wait_for(lambda: bool(stored(results)) or process.poll() is not None)
        assert process.poll() is None, "it ended before anything could be killed"
        before = stored(results)
        if whom == "the scheduler":
            scheduler.kill()
            done = finish(process)
            assert done.code == 1, done.err
            assert "the Dask cluster was lost" in done.err
            assert "run the same command again to resume" in done.err
        else:
            for worker in helpers[: 1 if whom == "a worker" else 2]:
                worker.send_signal(signal.SIGKILL)
            done = finish(process)
            assert done.code == 0, done.err
    again = fa_repro(*COMMAND)
    assert again.code == 0, again.err
    if whom != "the scheduler":  # whose workers may have stored all that they had been sent, or not
        assert "nothing to train" in again.err
    assert contents(results / "linear") == contents(alone / "linear")
    assert before.items() <= stored(results).items()  # no finished run was trained and stored again
    assert not leftovers(results)


def test_batch_that_kills_workers_is_given_up(workplace: Path) -> None:
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
        assert all(map(interrupts_are_blocked, workers(process.pid)))
    os.killpg(process.pid, signal.SIGINT)
    done = finish(process)
    assert (done.code, done.out, done.err) == (130, "", RESUME)
    assert wait_until(lambda: not session(process.pid), 5)
