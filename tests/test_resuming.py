"""Sweeps that are interrupted, fail in part, are shared by several jobs, or are made again."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import Result

import fa_repro
from fa_repro import run
from fa_repro.execution import batching as units
from fa_repro.execution.batching import divide, form_batches, makespan, seconds, shard
from fa_repro.results import in_progress, paths
from fa_repro.results.store import Store
from fa_repro.rules.backprop import Backprop
from tests.support.configs import digit_runs, small
from tests.support.failures import stopped_at

Command = Callable[..., Result]


SWEEP = ("--sweep", "network.init_range=0.1,0.3", "--sweep", "seed={from: 0, to: 2, num: 3}")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}


def broken(patch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: Any) -> None:
        raise MemoryError("not enough")

    patch.setattr(Backprop, "init", no_memory)


# ---- what a dry run says ----


def test_a_dry_run_prints_the_grid_what_is_missing_why_and_how_long(command: Command) -> None:
    command("run", "linear", *SWEEP, "--set", "trials=2")
    told = command("run", "linear", *SWEEP, "--dry-run").stdout.splitlines()
    assert told[:4] == [
        "linear: 72 runs, 24 to train",
        "  network.init_range: 0.1, 0.3 (2 values)",
        "  seed: 0, 1, 2 (3 values)",
        "  sweep over network.init_range, seed: 6 points",
    ]
    assert "  backprop: 12 there already, 6 to train" in told
    assert "  missing: shallow, network.init_range=0.1, seed=0, trial 2" in told
    assert "  ... and 14 more" in told
    assert "  why: trials is 3, the results in results/linear have 2" in told
    assert told[-1].startswith("  time: very roughly ")
    assert told[-1].endswith(" in one process")


def test_estimates_grow_with_the_work_and_shrink_with_the_processes() -> None:
    few, many = (form_batches(digit_runs(overrides={"training.epochs": epochs})) for epochs in (1, 10))
    assert makespan(many, 1) == pytest.approx(10 * makespan(few, 1))
    assert makespan(many, 1) == pytest.approx(sum(map(seconds, many)))
    assert makespan(many, 1) > makespan(many, 2) >= max(map(seconds, many))
    assert makespan([], 3) == 0.0


@pytest.mark.parametrize("jobs", [1, 3, 4, 5, 12, 50])
def test_no_job_is_left_without_a_batch_while_there_are_runs(jobs: int) -> None:
    whole = form_batches(small().runs())
    parts = divide(whole, jobs)
    assert len(parts) == max(len(whole), min(jobs, 12))
    assert Counter(each.key for part in parts for each in part) == Counter(each.key for each in small().runs())
    assert all(len({id(each.condition) for each in part}) == 1 for part in parts)


# ---- partial results ----


def test_list_tells_how_far_an_interrupted_command_came(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        stopped_at(patch, 5)
        assert command("run", "linear", "--set", "seed=7").exit_code == 130
    assert "partial: 5 of 12 runs are trained, go on by: fa-repro run linear --set seed=7" in command("list").stdout
    why = "why: a command has not ended: partial: 5 of 12 runs are trained"
    assert why in command("run", "linear", "--set", "seed=7", "--dry-run").stdout
    assert command("run", "linear", "--set", "seed=7").exit_code == 0
    assert "partial" not in command("list").stdout


def test_list_tells_it_beside_the_results_there_are(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command("run", "linear")
    before = contents(Path("results/linear"))
    with monkeypatch.context() as patch:
        stopped_at(patch, 2)
        command("run", "linear", "--set", "trials=5", "--results", "results")
    assert "done; a later command is partial: 14 of 20 runs are trained" in command("list").stdout
    assert contents(Path("results/linear")) == before


@pytest.mark.parametrize(
    "note", ["", "{}", "[]", "5", '{"schema": 9}', '{"schema": 1, "total": 1, "missing": 5, "command": ""}']
)
def test_a_note_that_is_none_says_nothing(tmp_path: Path, note: str) -> None:
    path = paths.in_progress_file(tmp_path, "search/mnist")
    path.parent.mkdir(parents=True)
    path.write_text(note)
    assert in_progress.describe_progress(tmp_path, "search/mnist") is None


# ---- failed runs ----


def test_failed_runs_are_kept_in_mind_until_they_are_asked_for(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    assert "trained 3 runs, found 9" in mended.stderr
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


def test_a_failure_beside_a_success_hides_nothing(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_training_anew_that_is_interrupted_says_so(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command("run", "linear")
    with monkeypatch.context() as patch:
        stopped_at(patch, 3)
        done = command("run", "linear", "--force")
    assert done.exit_code == 130
    assert "the same command trains all of it anew" in done.stderr
    assert "partial" not in command("list").stdout


# ---- shards ----


@pytest.mark.parametrize("parts", [1, 2, 3, 5, 12, 40])
def test_shards_have_every_run_once_and_about_equal_work(parts: int) -> None:
    runs = small(sweep={"seed": list(range(4))}).runs()
    shares = [shard(runs, part, parts) for part in range(1, parts + 1)]
    assert Counter(each.key for mine in shares for each in mine) == Counter(each.key for each in runs)
    sizes = sorted(map(len, shares))
    assert sizes[-1] - sizes[0] <= 2


def test_shards_of_unequal_runs_share_the_work_not_the_number() -> None:
    long = small({"training.examples": 1000}).runs()
    short = small({"training.examples": 100}).runs()
    one, two = shard([*long, *short], 1, 2), shard([*long, *short], 2, 2)
    work = [sum(each.condition.setup.examples for each in mine) for mine in (one, two)]
    assert abs(work[0] - work[1]) <= 1000
    assert len(one) != len(two)


def test_shards_together_give_the_bytes_of_one_command(command: Command, workplace: Path) -> None:
    run("linear", sweep={"seed": [0, 1]}, results="whole")
    sweep = ("--sweep", "seed=0,1")
    for part in (3, 1, 2):
        done = command("run", "linear", *sweep, "--shard", f"{part}/3")
        assert (done.exit_code, done.stdout) == (0, "")
        assert f"linear, shard {part} of 3: trained 8 runs, found 0" in done.stderr
        assert "When all shards have ended: fa-repro run linear --sweep 'seed=0, 1'" in done.stderr
        assert "found 8" in command("run", "linear", *sweep, "--shard", f"{part}/3").stderr
        if part == 1:
            assert "partial: 16 of 24 runs are trained" in command("list").stdout
    last = command("run", "linear", *sweep)
    assert "nothing to train, all 24 runs were there already" in last.stderr
    assert contents(workplace / "results/linear") == contents(workplace / "whole/linear")
    assert "partial" not in command("list").stdout


def test_a_shard_tells_of_its_failed_runs_only(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    words = ("run", "linear", "--only", "backprop", "--only", "shallow", "--set", "record.probes=[nse]")
    codes = [command(*words, "--shard", f"{part}/2").exit_code for part in (1, 2)]
    assert sorted(codes) == [0, 1]


def test_a_shard_whose_runs_diverge_says_so(command: Command) -> None:
    rate = ("--set", "algorithms.backprop.learning_rate=50", "--set", "training.examples=300", "--only", "backprop")
    done = command("run", "linear", *rate, "--shard", "1/1")
    assert done.exit_code == 1
    assert "diverged" in done.stderr


@pytest.mark.parametrize("word", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3", "1.5/2", ""])
def test_a_shard_that_is_none_is_refused(command: Command, word: str) -> None:
    refused = command("run", "linear", "--shard", word)
    assert refused.exit_code == 2
    assert "expected I/N with I from 1 to N, such as 3/8" in refused.stderr


def test_a_figure_that_trains_nothing_has_no_shards(command: Command) -> None:
    done = command("run", "flow-field", "--shard", "1/2")
    assert done.exit_code == 0
    assert "flow-field: nothing to train" in done.stderr


# ---- the same run by two processes ----


def test_a_run_that_another_process_has_stored_meanwhile_is_not_trained_again(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (batch, *_) = form_batches(small().runs())
    store = Store(workplace / "results")
    store.prepare()
    units.train_and_store(batch[:2], store, overwrite=False)
    seen: list[int] = []
    original = units.train_timed
    monkeypatch.setattr(units, "train_timed", lambda left, *rest: (seen.append(len(left)), original(left, *rest))[1])
    units.train_and_store(batch, store, overwrite=False)
    units.train_and_store(batch, store, overwrite=False)
    units.train_and_store(batch, store, overwrite=True)
    assert seen == [len(batch) - 2, len(batch)]


# ---- the same bytes again ----


def test_results_are_repeated_from_their_folder_alone(command: Command, workplace: Path) -> None:
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


def test_results_that_do_not_come_again_are_told_with_what_may_be_why(
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
    assert "not as it was: numpy was 1.0, is " in done.stdout
    assert "error: results/linear: not all bytes agree" in done.stderr


def test_repeated_results_are_kept_where_asked_but_never_over_the_old(command: Command, workplace: Path) -> None:
    command("run", "linear")
    assert command("run", "--from", "results/linear", "--results", "again").exit_code == 0
    assert contents(workplace / "again/linear") == contents(workplace / "results/linear")
    refused = command("run", "--from", "results/linear", "--results", "results")
    assert refused.exit_code == 2
    assert "the results to repeat are there" in refused.stderr


def test_what_cannot_be_repeated_is_told(command: Command, workplace: Path) -> None:
    assert command("run", "--from", "nowhere").exit_code == 4
    command("run", "linear")
    with (workplace / "results/linear/linear.csv").open("a") as file:
        file.write("x")
    damaged = command("run", "--from", "results/linear")
    assert damaged.exit_code == 4
    assert "linear.csv is not what its manifest says" in damaged.stderr


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


def test_the_manifest_tells_how_to_get_the_same_bytes(command: Command, workplace: Path) -> None:
    command("run", "linear", "--set", "trials=2")
    manifest = json.loads((workplace / "results/linear/manifest.json").read_text())
    assert manifest["command"] == "fa-repro run linear --set trials=2"
    assert manifest["repeat"][-1] == "fa-repro run --from results/linear"
    assert f"numpy=={manifest['versions']['numpy']}" in " ".join(manifest["repeat"])
    assert manifest["machine"]["blas_kernels"]


def test_only_files_of_the_package_make_its_source_dirty(tmp_path: Path) -> None:
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


# ---- what is swept ----


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ("seed", ["0", "1"]),
        ("network.hidden", ["[4]", "[5, 3]"]),
        ("network.activation", ["tanh", "linear"]),
        ("algorithms.backprop", ["{rule: backprop, learning_rate: 0.01}", "{rule: shallow, learning_rate: 0.02}"]),
        ("training.examples", ["10", "20"]),
    ],
)
def test_every_axis_is_a_column_and_every_point_in_the_table(command: Command, axis: str, values: list[str]) -> None:
    done = command("run", "linear", "--sweep", f"{axis}={','.join(values)}")
    assert done.exit_code == 0, done.stderr
    table = pd.read_csv("results/linear/linear.csv")
    assert list(table)[-1] == axis
    assert table.loc[table["algorithm"] == "backprop", axis].nunique() == len(values)
