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

from fa_repro.plain_text import amount
from tests.support.drivers import DISGUISES, driver
from tests.support.environment import environment
from tests.support.files import contents
from tests.support.processes import (
    ENDLESS,
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

SECONDS = [0.0, 0.05, 0.3]
LONG = {"training__examples": 5000, "record__grid": "linear", "record__points": 11}
pytestmark = needs_proc


def interrupt_twice(leader: int, apart: float) -> None:
    for wait in (apart, 0):
        with suppress(ProcessLookupError):  # the first was enough
            os.killpg(leader, signal.SIGINT)
        time.sleep(wait)


@pytest.mark.parametrize("apart", SECONDS)
def test_endless_training_ends_at_once(workplace: Path, apart: float) -> None:
    process = begin("run", "linear", "--jobs", "2", *ENDLESS)
    assert wait_until(lambda: len(workers(process.pid)) == 2)
    assert wait_until(lambda: max(map(cpu_seconds, workers(process.pid))) > 1)
    interrupt_twice(process.pid, apart)
    _, told = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert wait_until(lambda: not session(process.pid), 5)
    assert "Traceback" not in told


@pytest.mark.parametrize(("jobs", "apart"), [("1", 0.0), ("1", 0.05), ("2", 0.0), ("2", 0.3)])
def test_stored_runs_are_whole_and_it_resumes(
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
    after = stored(results)
    assert f"trained {amount(len(after) - len(before), 'run')}, {len(before)} cached\n" in again.err
    assert before.items() <= after.items()
    assert contents(results / "linear") == contents(undisturbed(**LONG) / "linear")


def interrupted(*lines: str, grace: float) -> subprocess.CompletedProcess[str]:
    """Python code, with `interrupt()`, after which a command has this many seconds to end by the exception."""
    above = (
        "import functools, signal, time, weakref",
        "from fa_repro.execution import interrupts",
        f"interrupts.GRACE = {grace}",
        "signal.signal(signal.SIGINT, signal.default_int_handler)",
        "interrupt = functools.partial(signal.raise_signal, signal.SIGINT)",
    )
    code = "\n".join([*above, *lines])
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


def test_interrupt_dropped_by_python_is_not_lost() -> None:
    """Exceptions in weak references' callbacks, which imports have, and in finalizers are reported and ignored."""
    done = interrupted(
        "class Thing: pass",
        "with interrupts.handled():",
        "    thing = Thing()",
        "    watch = weakref.ref(thing, lambda _: interrupt())",
        "    del thing",
        "    print('went on')",
        grace=50,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == RESUME


def test_swallowed_interrupt_is_not_lost() -> None:
    """As extension modules do that clear what was raised while they are imported."""
    done = interrupted(
        "with interrupts.handled():",
        "    try:",
        "        interrupt()",
        "    except KeyboardInterrupt:",
        "        time.sleep(50)",
        "        print('went on')",
        grace=0.1,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", RESUME)


def test_interrupt_swallowed_at_end_is_ignored() -> None:
    done = interrupted(
        "with interrupts.handled():",
        "    try:",
        "        interrupt()",
        "    except KeyboardInterrupt:",
        "        pass",
        "time.sleep(0.3)",
        "print('went on')",
        grace=0.1,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "went on\n", "")


def test_interrupt_as_another_error_is_reported() -> None:
    """As imports raise that are broken off."""
    done = interrupted(
        "from fa_repro.cli.main import command_line",
        "@command_line.command()",
        "def odd():",
        "    try:",
        "        interrupt()",
        "    except KeyboardInterrupt:",
        "        raise SyntaxError('no unicodedata')",
        "command_line(['odd'])",
        grace=50,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", RESUME)


def test_interrupt_as_another_error_fails_no_run(workplace: Path) -> None:
    command, results = ("run", "linear", "--set", "training.examples=20", "--jobs", "1"), workplace / "results"
    done = finish(begin(*command, script=driver(workplace, DISGUISES)))
    assert (done.code, done.err) == (130, RESUME)
    before = stored(results)
    again = fa_repro(*command)
    assert again.code == 0, again.err
    assert before.items() < stored(results).items()


def test_threads_of_libraries_are_not_awaited(workplace: Path) -> None:
    lines = (
        "import threading, time",
        "from tests.support import pictures",
        "if __name__ == '__main__':",
        "    threading.Thread(target=time.sleep, args=(60,)).start()",
        "    pictures.main()",
    )
    (workplace / "script.py").write_text("\n".join(lines))
    process = begin("run", "linear", "--jobs", "1", *ENDLESS, script="script.py")
    assert wait_until(lambda: cpu_seconds(process.pid) > 2)
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert (done.code, done.out, done.err) == (130, "", RESUME)


@pytest.mark.parametrize("begun", [0.05, 0.1, 0.2, 0.3])
def test_at_the_start_it_ends_too(workplace: Path, begun: float) -> None:
    """After so many seconds of computing; in the first hundredths Python itself starts, and its end is its own."""
    # An import that is broken off may leave a file open, of which Python warns.
    warnings = environment() | {"PYTHONWARNINGS": "error,ignore::ResourceWarning"}
    process = begin("run", "linear", *ENDLESS, module="fa_repro", env=warnings)
    assert wait_until(lambda: cpu_seconds(process.pid) >= begun)
    interrupt_twice(process.pid, 0.0)
    _, told = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in told
    assert wait_until(lambda: not session(process.pid), 5)
    assert stored(workplace / "results") == {}
