"""Real commands as processes of their own, and what can be seen of them and of their results from outside."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.test_cli import environment

Seen = dict[Path, tuple[int, int]]
PATIENCE = 120
"""Seconds after which something is taken to hang; nothing is promised by it."""

_begun: "list[subprocess.Popen[str]]" = []
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the process table of Linux")


class Done(NamedTuple):
    """What a process said, and its exit code."""

    code: int
    out: str
    err: str


def begin(*words: str | Path, script: str = "", **options: Any) -> "subprocess.Popen[str]":
    """Start `python -m fa_repro WORDS...`, or a script in its place, as the head of a session of its own."""
    code = [script] if script else ["-m", "fa_repro"]
    defaults: dict[str, Any] = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "env": environment(),
        "text": True,
        # A process whose parents ignore interrupts, as those of a shell's background job do, inherits that.
        "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    }
    command = [sys.executable, *code, *map(str, words)]
    process = subprocess.Popen(command, start_new_session=True, **(defaults | options))
    _begun.append(process)
    return process


def end_all() -> None:
    """Kill all that is left of what was begun."""
    while _begun:
        process = _begun.pop()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def finish(process: "subprocess.Popen[str]") -> Done:
    """Wait for the end of a process, and hold it to never show a traceback."""
    out, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in (err or ""), err
    return Done(process.returncode, out, err)


def fa_repro(*words: str | Path, **options: Any) -> Done:
    """`python -m fa_repro WORDS...`, from start to end."""
    return finish(begin(*words, **options))


def wait_until(condition: Callable[[], Any], seconds: float = PATIENCE) -> bool:
    """Wait for something to become true; whether it has."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


# ---- processes ----


def _stat(pid: int) -> list[str]:
    """State, parent, group, session and more of a process, from the system's table; empty if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
    return [] if fields[0] in "ZX" else fields


def session(leader: int) -> list[int]:
    """Processes in the session that a process heads, itself among them."""
    every = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in every if (fields := _stat(pid)) and int(fields[3]) == leader]


def workers(leader: int) -> list[int]:
    """Worker processes that a command has started."""
    found = []
    for pid in session(leader):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            continue
        if "spawn_main" in line:
            found.append(pid)
    return found


def cpu_seconds(pid: int) -> float:
    """Time that a process has computed; 0 if it has ended."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


# ---- what is stored ----


def verifies(folder: Path) -> bool:
    """Whether a folder holds what its manifest says, by no code of the package."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert manifest["files"]
    return all(
        (folder / name).is_file() and hashlib.sha256((folder / name).read_bytes()).hexdigest() == promise["sha256"]
        for name, promise in manifest["files"].items()
    )


def stored(results: Path) -> Seen:
    """The stored runs, all of which must be whole: each manifest, which file that is, and when it was written."""
    seen = {}
    for folder in sorted(path for path in (results / "runs").glob("[0-9a-f][0-9a-f]/*") if path.is_dir()):
        manifest = folder / "manifest.json"
        assert verifies(folder), f"{folder} is there in part"
        seen[manifest] = (manifest.stat().st_ino, manifest.stat().st_mtime_ns)
    return seen


def leftovers(folder: Path) -> list[Path]:
    """What is there under temporary names."""
    return [*folder.rglob(".tmp-*")]


# ---- many processes, quickly ----

_ZYGOTE = """\
import json, os, sys, traceback
from fa_repro.cli.main import command_line

def call(words):
    try:
        command_line(words, prog_name="fa-repro")
    except SystemExit as end:
        return end.code or 0

def answer(value):
    print(json.dumps(value), file=sys.__stdout__, flush=True)

def start(words, out, count):
    gate, key = os.pipe()
    pids = []
    for i in range(count):
        pid = os.fork()
        if not pid:
            os.close(key)
            code = 70
            try:
                os.setsid()
                os.dup2(os.open(f"{out}.{i}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
                os.dup2(os.open(os.devnull, os.O_RDWR), 1)
                os.read(gate, 1)
                code = call(words)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        pids.append(pid)
    os.close(key)  # all go at once
    os.close(gate)
    return pids

for line in sys.stdin:
    what, *rest = json.loads(line)
    if what == "start":
        answer(start(*rest))
    elif what == "wait":
        answer([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in rest[0]])
    else:
        sys.stdout = open(os.devnull, "w")
        answer(call(rest[0]))
"""


class Zygote:
    """A process that has imported the package and has drawn once; its forks are commands that begin at once."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process, self._folder = process, folder

    def _ask(self, *question: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def warm(self, *words: str) -> int:
        """Carry out a command in the process itself; gives its exit code."""
        return self._ask("call", words)

    def start(self, *words: str, count: int = 1) -> list[int]:
        """Start a command so many times at once; gives the process ids."""
        return self._ask("start", words, str(self._folder / "said"), count)

    def wait(self, pids: list[int]) -> list[Done]:
        """Wait for the end of processes that were started together; SIGKILL is exit code -9."""
        codes = self._ask("wait", pids)
        return [Done(code, "", (self._folder / f"said.{i}").read_text()) for i, code in enumerate(codes)]


@contextmanager
def zygote(folder: Path, cwd: Path) -> Iterator[Zygote]:
    """A `Zygote` with a current folder, and a folder for what its children say."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    folder.mkdir(exist_ok=True)
    (folder / "zygote.py").write_text(_ZYGOTE)
    process = begin(
        script=str(folder / "zygote.py"),
        cwd=cwd,
        env=environment() | one_thread,  # what is forked must have no threads
        stdin=subprocess.PIPE,
        stderr=None,
    )
    try:
        yield Zygote(process, folder)
    finally:
        process.kill()
        process.communicate()


# ---- training that is disturbed ----

_DRIVER = """\
import os, signal, sys
from pathlib import Path
from fa_repro.training import trainer

train = trainer.train

def disturbed(runs, on_progress, *rest, **more):
    algorithm = runs[0].condition.algorithm
    with Path("trainings").open("a") as file:
        file.write(algorithm + "\\n")
{disturbance}
    return train(runs, on_progress, *rest, **more)

trainer.train = disturbed
if __name__ == "__main__":
    from fa_repro.cli.main import command_line
    command_line(prog_name="fa-repro")
"""

HALTS_ONCE = """\
    def halting(work, on_progress=on_progress):
        on_progress(work)
        if algorithm == "backprop" and not Path("halted").exists():
            Path("halting").write_text(str(os.getpid()))
            Path("halting").rename("halted")
            signal.pause()

    return train(runs, halting, *rest, **more)
"""
"""The first training of backprop halts in its midst, and names its process in the file `halted`."""

DIES = """\
    if algorithm == "backprop":
        from fa_repro.execution import processes
        with processes._done.get_lock():  # its parent must not wait for it
            os.kill(os.getpid(), signal.SIGKILL)
"""
"""Every training of backprop kills its process."""


DISGUISES = """\
    if algorithm == "backprop":
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ValueError("the archive is still open") from None
"""
"""In trainings of backprop an interrupt comes as another error, as it does while an archive is written."""


def driver(folder: Path, disturbance: str) -> str:
    """A script that is the command line, but for a disturbance of training there and in the workers it starts.

    A line of the file `trainings` names the algorithm of each training that began.
    """
    path = folder / "driver.py"
    path.write_text(_DRIVER.format(disturbance=disturbance))
    return str(path)
