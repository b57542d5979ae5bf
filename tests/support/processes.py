"""Commands as processes of their own, and what can be seen of them and of their results from outside."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.environment import environment

PATIENCE = 120
"""Seconds after which something is taken to hang; nothing is promised by it."""


Seen = dict[Path, tuple[int, int]]


_begun: "list[subprocess.Popen[str]]" = []


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the process table of Linux")


GRID = ("--set", "record.grid=log", "--set", "record.points=5")


ENDLESS = ("--set", "training.examples=1000000000", *GRID)


RESUME = "interrupted. Run the same command again to resume: finished runs are kept.\n"


class Done(NamedTuple):
    """What a process said, and its exit code."""

    code: int
    out: str
    err: str


def begin(
    *words: str | Path, module: str = "tests.support.pictures", script: str = "", **options: Any
) -> "subprocess.Popen[str]":
    """Start `fa-repro WORDS...` as the head of a session of its own.

    Nothing is drawn, see `tests.support.pictures`; `python -m fa_repro` itself, or a script, is the `module` or the
    `script` in its place.
    """
    code = [script] if script else ["-m", module]
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


def interrupts_are_blocked(pid: int) -> bool:
    """Whether a process leaves Ctrl-C to its parent: it is blocked or ignored in the main thread."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    masks = [int(line.split()[1], 16) for line in status if line.startswith(("SigBlk", "SigIgn"))]
    return any(mask >> (signal.SIGINT - 1) & 1 for mask in masks)


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
