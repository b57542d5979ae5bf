"""Fault 2: SIGKILL of one worker.

Promised: its run is retried, the others finish, exit 0.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from tests.support.drivers import HALTS_ONCE, driver
from tests.support.files import contents
from tests.support.processes import begin, finish, session, stored, wait_until


def test_batch_of_a_killed_worker_is_retrained(workplace: Path, undisturbed: Callable[..., Path]) -> None:
    command = ("run", "linear", "--jobs", "2", "--set", "training.examples=1500")
    process = begin(*command, script=driver(workplace, HALTS_ONCE))
    assert wait_until((workplace / "halted").exists)
    os.kill(int((workplace / "halted").read_text()), signal.SIGKILL)
    done = finish(process)
    assert done.code == 0, done.err
    assert "WARNING: a worker process died; backprop is trained again" in done.err
    trainings = (workplace / "trainings").read_text().split()
    assert trainings.count("backprop") == 2
    assert set(trainings) == {"shallow", "reinforcement", "backprop", "feedback_alignment"}
    assert len(stored(workplace / "results")) == 12
    assert contents(workplace / "results/linear") == contents(undisturbed(training__examples=1500) / "linear")
    assert wait_until(lambda: not session(process.pid))
