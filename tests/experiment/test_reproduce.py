"""The same bytes again."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

import fa_repro
from fa_repro import run
from fa_repro.io import owner
from fa_repro.rules.backprop import Backprop
from tests.support.files import contents
from tests.support.resuming import Command


def test_results_are_repeated_from_their_folder(command: Command, workplace: Path) -> None:
    command("run", "linear", "--set", "trials=2", "--sweep", "seed=3,4")
    before = contents(workplace / "results/linear")
    stamp = (workplace / "results/linear/manifest.json").stat().st_mtime_ns
    (workplace / "configs/linear.yaml").unlink()
    shutil.move("results/linear", "elsewhere")
    done = command("run", "--from", "elsewhere")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "same bytes: linear.csv",
        "same bytes: linear_maps.csv",
        "same bytes: linear.png",
        "same bytes: config.yaml",
    ]
    assert contents(workplace / "elsewhere") == before
    assert (workplace / "elsewhere/manifest.json").stat().st_mtime_ns == stamp
    assert not (workplace / "results/linear").exists()


@pytest.mark.renders
def test_differing_results_get_a_likely_cause(
    command: Command, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run("linear").directory
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["versions"]["numpy"] = "1.0"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    signal = Backprop.signals

    def other(self: Backprop, step: Any, state: Any) -> Any:
        signals, state = signal(self, step, state)
        return [1.0001 * each for each in signals], state

    monkeypatch.setattr(Backprop, "signals", other)
    done = command("run", "--from", "results/linear")
    assert done.exit_code == 5
    assert "linear.csv differs: nse in " in done.stdout
    assert "linear.png differs" in done.stdout
    assert "same bytes: config.yaml" in done.stdout
    assert "note: numpy was 1.0, is now " in done.stdout
    assert "error: results/linear: some files do not agree byte for byte" in done.stderr


def test_repeats_never_overwrite_the_originals(command: Command, workplace: Path) -> None:
    command("run", "linear")
    assert command("run", "--from", "results/linear", "--results", "again").exit_code == 0
    assert contents(workplace / "again/linear") == contents(workplace / "results/linear")
    refused = command("run", "--from", "results/linear", "--results", "results")
    assert refused.exit_code == 2
    assert "this folder contains the results to repeat" in refused.stderr


def test_what_cannot_be_repeated_is_reported(command: Command, workplace: Path) -> None:
    assert command("run", "--from", "nowhere").exit_code == 4
    command("run", "linear")
    with (workplace / "results/linear/linear.csv").open("a") as file:
        file.write("x")
    damaged = command("run", "--from", "results/linear")
    assert damaged.exit_code == 4
    assert "these results cannot be repeated: linear.csv does not match its manifest" in damaged.stderr


@pytest.mark.parametrize(
    "words", [("linear",), ("--quick",), ("--set", "trials=2"), ("--shard", "1/2"), ("--dry-run",)]
)
def test_a_repeat_takes_no_other_settings(command: Command, words: tuple[str, ...]) -> None:
    command("run", "linear")
    refused = command("run", "--from", "results/linear", *words)
    assert refused.exit_code == 2
    assert "leave out FIGURE and its options" in refused.stderr


def test_run_needs_a_figure(command: Command) -> None:
    refused = command("run")
    assert refused.exit_code == 2
    assert "Missing argument 'FIGURE... | all'" in refused.stderr


def test_manifest_says_how_to_repeat_the_bytes(command: Command, workplace: Path) -> None:
    command("run", "linear", "--set", "trials=2")
    manifest = json.loads((workplace / "results/linear/manifest.json").read_text())
    assert manifest["command"] == "fa-repro run linear --set trials=2"
    assert manifest["repeat"][-1] == "fa-repro run --from results/linear"
    assert f"numpy=={manifest['versions']['numpy']}" in " ".join(manifest["repeat"])
    assert manifest["machine"]["blas_kernels"]


def test_only_package_files_make_source_dirty(tmp_path: Path) -> None:
    package = tmp_path / "fa_repro"
    shutil.copytree(Path(fa_repro.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / ".gitignore").write_text("__pycache__\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(tmp_path)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], check=True)
    ask = "from fa_repro.results.provenance import git_source; print(git_source()['git_dirty'])"

    def dirty() -> str:
        return subprocess.run(
            [sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.strip()

    (tmp_path / "notes.txt").write_text("mine")
    assert dirty() == "False"
    (package / "rules/mine.py").write_text("")
    assert dirty() == "True"
    (package / "rules/mine.py").unlink()
    assert dirty() == "False"
    with (package / "rules/backprop.py").open("a") as file:
        file.write("# changed\n")
    assert dirty() == "True"


def test_strays_of_killed_repetitions_are_swept(
    command: Command, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("run", "linear", "--set", "trials=1", "--only", "backprop")
    temporary = workplace / "temporary"
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    died = subprocess.Popen([sys.executable, "-c", ""])
    died.wait()
    host, seen = socket.gethostname(), list[tuple[str, int]]()
    ours = owner.this_process()
    dead = f"{ours.rpartition('-')[0]}-{died.pid}"
    strays = [f"fa_repro-{dead}-ab", f"fa_repro-{ours}-ab", f"fa_repro-{dead.replace(host, 'other')}-ab"]
    for name in (*strays, "fa_repro-notes", f".tmp-{dead}-ab"):
        (temporary / name / "runs").mkdir(parents=True)
    os.utime(temporary / strays[2], (0, 0))

    def killed(_: Any, place: Path, *rest: Any) -> Any:
        seen.append((place.name.rpartition("-")[0], place.stat().st_mode & 0o777))
        raise KeyboardInterrupt

    monkeypatch.setattr("fa_repro.experiment.reproduce.run_request", killed)
    assert command("run", "--from", "results/linear").exit_code == 130
    assert seen == [(f"fa_repro-{ours}", 0o700)]
    left = {path.name for path in temporary.iterdir()}
    assert left == {*strays[1:], "fa_repro-notes", f".tmp-{dead}-ab"}
