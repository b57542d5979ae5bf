"""Fault 4: one Ctrl-C with several workers.

Promised: all processes gone within 5 s, exit 130, a line saying how to go on."""

import os
import signal
import time
from pathlib import Path

import pytest

from fa_repro.plain_text import amount
from tests.support.processes import (
    ENDLESS,
    GRID,
    PATIENCE,
    RESUME,
    begin,
    cpu_seconds,
    fa_repro,
    finish,
    needs_proc,
    session,
    stored,
    wait_until,
    workers,
)

WHOM = {"everyone": os.killpg, "the parent": os.kill}


pytestmark = needs_proc


@pytest.mark.parametrize("whom", WHOM)
@pytest.mark.parametrize("when", ["workers start", "workers train"])
def test_all_processes_end_within_5_seconds(workplace: Path, whom: str, when: str) -> None:
    """A terminal sends its interrupt to every process; some managers of processes send it to the first only."""
    process = begin("run", "linear", "--jobs", "3", *ENDLESS)
    assert wait_until(lambda: len(workers(process.pid)) == 3)
    if when == "workers train":
        assert wait_until(lambda: min(map(cpu_seconds, workers(process.pid))) > 1)
    interrupted = time.monotonic()
    WHOM[whom](process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert wait_until(lambda: not session(process.pid), interrupted + 5 - time.monotonic())
    assert (process.returncode, out) == (130, "")
    assert RESUME in err
    assert err == RESUME


def test_single_process_ends_and_resumes(workplace: Path) -> None:
    command, results = ("run", "linear", "--set", "training.examples=10000", *GRID), workplace / "results"
    process = begin(*command)
    assert wait_until(lambda: [*results.glob("runs/??/*/manifest.json")])
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert (done.code, done.err) == (130, RESUME)
    before = stored(results)
    assert 0 < len(before) < 12
    again = fa_repro(*command)
    assert again.code == 0, again.err
    assert f"trained {amount(12 - len(before), 'run')}, {len(before)} cached\n" in again.err
    assert before.items() <= stored(results).items()
