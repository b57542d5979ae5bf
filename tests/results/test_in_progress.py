"""Partial results."""

from pathlib import Path

import pytest

from fa_repro.results import in_progress, paths
from tests.support.failures import stopped_at
from tests.support.files import contents
from tests.support.resuming import Command


def test_list_shows_progress_of_interrupted_run(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        stopped_at(patch, 5)
        assert command("run", "linear", "--set", "seed=7").exit_code == 130
    assert "partial: 5 of 12 runs are trained, resume with: fa-repro run linear --set seed=7" in command("list").stdout
    why = "why: an earlier command has not finished: partial: 5 of 12 runs are trained"
    assert why in command("run", "linear", "--set", "seed=7", "--dry-run").stdout
    assert command("run", "linear", "--set", "seed=7").exit_code == 0
    assert "partial" not in command("list").stdout


def test_list_shows_progress_beside_old_results(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command("run", "linear")
    before = contents(Path("results/linear"))
    with monkeypatch.context() as patch:
        stopped_at(patch, 2)
        command("run", "linear", "--set", "trials=5", "--results", "results")
    (line,) = (each for each in command("list").stdout.splitlines() if each.startswith("linear "))
    assert line.split()[1] == "done,"
    assert "; a later command is partial: 14 of 20 runs are trained" in line
    assert contents(Path("results/linear")) == before


@pytest.mark.parametrize(
    "note", ["", "{}", "[]", "5", '{"schema": 9}', '{"schema": 1, "total": 1, "missing": 5, "command": ""}']
)
def test_a_note_that_is_none_says_nothing(tmp_path: Path, note: str) -> None:
    path = paths.in_progress_file(tmp_path, "search/mnist")
    path.parent.mkdir(parents=True)
    path.write_text(note)
    assert in_progress.describe_progress(tmp_path, "search/mnist") is None
