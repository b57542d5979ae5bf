"""Fault 22: data files overwritten or truncated during a run.

Promised: the run uses what was verified; no SIGBUS; nothing false is stored.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fa_repro import run
from fa_repro.datasets import checksums, mnist
from fa_repro.errors import DataError
from fa_repro.execution.progress import Silent
from tests.support.digits import SMALL
from tests.support.environment import environment
from tests.support.files import contents
from tests.support.processes import begin, finish, stored

LABELS = "-labels-idx1-ubyte"
SMALL_DATA = """\
import json
from pathlib import Path
from fa_repro.datasets import checksums, mnist

given = json.loads(Path("given.json").read_text())
checksums.FILES = {name: checksums.Expected(sha256, tuple(shape)) for name, (sha256, shape) in given["files"].items()}
mnist.TRAINING = 600  # all this holds in worker processes, too, which import this file
"""
TRUNCATES = """\
from fa_repro import run
from fa_repro.execution.progress import Silent

class Truncating(Silent):
    def advance(self, work):
        for name in checksums.FILES:
            with Path(given["folder"], name).open("r+b") as file:
                file.truncate(16)

run("mnist", given["settings"], only=["backprop"], results="made", progress=Truncating())
"""
IN_WORKERS = """\
from fa_repro.cli.main import command_line

if __name__ == "__main__":
    settings = [word for key, value in given["settings"].items() for word in ("--set", f"{key}={value}")]
    where = ["--data-dir", given["folder"], "--offline", "--results", "made"]
    command_line(["run", "mnist", *settings, "--only", "backprop", "--jobs", "2", *where])
"""


@dataclass
class Meddling(Silent):
    """Changes the data once training is about to start, or has made some progress."""

    when: str
    meddle: Callable[[], object]

    def start(self, work: int, label: str) -> None:
        if self.when == "before":
            self.meddle()

    def advance(self, work: int) -> None:
        if self.when == "during":
            self.meddle()


def overwrite(folder: Path) -> None:
    """Give every image the same label, in place."""
    for path in folder.glob(f"*{LABELS}"):
        with path.open("r+b") as file:
            file.seek(8)
            file.write(bytes(path.stat().st_size - 8))


@pytest.fixture
def undisturbed(digits: Path, tmp_path: Path) -> dict[str, bytes]:
    folder = run("mnist", SMALL, only=["backprop"], results=tmp_path / "undisturbed").directory
    mnist.load.cache_clear()
    return contents(folder)


def test_overwritten_labels_are_not_used(digits: Path, tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    progress = Meddling("during", lambda: overwrite(digits))
    result = run("mnist", SMALL, only=["backprop"], results=tmp_path / "disturbed", progress=progress)
    assert (digits / f"train{LABELS}").read_bytes()[8:] == bytes(600)
    assert contents(result.directory) == undisturbed


def test_data_overwritten_before_use_is_refused(digits: Path, tmp_path: Path) -> None:
    """After the command has looked for the data, and before it trains."""
    progress = Meddling("before", lambda: overwrite(digits))
    with pytest.raises(DataError, match=f"train{LABELS}: wrong content"):
        run("mnist", SMALL, only=["backprop"], results=tmp_path / "disturbed", progress=progress)
    assert stored(tmp_path / "disturbed") == {}
    assert not (tmp_path / "disturbed/mnist/mnist.csv").exists()


@pytest.mark.parametrize("script", [TRUNCATES, IN_WORKERS])
def test_processes_use_verified_data(digits: Path, tmp_path: Path, undisturbed: dict[str, bytes], script: str) -> None:
    """No truncation of the files kills a process, and workers read the folder that the command names."""
    files = {name: (expected.sha256, expected.shape) for name, expected in checksums.FILES.items()}
    (tmp_path / "given.json").write_text(json.dumps({"files": files, "folder": str(digits), "settings": SMALL}))
    (tmp_path / "driver.py").write_text(SMALL_DATA + script)
    variables = environment()
    if script is IN_WORKERS:
        for name in ("FA_REPRO_DATA", "FA_REPRO_OFFLINE"):
            variables.pop(name)
    done = finish(begin(script="driver.py", cwd=tmp_path, env=variables))
    assert done.code == 0, done
    assert (script is TRUNCATES) == ((digits / f"train{LABELS}").stat().st_size == 16)
    made = contents(tmp_path / "made/mnist")
    assert made["mnist.csv"] == undisturbed["mnist.csv"]
