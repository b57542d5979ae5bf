"""Fault 5: two Ctrl-C.

Promised: immediate exit, results valid.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.processes import begin, cpu_seconds, fa_repro, needs_proc, session, stored, wait_until, workers
from tests.faults.test_04_interrupted import ENDLESS
from tests.test_storage import contents

SECONDS = [0.0, 0.05, 0.3]
LONG = {"training__examples": 5000, "record__grid": "linear", "record__points": 11}
pytestmark = needs_proc


def interrupt_twice(leader: int, apart: float) -> None:
    for wait in (apart, 0):
        with suppress(ProcessLookupError):  # the first was enough
            os.killpg(leader, signal.SIGINT)
        time.sleep(wait)


@pytest.mark.parametrize("apart", SECONDS)
def test_training_that_would_go_on_for_hours_ends_at_once(workplace: Path, apart: float) -> None:
    process = begin("run", "linear", "--jobs", "2", *ENDLESS)
    assert wait_until(lambda: len(workers(process.pid)) == 2)
    assert wait_until(lambda: max(map(cpu_seconds, workers(process.pid))) > 1)
    interrupt_twice(process.pid, apart)
    _, told = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert wait_until(lambda: not session(process.pid), 5)
    assert "Traceback" not in told


@pytest.mark.parametrize(("jobs", "apart"), [("1", 0.0), ("1", 0.05), ("2", 0.0), ("2", 0.3)])
def test_what_is_stored_is_whole_and_the_same_command_goes_on(
    workplace: Path, undisturbed: Callable[..., Path], jobs: str, apart: float
) -> None:
    settings = [word for key, value in LONG.items() for word in ("--set", f"{key.replace('__', '.')}={value}")]
    command, results = ("run", "linear", *settings, "--jobs", jobs), workplace / "results"
    process = begin(*command)
    assert wait_until(lambda: [*results.glob("runs/??/*")])
    interrupt_twice(process.pid, apart)
    process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert wait_until(lambda: not session(process.pid), 5)
    before = stored(results)
    again = fa_repro(*command)
    assert again.code == 0, again.err
    assert f"found {len(before)}\n" in again.err
    assert before.items() <= stored(results).items()
    assert contents(results / "linear") == contents(undisturbed(**LONG) / "linear")


def test_an_interrupt_that_python_drops_is_not_lost() -> None:
    """Exceptions in weak references' callbacks, which imports have, and in finalizers are told and ignored."""
    lines = (
        "import signal, weakref",
        "from fa_repro.cli import _second_interrupt_ends_at_once",
        "class Thing: pass",
        "signal.signal(signal.SIGINT, signal.default_int_handler)",
        "with _second_interrupt_ends_at_once():",
        "    thing = Thing()",
        "    watch = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))",
        "    del thing",
        "    print('went on')",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.startswith("interrupted. ")


@pytest.mark.parametrize("begun", [0.0, 0.1, 0.2, 0.4])
def test_at_the_start_it_ends_too(workplace: Path, begun: float) -> None:
    """While Python itself starts, what it says is its own."""
    process = begin("run", "linear", *ENDLESS)
    time.sleep(begun)
    interrupt_twice(process.pid, 0.0)
    process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert wait_until(lambda: not session(process.pid), 5)
    assert stored(workplace / "results") == {}
