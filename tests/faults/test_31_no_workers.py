"""Fault 31: no `/dev/shm`.

Promised: falls back to one process with a warning.
"""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.support.files import contents
from tests.support.processes import begin, finish

WARNING = "WARNING: worker processes cannot be used here (no semaphores"

INSIDE = """\
import os, sys
command = 'mount -t tmpfs -o ro none /dev/shm && exec "$@"'
words = [sys.executable, "-m", "tests.support.pictures", *sys.argv[1:]]
os.execvp("unshare", ["unshare", "--mount", "sh", "-c", command, "sh", *words])
"""


def test_a_command_runs_without_shared_memory(workplace: Path, undisturbed: Callable[..., Path]) -> None:
    trial = ["unshare", "--mount", "mount", "-t", "tmpfs", "-o", "ro", "none", "/dev/shm"]
    if shutil.which("unshare") is None or subprocess.run(trial, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    (workplace / "inside.py").write_text(INSIDE)
    done = finish(begin("run", "linear", "--jobs", "2", script="inside.py"))
    assert done.code == 0, done.err
    assert done.err.startswith(f"{WARNING}, on Linux in /dev/shm: Read-only file system")
    assert done.err.count("WARNING") == 1
    assert contents(workplace / "results/linear") == contents(undisturbed() / "linear")


@pytest.mark.parametrize("executor", ["local", "dask"])
@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, os.strerror(errno.EACCES)),
        ImportError("This platform lacks a functioning sem_open implementation"),
        NotImplementedError("system provides too few semaphores"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_semaphores_are_not_needed(
    command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, executor: str, error: Exception
) -> None:
    def failing(*_: Any) -> None:
        raise error

    monkeypatch.setattr(BaseContext, "Value", failing)
    done = command("run", "linear", "--only", "backprop", "--jobs", "2", "--executor", executor)
    assert done.exit_code == 0, done.stderr
    assert WARNING in done.stderr
    assert "trained 3 runs, 0 cached" in done.stderr
