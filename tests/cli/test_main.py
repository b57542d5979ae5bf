"""The command line: what it prints, its exit codes, and what it leaves behind."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import Result

from tests.support.configs import SMALL
from tests.support.environment import environment
from tests.support.files import contents

Command = Callable[..., Result]


@pytest.mark.renders
def test_run_prints_the_picture_and_reuses_runs(command: Command, workplace: Path) -> None:
    first = command("run", "linear")
    assert first.exit_code == 0
    assert first.stdout == "results/linear/linear.png\n"
    assert "trained 12 runs, 0 cached" in first.stderr
    assert Path("results/linear/linear.png").read_bytes().startswith(b"\x89PNG")
    second = command("run", "linear")
    assert second.exit_code == 0
    assert "nothing to train, all 12 runs are cached" in second.stderr


def test_quiet_says_only_where_the_picture_is(command: Command) -> None:
    result = command("run", "linear", "-q")
    assert (result.exit_code, result.stderr) == (0, "")


def test_verbose_says_what_is_trained(command: Command) -> None:
    assert "training 3 runs of backprop together" in command("run", "linear", "-v").stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["run", "lineer"], 2, "error: unknown figure 'lineer'. Did you mean linear? Known: "),
        (["run", "../linear"], 2, "unknown figure '../linear'"),
        (["run", "linear", "--set", "trials"], 2, "expected KEY=VALUE, got 'trials'"),
        (["run", "linear", "--set", "trials=[1"], 2, "error: --set trials=[1: not valid YAML: "),
        (["run", "linear", "--set", "task={a: 1, a: 2}"], 2, "error: --set task={a: 1, a: 2}: a: repeated key"),
        (["run", "linear", "--set", "trails=1"], 2, "trails: unknown key. Did you mean trials?"),
        (["run", "linear", "--set", "algorithms.backprop.learning_rate=.nan"], 2, "expected a finite number, got nan"),
        (["run", "linear", "--set", "algorithms.backprop.learning_rate=-1"], 2, "expected a number above 0, got -1"),
        (["run", "linear", "--sweep", "seed"], 2, "expected KEY=V1,V2,..., got 'seed'"),
        (["run", "linear", "--sweep", "sede=1,2"], 2, "sede: unknown key. Did you mean seed?"),
        (["run", "linear", "--only", "backprp"], 2, "no such algorithm. Did you mean backprop? Known: "),
        (["run", "linear", "--config", "no.yaml"], 2, "error: no.yaml: cannot be read: No such file or directory"),
        (["run", "linear", "--config", "."], 2, "error: .: cannot be read: expected a regular file, found a folder"),
        (["run", "linear", "--config", "latin.yaml"], 2, "error: latin.yaml:1: not UTF-8"),
        (
            ["run", "nse", "--config", "configs/linear.yaml"],
            2,
            "configs/linear.yaml: figure: this config draws 'linear', not",
        ),
        (["run", "linear", "nse", "--config", "configs/linear.yaml"], 2, "can only be used with a single FIGURE"),
        (["run", "linear", "--results", "configs/linear.yaml"], 4, "cannot write to configs/linear.yaml/runs: Not a"),
        (
            ["run", "linear", "--results", "configs/linear.yaml/x"],
            4,
            "cannot write to configs/linear.yaml/x/runs: Not a",
        ),
        (["run"], 2, "Missing argument"),
        (["plot", "linear"], 4, "error: there are no results in results/linear. Run: fa-repro run linear"),
        (["plot", "linear", "--results", "x"], 4, "Run: fa-repro run linear --results x"),
        (["plot", "lineer"], 2, "Did you mean linear?"),
        (["plot", "../configs"], 2, "unknown figure '../configs'"),
        (["config", "lineer"], 2, "Did you mean linear?"),
        (["rum"], 2, "No such command 'rum'"),
    ],
)
def test_user_error_gives_message_and_exit_code(
    command: Command, workplace: Path, words: list[str], code: int, message: str
) -> None:
    (workplace / "latin.yaml").write_bytes("# \xe4".encode("latin-1"))
    result = command(*words)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not (workplace / "results/linear").exists()


@pytest.mark.parametrize(
    "change", ["algorithms.backprop.learning_rate=-1", "sed=1", "network.hidden=[]", "task.name=x"]
)
def test_user_error_leaves_results_untouched(command: Command, workplace: Path, change: str) -> None:
    command("run", "linear")
    before = {path: path.read_bytes() for path in (workplace / "results").rglob("*") if path.is_file()}
    assert command("run", "linear", "--set", change, "--force").exit_code == 2
    assert {path: path.read_bytes() for path in (workplace / "results").rglob("*") if path.is_file()} == before


def test_all_figures_are_checked_before_training(command: Command, workplace: Path) -> None:
    (workplace / "configs/nse.yaml").write_text(SMALL.replace("figure: linear", "figure: nse\nx: 1"))
    result = command("run", "linear", "nse")
    assert result.exit_code == 2
    assert "configs/nse.yaml:2: x: unknown key" in result.stderr
    assert not (workplace / "results").exists()


@pytest.mark.parametrize("name", ["linear", "nse", "angle"])
def test_tables_have_their_columns_and_order(command: Command, name: str) -> None:
    changes = ["training.examples=30", "trials=2", "record.probes=[nse,angle_backprop_deg,angle_pseudobackprop_deg]"]
    sweep = [] if name == "linear" else ["--sweep", "network.init_range=0.2,0.1"]
    words = [word for change in changes for word in ("--set", change)]
    if name != "linear":
        Path(f"configs/{name}.yaml").write_text(SMALL.replace("figure: linear", f"figure: {name}"))
    result = command("run", name, *words, *sweep)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(f"results/{name}/{name}.csv")
    angles = ["angle_backprop_deg", "angle_pseudobackprop_deg"]
    values = angles if name == "angle" else ["nse"]
    axes = ["network.init_range"] if sweep else []
    assert list(table.columns) == ["algorithm", "trial", "example", *values, *axes]
    keys = ["algorithm", "trial", "example", *axes]
    assert table.equals(table.sort_values(keys, kind="stable", ignore_index=True))
    assert not table.duplicated(keys).any()
    assert len(table) == 4 * 2 * 30 * max(1, 2 * len(axes))


def test_only_trains_and_draws_some_algorithms(command: Command) -> None:
    result = command("run", "linear", "--only", "backprop", "--only", "shallow")
    assert "trained 6 runs" in result.stderr
    assert set(pd.read_csv("results/linear/linear.csv")["algorithm"]) == {"backprop", "shallow"}


def test_dry_run_explains_and_writes_nothing(command: Command, workplace: Path) -> None:
    fresh = command("run", "linear", "--dry-run")
    assert fresh.exit_code == 0
    assert "linear: 12 runs, 12 to train" in fresh.stdout
    assert "why: never run" in fresh.stdout
    assert not (workplace / "results").exists()
    command("run", "linear")
    assert "12 runs, 0 to train" in command("run", "linear", "--dry-run").stdout
    changed = command("run", "linear", "--dry-run", "--set", "algorithms.backprop.learning_rate=0.02").stdout
    assert "backprop: 0 cached, 3 to train" in changed
    assert "shallow: 3 cached, 0 to train" in changed
    assert "algorithms.backprop.learning_rate is 0.02 now, but 0.01 in results/linear" in changed


def test_forced_dry_run_retrains_everything(command: Command) -> None:
    command("run", "linear")
    assert "12 runs, 12 to train" in command("run", "linear", "--dry-run", "--force").stdout


def test_failed_run_is_reported_others_finish(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from fa_repro.rules.backprop import Backprop

    def no_memory(*_: Any) -> None:
        raise MemoryError("not enough")

    monkeypatch.setattr(Backprop, "init", no_memory)
    result = command("run", "linear", "--set", "record.probes=[nse]")
    assert result.exit_code == 1
    assert "error: backprop, 3 of 3 trials (0, 1, 2) failed: MemoryError: not enough" in result.stderr
    assert set(pd.read_csv("results/linear/linear.csv")["algorithm"]) == {
        "shallow",
        "reinforcement",
        "feedback_alignment",
    }
    assert "failed (3 runs)" in command("list").stdout
    monkeypatch.undo()


def test_results_stay_when_every_run_fails(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command("run", "linear")
    before = contents(Path("results/linear"))
    monkeypatch.setattr("fa_repro.training.trainer.train", lambda *_: 1 / 0)
    result = command("run", "linear", "--set", "seed=1")
    assert result.exit_code == 1
    assert "every run failed; nothing was written. First failure: ZeroDivisionError" in result.stderr
    assert contents(Path("results/linear")) == before


def test_plot_needs_only_the_table(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command("run", "linear")
    before = contents(Path("results/linear"))
    monkeypatch.setattr("fa_repro.training.trainer.train", lambda *_: 1 / 0)
    for path in Path("results/runs").rglob("*.npz"):
        path.unlink()
    result = command("plot", "linear")
    assert (result.exit_code, result.stdout) == (0, "results/linear/linear.png\n")
    assert contents(Path("results/linear")) == before


def test_config_prints_what_runs_again(command: Command) -> None:
    printed = command("config", "linear", "--set", "trials=2", "--only", "backprop").stdout
    Path("again.yaml").write_text(printed)
    assert command("config", "linear", "--config", "again.yaml").stdout == printed
    assert "weight_decay: 0.0" in printed


def test_list_shows_the_state_of_every_figure(command: Command, workplace: Path) -> None:
    def state() -> str:
        (line,) = (line for line in command("list").stdout.splitlines() if line.startswith("linear "))
        return line

    assert "not run" in state()
    assert "Fig. 1d" in state()
    command("run", "linear")
    assert "done" in state()
    command("run", "linear", "--set", "trials=2")
    assert "created with --set trials=2" in state()
    command("run", "linear")
    path = workplace / "configs/linear.yaml"
    path.write_text("# a comment changes nothing\n" + SMALL)
    assert "done" in state()
    path.write_text(SMALL.replace("seed: 0", "seed: 1"))
    assert "stale: the config has changed since" in state()
    path.write_text("figure: lineer")
    assert "config not valid: unknown figure 'lineer'. Did you mean linear?" in state()
    path.write_text(SMALL.replace("seed: 0", "sed: 0"))
    assert "config not valid: configs/linear.yaml:2: sed: unknown key" in state()


def test_users_config_is_its_own_figure(command: Command, workplace: Path) -> None:
    (workplace / "configs/mine.yaml").write_text(SMALL)
    assert command("run", "mine").stdout == "results/mine/mine.png\n"
    assert (workplace / "results/mine/mine.csv").exists()
    assert "mine " in command("list").stdout
    (workplace / "configs/folder.yaml").mkdir()
    assert "folder" not in command("list").stdout


@pytest.mark.parametrize("name", ["maps", "online", "linear_maps"])
def test_config_may_be_named_like_an_extra_table(command: Command, workplace: Path, name: str) -> None:
    (workplace / f"configs/{name}.yaml").write_text(SMALL)
    assert command("run", name).exit_code == 0
    assert list(pd.read_csv(f"results/{name}/{name}.csv").columns) == ["algorithm", "trial", "example", "nse"]
    assert command("plot", name).exit_code == 0


@pytest.mark.parametrize("name", ["NA", "null", "nan", "inf", "a-b_c1"])
def test_an_algorithm_may_have_any_name(command: Command, workplace: Path, name: str) -> None:
    (workplace / "configs/mine.yaml").write_text(SMALL.replace("  backprop:", f"  {name}:"))
    assert command("run", "mine", "--only", name).exit_code == 0
    before = contents(workplace / "results/mine")
    assert command("plot", "mine").exit_code == 0
    assert contents(workplace / "results/mine") == before


def test_init_never_overwrites_a_changed_config(command: Command, workplace: Path) -> None:
    result = command("init")
    assert result.exit_code == 0
    assert "not overwritten: configs/linear.yaml" in result.stderr
    assert (workplace / "configs/linear.yaml").read_text() == SMALL
    assert (workplace / "configs/nse.yaml").exists()
    assert command("init", "elsewhere").exit_code == 0
    assert "examples: 2000" in (workplace / "elsewhere/configs/linear.yaml").read_text()
    assert command("init", "elsewhere").output == "nothing to write: elsewhere/configs has all shipped configs\n"


# ---- as a process ----


@pytest.mark.parametrize("words", [["--help"], ["list"], ["--version"], ["run", "--help"]])
def test_quick_commands_import_nothing_heavy(words: list[str], workplace: Path) -> None:
    code = (
        "import sys\nfrom fa_repro.cli.main import command_line\n"
        "try: command_line()\nexcept SystemExit: pass\n"
        "heavy = {'matplotlib', 'pandas', 'numpy', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
