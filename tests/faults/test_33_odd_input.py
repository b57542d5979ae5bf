"""Fault 33: an option key twice, `.yml`, odd names, a path as a figure, `~`, empty paths, results renamed.

Promised: an error or the right thing, in words that are true; never a silent choice.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import fa_repro
from fa_repro.config.locate import find_config, name_problem
from fa_repro.datasets import mnist
from fa_repro.errors import ConfigError, StorageError
from fa_repro.results import paths
from tests.support.configs import SMALL, changed, refused, small
from tests.support.environment import environment

Command = Callable[..., Result]

RATE = "algorithms.backprop.learning_rate"


@pytest.fixture
def made(workplace: Path, undisturbed: Callable[..., Path]) -> Path:
    """Results of the small config, to be moved."""
    return shutil.copytree(undisturbed(), workplace / "results") / "linear"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "seed=1", "--set", "seed=2"], "seed is given twice"),
        (["--set", "seed=1", "--set", " seed =1"], "seed is given twice"),
        (["--sweep", "seed=1,2", "--sweep", "seed=3"], "seed is given twice"),
        (["--set", "seed=1", "--sweep", "seed=1,2"], "--set seed: this key is swept. Leave out this or --sweep seed"),
        (["--set", "sweep.seed=[1]", "--sweep", "seed=1,2"], "--set sweep.seed: this key is swept by seed. Leave out"),
        (["--set", "task.inputs=5", "--set", "task={name: linear}"], "--set task: this replaces the block with task."),
        (["--set", f"{RATE}=1", "--set", "algorithms.*={}"], f"this replaces the block with {RATE}, which is set too"),
        (["--set", "task.inputs=5", "--sweep", "task={name: linear, inputs: 6, outputs: 3}"], "key is swept by task."),
        (["--sweep", "task.inputs=5", "--sweep", "task={name: linear, inputs: 6, outputs: 3}"], "Put it before task."),
        (["--results", "a", "--results", "b"], "--results is given twice"),
        (["--jobs", "1", "--config", "configs/linear.yaml", "--jobs", "2"], "--jobs is given twice"),
    ],
)
def test_what_is_given_twice_is_refused(command: Command, words: list[str], message: str) -> None:
    result = command("run", "linear", *words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_what_is_given_twice_to_no_harm_is_accepted(command: Command) -> None:
    words = ("--only", "backprop", "--only", "backprop", "-q", "-q", "--set", "task={name: linear, inputs: 6}")
    assert command("run", "linear", *words, "--set", "task.outputs=2", "--dry-run").exit_code == 0
    axes = {"task": [{"name": "linear", "inputs": 6, "outputs": 3}], "task.inputs": [5, 7]}
    assert {each.setup.task.sizes for each in small(sweep=axes).conditions} == {(5, 3), (7, 3)}


def test_a_misnamed_file_does_not_give_the_shipped_config(command: Command, workplace: Path) -> None:
    (workplace / "configs/linear.yaml").rename(workplace / "configs/linear.yml")
    for words in (("run", "linear", "--quick"), ("config", "linear")):
        result = command(*words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "configs/linear.yml is not used: its name does not end in .yaml. Rename it" in result.stderr
    (workplace / "configs/linear.yaml").symlink_to("/dev/zero")
    assert "expected a regular file" in command("config", "linear").stderr


@pytest.mark.parametrize(
    ("file", "name", "problem"),
    [
        ("mine.yml", "mine", "its name does not end in .yaml. Rename it to mine.yaml"),
        ("mine.YAML", "mine", "its name does not end in .yaml. Rename it to mine.yaml"),
        ("v1.2.yaml", "v1.2", "a name has letters, digits, _ and -"),
        ("my config.yaml", "my config", "a name has letters, digits, _ and -"),
        ("a/b/c.yaml", "a/b/c", "may have one folder before it"),
        ("Runs.yaml", "Runs", "this name is reserved"),
        ("Linear.yaml", "Linear", "this name differs from linear, a shipped config, only in case"),
    ],
)
def test_files_with_odd_names_are_told(command: Command, workplace: Path, file: str, name: str, problem: str) -> None:
    path = Path("configs") / file
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(SMALL)
    for asked in (name, str(path)):
        result = command("run", asked)
        assert result.exit_code == 2
        assert f"error: unknown figure {asked!r}: {path} is not used: " in result.stderr
        assert problem in result.stderr
    assert any(line.startswith(str(path)) and problem in line for line in command("list").stdout.splitlines())
    assert f"WARNING: {path} is not used: " in command("run", "all", "--quick", "--dry-run").stderr
    assert command("run", "linear", "--config", path, "--dry-run").exit_code == 0


@pytest.mark.parametrize(
    "name", ["a" * 101, "con", "x/NUL", "Lpt1", "a.", "a ", "a\0", "runs", "RUNS/a", "Gallery", "a/Damaged", "All", ""]
)
def test_names_that_are_no_folder_are_refused(workplace: Path, name: str) -> None:
    assert name_problem(name)
    with pytest.raises(ConfigError, match="unknown figure"):
        find_config(name, Path("configs/linear.yaml"))


@pytest.mark.parametrize("name", ["a" * 100, "console", "x/runs", "linear", "search/mnist", "1", "damaged2"])
def test_other_names_are_not(name: str) -> None:
    assert not name_problem(name)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("configs/linear.yaml", "Type the name of the config instead: linear"),
        ("./configs/linear.yaml", "Type the name of the config instead: linear"),
        ("linear.yaml", "Type the name of the config instead: linear"),
        ("configs/search/mnist.yaml", "Type the name of the config instead: search/mnist"),
        ("configs/linear", "Type the name of the config instead: linear"),
        ("results/linear", "Type the name of the config instead: linear\n"),
        ("results/linear/", "Type the name of the config instead: linear\n"),
        ("my results/linear", "Type the name of the config instead: linear --results 'my results'"),
        ("other folder/linear.yaml", "type the name of a figure and --config 'other folder/linear.yaml'"),
        ("other.yaml", "type the name of a figure and --config other.yaml"),
    ],
)
def test_a_path_as_a_figure_says_what_to_type(command: Command, workplace: Path, given: str, meant: str) -> None:
    for folder in ("results/linear", "my results/linear"):
        (workplace / folder).mkdir(parents=True)
    for word in ("run", "plot", "config"):
        result = command(word, given)
        assert result.exit_code == 2
        assert f"unknown figure {given!r}, which is a path. " in result.stderr
        assert meant in result.stderr
    with pytest.raises(ConfigError, match="which is a path"):
        fa_repro.load(given)


def test_renamed_results_say_what_they_are(command: Command, made: Path) -> None:
    made.rename(made.with_name("old"))
    Path("configs/old.yaml").write_text(SMALL)
    text = "these are the results of linear, as their files are named. To use them, rename the folder to linear"
    result = command("plot", "old")
    assert (result.exit_code, text in result.stderr) == (4, True), result.output
    assert f"not valid: {text}" in command("list").stdout
    with pytest.raises(StorageError, match=text):
        fa_repro.load("old")
    assert command("run", "--from", "results/old").exit_code == 0


def test_moved_results_are_not_taken_for_others(command: Command, made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps({**manifest, "name": "search/linear"}))
    result = command("plot", "linear")
    assert result.exit_code == 4
    assert "these are the results of search/linear" in result.stderr
    assert "move the folder to where search/linear belongs" in command("check", "linear").stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"3"', "got '3' (text). Remove the quotes"),
        ("1_000", "got '1_000' (text). Write 1000"),
        ('"1_000"', "got '1_000' (text). Write 1000"),
        ('"1e3"', "got '1e3' (text)"),
        ('"\uff13"', "got '\uff13' (text). Write 3"),
        ("three", "got 'three' (text)"),
    ],
)
def test_hints_on_numbers_are_true(text: str, message: str) -> None:
    (found,) = refused(changed("trials: 3", f"trials: {text}"))
    assert found.endswith(message)
    (found,) = refused(overrides={"trials": text.strip('"')})
    assert found.endswith(message)
    if ". Write" in message:
        assert small({"trials": int(message.split()[-1])}).data["trials"] in (3, 1000)


@pytest.mark.parametrize("place", ["", "~nobody-of-this-name/x"])
@pytest.mark.parametrize(
    "words",
    [("run", "linear", "--results"), ("run", "linear", "--config"), ("run", "--from"), ("data", "path"), ("init",)],
)
def test_paths_that_are_none_are_refused(command: Command, workplace: Path, words: tuple[str, ...], place: str) -> None:
    words = (*words, "--data-dir") if words[0] == "data" else words
    result = command(*words, place)
    assert result.exit_code == 2
    assert (
        "expected a path, got ''" if not place else "no home folder is known for ~nobody-of-this-name"
    ) in result.stderr
    assert {path.name for path in workplace.iterdir()} == {"configs"}
    if words[0] == "run":
        for option in ("results", "config"):
            with pytest.raises(ConfigError, match=option):
                fa_repro.run("linear", **{option: place})


def test_a_tilde_is_the_home_folder(command: Command, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = workplace / "home"
    shutil.copytree("configs", home / "configs")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("FA_REPRO_DATA", "~/data")
    monkeypatch.setenv("FA_REPRO_CACHE", "~/cache")
    words = ("--set", "trials=1", "--only", "backprop")
    assert command("run", "linear", *words, "--results", "~/x", "--config", "~/configs/linear.yaml").exit_code == 0
    assert fa_repro.run(
        "linear", {"trials": 1}, only="backprop", results="~/x", config=Path("~/configs/linear.yaml")
    ).cached
    assert len(fa_repro.load("linear", "~/x").table)
    assert "created with" in next(each.status for each in fa_repro.list("~/x") if each.name == "linear")
    assert command("run", "--from", "~/x/linear").exit_code == 0
    assert command("init", "~/new").exit_code == 0
    assert mnist.given() == home / "data"
    assert mnist.cache() == home / "cache/mnist"
    assert {path.name for path in home.iterdir()} == {"configs", "x", "new"}
    assert not (workplace / "~").exists()


def test_data_path_says_that_a_folder_is_not_used(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FA_REPRO_CACHE", "cache")
    monkeypatch.setenv("FA_REPRO_DATA", "")
    result = command("data", "path", "--data-dir", "/none")
    assert result.stdout.endswith("cache/mnist\n")
    assert result.stderr.startswith("WARNING: the folder /none (--data-dir or FA_REPRO_DATA): ")
    assert result.stderr.endswith("it is not used\n")


@pytest.mark.parametrize(
    ("word", "offline"), [("false", False), ("OFF", False), ("no", False), (" yes", True), ("on", True)]
)
def test_words_for_yes_and_no(monkeypatch: pytest.MonkeyPatch, word: str, offline: bool) -> None:
    monkeypatch.setenv("FA_REPRO_OFFLINE", word)
    assert mnist.offline() == offline


def test_other_words_are_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FA_REPRO_OFFLINE", "maybe")
    result = command("data", "fetch")
    assert result.exit_code == 2
    assert "FA_REPRO_OFFLINE: expected 1, true, yes or on, or 0, false, no or off, got 'maybe'" in result.stderr


def test_a_script_without_guard_says_what_to_add(workplace: Path) -> None:
    """On Dask; `tests/execution/test_processes.py` does so in processes of our own."""
    pytest.importorskip("distributed")
    (workplace / "script.py").write_text("import fa_repro\nfa_repro.run('linear', jobs=2, executor='dask')\n")
    done = subprocess.run(
        [sys.executable, "script.py"], env=environment(), capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("fa_repro.errors.FaReproError: no worker process could start. ")
    assert '`if __name__ == "__main__":`' in last
    assert done.stderr.count("Traceback") == 1


def test_states_count_in_words_that_are_true(command: Command, made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    for failed, text in ((1, "failed (1 run)"), (2, "failed (2 runs)")):
        (made / "manifest.json").write_text(json.dumps({**manifest, "failed": [{}] * failed}))
        assert text in command("list").stdout
    note = {"schema": 1, "command": "fa-repro run linear", "total": 2, "missing": ["ab"]}
    paths.in_progress_file(made.parent, "linear").parent.mkdir(parents=True, exist_ok=True)
    paths.in_progress_file(made.parent, "linear").write_text(json.dumps(note))
    paths.failure_file(made.parent, "ab").parent.mkdir(exist_ok=True)
    paths.failure_file(made.parent, "ab").write_text("{}")
    assert "failed (1 run), partial" in command("list").stdout


def test_a_dry_run_lists_values_as_given(command: Command) -> None:
    words = ("--sweep", f"{RATE}=0.3,0.1,0.2", "--sweep", "seed=2,1", "--dry-run")
    lines = [line.strip() for line in command("run", "linear", *words).stdout.splitlines()]
    (line,) = [line for line in lines if line.startswith(f"{RATE}: ")]
    assert line.startswith(f"{RATE}: 0.3, 0.1, 0.2")
    assert "seed: 2, 1 (2 values)" in lines


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"sweep": {"task.name": ["nonlinear"]}}, "--sweep task.name: sweep: task: hidden: missing"),
        ({"overrides": {"task.name": "nonlinear"}}, "--set task.name='nonlinear': task: hidden: missing"),
        (
            {"sweep": {"algorithms.backprop.rule": ["node_perturbation"]}},
            "rule: sweep: algorithms.backprop: noise_std: mis",
        ),
        ({}, "a.yaml:4: task: hidden: missing"),
    ],
)
def test_a_missing_key_is_told_where_it_is_needed(options: dict[str, Any], place: str) -> None:
    text = SMALL if options else changed("{name: linear, inputs", "{name: nonlinear, inputs")
    assert any(place in problem for problem in refused(text, **options)), refused(text, **options)


def test_a_second_init_says_that_nothing_is_missing(command: Command) -> None:
    assert command("init", "new").exit_code == 0
    again = command("init", "new")
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr == "nothing to write: new/configs has all shipped configs\n"


@pytest.mark.parametrize(
    "ranges",
    [
        {"task.target_range": 0},
        {"task.target_range": 1e-200},
        {"task.target_range": [0, 0, 1]},
        {"task.target_range": [1, 0, 1], "task.target_bias_range": [1, 0, 0]},
        {"task.target_range": 0, "task.target_bias_range": 1e-300},
    ],
)
def test_a_target_of_zero_is_refused(ranges: dict[str, Any]) -> None:
    task = {"name": "nonlinear", "inputs": 6, "hidden": [4, 4], "outputs": 3, "target_range": 1.0}
    assert small({"task": task}).conditions
    (problem,) = refused(overrides={"task": task, **ranges})
    assert "the target is 0 everywhere, or nearly" in problem
