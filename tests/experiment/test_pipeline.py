"""From a request to results: stored runs are read once, and damaged ones are trained again."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from fa_repro import run
from fa_repro.io import bounded
from fa_repro.results.records import RecordError

Command = Callable[..., Result]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[Path]:
    """How often each file of a stored run is read."""
    read, counts = bounded.read_file, Counter[Path]()

    def counted(path: Path, most: int) -> bytes:
        data = read(path, most)
        if "runs" in path.parts:
            counts[path] += 1
        return data

    monkeypatch.setattr(bounded, "read_file", counted)
    return counts


@pytest.mark.parametrize("sweep", [{}, {"algorithms.feedback_alignment.feedback_range": [0.1, 0.2, 0.3]}])
def test_a_stored_run_is_read_once_in_a_command(
    workplace: Path, reads: Counter[Path], sweep: dict[str, list[float]]
) -> None:
    """Also one that several sweep points, or several tables, have in common."""
    for trained in (True, False):
        reads.clear()
        result = run("linear", sweep=sweep)
        assert bool(result.trained) == trained
        records = {path: count for path, count in reads.items() if path.name == "record.npz"}
        assert len(records) == result.trained + result.cached
        assert set(reads.values()) == {1}


def test_damaged_runs_are_retrained_together(command: Command) -> None:
    command("run", "linear")
    before = Path("results/linear/linear.csv").read_bytes()
    damaged = sorted(Path("results/runs").glob("??/*/record.npz"))[:5]
    for path in damaged:
        path.write_bytes(b"no archive")
    done = command("run", "linear")
    assert done.exit_code == 0, done.stderr
    assert done.stderr.count("moved aside to") == 5
    assert "linear: trained 5 runs, 7 cached" in done.stderr
    assert Path("results/linear/linear.csv").read_bytes() == before


def test_disk_that_damages_runs_is_reported(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_: object) -> None:
        raise RecordError("no key")

    monkeypatch.setattr("fa_repro.results.store.decode_record", damaged)
    monkeypatch.setattr("fa_repro.results.store.Store._put_aside", lambda *_: None)
    done = command("run", "linear")
    assert done.exit_code == 4
    assert "Check the disk" in done.stderr
