"""Fault 31: foreign pid namespace.

Promised: works.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from fa_repro.io import atomic
from tests.support.environment import environment
from tests.support.processes import needs_proc

SWEEP = """\
import sys
from pathlib import Path
from fa_repro.results.store import Store
Store(Path(sys.argv[1])).prepare()
"""


def age(path: Path) -> None:
    before = time.time() - 2 * 86_400
    os.utime(path, (before, before))


def test_processes_of_other_containers_are_not_judged(tmp_path: Path) -> None:
    """This process lives, which cannot be seen from another PID namespace."""
    (tmp_path / "runs").mkdir()
    ours = atomic.temporary_path(tmp_path / "runs")
    ours.touch()
    inside = ["unshare", "--pid", "--fork", "--mount-proc"]
    if shutil.which("unshare") is None or subprocess.run([*inside, "true"], check=False).returncode:
        pytest.skip("no namespaces can be created here")
    sweep = [*inside, sys.executable, "-c", SWEEP, str(tmp_path)]
    subprocess.run(sweep, env=environment(), check=True)
    assert ours.exists()
    age(ours)
    subprocess.run(sweep, env=environment(), check=True)
    assert not ours.exists()


def test_names_of_older_versions_are_swept_after_a_day(tmp_path: Path) -> None:
    """They do not say in which namespace their process ID holds."""
    old = tmp_path / f"{atomic.PREFIX}{socket.gethostname()}-999999999-{uuid.uuid4().hex}"
    old.touch()
    atomic.remove_leftovers(tmp_path)
    assert old.exists()
    age(old)
    atomic.remove_leftovers(tmp_path)
    assert not old.exists()


@needs_proc
def test_a_reused_process_id_keeps_no_leftovers(tmp_path: Path) -> None:
    ours = atomic.temporary_path(tmp_path)
    earlier = tmp_path / re.sub(rf"-\d+-{os.getpid()}-", f"-1-{os.getpid()}-", ours.name)
    for path in (ours, earlier):
        path.touch()
    atomic.remove_leftovers(tmp_path)
    assert ours.exists()
    assert not earlier.exists()
