"""Runs that failed."""

import json
from pathlib import Path

import pytest

from tests.support.failures import stopped_at
from tests.support.resuming import Command, broken


def test_failed_runs_are_recorded_until_retried(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        broken(patch)
        assert command("run", "linear", "--set", "record.probes=[nse]").exit_code == 1
    words = ("run", "linear", "--set", "record.probes=[nse]")
    again = command(*words)
    assert again.exit_code == 1
    assert "failed: MemoryError: not enough (in an earlier command; --retry-failed tries again)" in again.stderr
    assert "3 failed before (--retry-failed tries again)" in command(*words, "--dry-run").stdout
    assert "linear: 12 runs, 3 to train" in command(*words, "--dry-run", "--retry-failed").stdout
    assert "failed (3 runs)" in command("list").stdout
    mended = command(*words, "--retry-failed")
    assert mended.exit_code == 0, mended.stderr
    assert "trained 3 runs, 9 cached" in mended.stderr
    assert not list(Path("results/runs").rglob("*.failed.json"))
    assert command(*words).exit_code == 0


@pytest.mark.parametrize("change", ["--force", "another version", "damaged note"])
def test_what_failed_is_also_tried_again(command: Command, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    with monkeypatch.context() as patch:
        broken(patch)
        command("run", "linear", "--set", "record.probes=[nse]")
    for path in Path("results/runs").rglob("*.failed.json"):
        note = json.loads(path.read_text())
        if change == "another version":
            path.write_text(json.dumps(note | {"versions": {"fa_repro": "0.0.1"}}))
        elif change == "damaged note":
            path.write_text("{")
    force = ["--force"] if change == "--force" else []
    assert command("run", "linear", "--set", "record.probes=[nse]", *force).exit_code == 0


def test_when_every_run_fails_the_state_says_so(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    words = ("run", "linear", "--only", "backprop", "--set", "record.probes=[nse]")
    assert command(*words).exit_code == 1
    assert "failed (3 runs), partial: 0 of 3 runs are trained" in command("list").stdout
    assert "every run failed" in command(*words).stderr


def test_failure_after_a_success_hides_nothing(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("run", "linear", "--set", "record.probes=[nse]")
    command(*words)
    with monkeypatch.context() as patch:
        broken(patch)
        assert command(*words, "--force").exit_code == 1
    assert not list(Path("results/runs").rglob("*.failed.json"))
    for path in Path("results/runs").glob("??/*/record.npz"):
        path.write_bytes(b"")
    again = command(*words)
    assert again.exit_code == 0, again.stderr
    assert "trained 12 runs" in again.stderr


def test_interrupted_retraining_says_so(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command("run", "linear")
    with monkeypatch.context() as patch:
        stopped_at(patch, 3)
        done = command("run", "linear", "--force")
    assert done.exit_code == 130
    assert "The same command trains all runs again" in done.stderr
    assert "partial" not in command("list").stdout
