"""The command line: what it prints, its exit codes, and what it leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import Result

import fa_repro
from tests.conftest import SMALL
from tests.test_storage import contents

Command = Callable[..., Result]


def test_run_says_where_the_picture_is_and_finds_its_runs_again(command: Command, workplace: Path) -> None:
    first = command("run", "linear")
    assert first.exit_code == 0
    assert first.stdout == "results/linear/linear.png\n"
    assert "trained 12 runs, found 0" in first.stderr
    assert Path("results/linear/linear.png").read_bytes().startswith(b"\x89PNG")
    second = command("run", "linear")
    assert second.exit_code == 0
    assert "nothing to train, all 12 runs were there already" in second.stderr


def test_quiet_says_only_where_the_picture_is(command: Command) -> None:
    result = command("run", "linear", "-q")
    assert (result.exit_code, result.stderr) == (0, "")


def test_verbose_says_what_is_trained(command: Command) -> None:
    assert "training 3 runs of backprop together" in command("run", "linear", "-v").stderr


def test_output_that_is_no_terminal_holds_no_control_codes(command: Command) -> None:
    result = command("run", "linear")
    assert all(character == "\n" or character.isprintable() for character in result.output)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["run", "lineer"], 2, "error: unknown figure 'lineer'. Did you mean linear? Known: "),
        (["run", "../linear"], 2, "unknown figure '../linear'"),
        (["run", "linear", "--set", "trials"], 2, "expected KEY=VALUE, got 'trials'"),
        (["run", "linear", "--set", "trials=[1"], 2, "--set trials=[1"),
        (["run", "linear", "--set", "trails=1"], 2, "trails: unknown key. Did you mean trials?"),
        (["run", "linear", "--set", "algorithms.backprop.learning_rate=.nan"], 2, "expected a finite number, got nan"),
        (["run", "linear", "--set", "algorithms.backprop.learning_rate=-1"], 2, "expected a number above 0, got -1"),
        (["run", "linear", "--sweep", "seed"], 2, "expected KEY=V1,V2,..., got 'seed'"),
        (["run", "linear", "--sweep", "sede=1,2"], 2, "sede: unknown key. Did you mean seed?"),
        (["run", "linear", "--only", "backprp"], 2, "--only backprp: no such algorithm. Did you mean backprop?"),
        (["run", "linear", "--config", "no.yaml"], 2, "error: no.yaml: cannot be read: No such file or directory"),
        (["run", "linear", "--config", "."], 2, "error: .: cannot be read: Is a directory"),
        (["run", "linear", "--config", "latin.yaml"], 2, "error: latin.yaml:1: not UTF-8"),
        (["run", "nse", "--config", "configs/linear.yaml"], 2, "configs/linear.yaml: figure: this draws 'linear', not"),
        (["run", "linear", "nse", "--config", "configs/linear.yaml"], 2, "--config goes with one FIGURE"),
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
def test_a_mistake_ends_with_one_message_and_its_exit_code(
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
def test_a_mistake_leaves_earlier_results_untouched(command: Command, workplace: Path, change: str) -> None:
    command("run", "linear")
    before = {path: path.read_bytes() for path in (workplace / "results").rglob("*") if path.is_file()}
    assert command("run", "linear", "--set", change, "--force").exit_code == 2
    assert {path: path.read_bytes() for path in (workplace / "results").rglob("*") if path.is_file()} == before


def test_mistakes_in_any_figure_are_told_before_the_first_is_trained(command: Command, workplace: Path) -> None:
    (workplace / "configs/nse.yaml").write_text(SMALL.replace("figure: linear", "figure: nse\nx: 1"))
    result = command("run", "linear", "nse")
    assert result.exit_code == 2
    assert "configs/nse.yaml:2: x: unknown key" in result.stderr
    assert not (workplace / "results").exists()


@pytest.mark.parametrize("name", ["linear", "nse", "angle"])
def test_tables_have_the_contracts_columns_sorted_by_their_keys(command: Command, name: str) -> None:
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


def test_a_dry_run_tells_what_and_why_and_writes_nothing(command: Command, workplace: Path) -> None:
    fresh = command("run", "linear", "--dry-run")
    assert fresh.exit_code == 0
    assert "linear: 12 runs, 12 to train" in fresh.stdout
    assert "why: never run" in fresh.stdout
    assert not (workplace / "results").exists()
    command("run", "linear")
    assert "12 runs, 0 to train" in command("run", "linear", "--dry-run").stdout
    changed = command("run", "linear", "--dry-run", "--set", "algorithms.backprop.learning_rate=0.02").stdout
    assert "backprop: 0 there already, 3 to train" in changed
    assert "shallow: 3 there already, 0 to train" in changed
    assert "algorithms.backprop.learning_rate is 0.02, the results in results/linear have 0.01" in changed


def test_a_forced_dry_run_trains_everything_again(command: Command) -> None:
    command("run", "linear")
    assert "12 runs, 12 to train" in command("run", "linear", "--dry-run", "--force").stdout


def test_divergence_before_any_update_blames_the_start(command: Command) -> None:
    result = command("run", "linear", "--set", "network.init_range=1e100", "--only", "backprop")
    assert result.exit_code == 1
    assert (
        "diverged from example 0 on (the output is not finite). Lower network.init_range (now 1e+100)." in result.stderr
    )


def test_a_diverging_rate_is_told_and_drawn_while_the_others_finish(command: Command) -> None:
    words = ["--set", "algorithms.backprop.learning_rate=0.9", "--set", "training.examples=300"]
    result = command("run", "linear", *words)
    assert result.exit_code == 1
    told = "error: backprop, 3 of 3 trials (0, 1, 2) diverged from example"
    assert [line.startswith(told) for line in result.stderr.splitlines()] == [False, True]
    assert "(the output is not finite). Lower algorithms.backprop.learning_rate (now 0.9)." in result.stderr
    one = command("run", "linear", *words, "--set", "trials=1", "--results", "one").stderr
    assert "error: backprop, trial 0 diverged at example" in one
    table = pd.read_csv("results/linear/linear.csv")
    lost = table.groupby("algorithm")["nse"].apply(lambda nse: (nse == float("inf")).any())
    assert lost.to_dict() == {
        "backprop": True,
        "feedback_alignment": False,
        "reinforcement": False,
        "shallow": False,
    }
    manifest = json.loads(Path("results/linear/manifest.json").read_text())
    assert [each["trial"] for each in manifest["diverged"]] == [0, 1, 2]
    assert "diverged (3 runs)" in command("list").stdout
    again = command("run", "linear", *words)
    assert again.exit_code == 1  # remembered, and not taken for a success
    assert "nothing to train" in again.stderr
    assert "diverged from example" in again.stderr
    assert command("run", "linear").exit_code == 0


def test_a_run_that_fails_is_told_while_the_others_finish(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_when_every_run_fails_earlier_results_stay(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command("run", "linear")
    before = contents(Path("results/linear"))
    monkeypatch.setattr("fa_repro.trainer.train", lambda *_: 1 / 0)
    result = command("run", "linear", "--set", "seed=1")
    assert result.exit_code == 1
    assert "every run failed, nothing was written. The first: ZeroDivisionError" in result.stderr
    assert contents(Path("results/linear")) == before


def test_plot_draws_the_same_picture_from_the_table_alone(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command("run", "linear")
    before = contents(Path("results/linear"))
    monkeypatch.setattr("fa_repro.trainer.train", lambda *_: 1 / 0)
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
    assert "made with --set trials=2" in state()
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


def test_a_persons_own_config_is_a_figure_of_its_own(command: Command, workplace: Path) -> None:
    (workplace / "configs/mine.yaml").write_text(SMALL)
    assert command("run", "mine").stdout == "results/mine/mine.png\n"
    assert (workplace / "results/mine/mine.csv").exists()
    assert "mine " in command("list").stdout
    (workplace / "configs/folder.yaml").mkdir()
    assert "folder" not in command("list").stdout


@pytest.mark.parametrize("name", ["maps", "online", "linear_maps"])
def test_a_config_may_be_called_like_a_further_table(command: Command, workplace: Path, name: str) -> None:
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


def test_init_copies_the_configs_and_never_over_a_changed_one(command: Command, workplace: Path) -> None:
    result = command("init")
    assert result.exit_code == 0
    assert "kept as it is: configs/linear.yaml" in result.stderr
    assert (workplace / "configs/linear.yaml").read_text() == SMALL
    assert (workplace / "configs/nse.yaml").exists()
    assert command("init", "elsewhere").exit_code == 0
    assert "examples: 2000" in (workplace / "elsewhere/configs/linear.yaml").read_text()
    assert command("init", "elsewhere").output == ""


def test_a_results_folder_may_have_any_name(command: Command) -> None:
    result = command("run", "linear", "--results", "my results/Übung")
    assert (result.exit_code, result.stdout) == (0, "my results/Übung/linear/linear.png\n")


# ---- as a process ----


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(fa_repro.__file__).parents[1]), "PYTHONWARNINGS": "error"}


def process(*words: str, **options: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "fa_repro", *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), **options
    )


def test_a_config_may_come_through_a_pipe_and_the_environment_may_ask_for_any_backend(workplace: Path) -> None:
    os.mkfifo("pipe")
    variables = {**environment(), "MPLBACKEND": "module://not_installed"}
    command = [sys.executable, "-m", "fa_repro", "run", "linear", "--config", "pipe"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=variables)
    Path("pipe").write_text(SMALL)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 0, told


@pytest.mark.parametrize("words", [["--help"], ["list"], ["--version"], ["run", "--help"]])
def test_quick_commands_import_nothing_heavy(words: list[str], workplace: Path) -> None:
    code = (
        "import sys\nfrom fa_repro.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'matplotlib', 'pandas', 'numpy', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_interrupt_ends_with_130_and_the_same_command_goes_on(workplace: Path) -> None:
    words = ("run", "linear", "--set", "training.examples=30000", "--set", "record.grid=linear")
    # A process whose parents ignore interrupts, as those of a shell's background job do, inherits that.
    running = process(*words, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    stored = workplace / "results/runs"
    deadline = time.monotonic() + 60
    while not list(stored.glob("??/*/manifest.json")) and time.monotonic() < deadline:
        time.sleep(0.005)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130, told
    assert "interrupted. The same command goes on from here" in told
    assert "Traceback" not in told
    finished = len(list(stored.glob("??/*/manifest.json")))
    assert 0 < finished < 12
    again = process(*words)
    _, told = again.communicate(timeout=120)
    assert again.returncode == 0, told
    assert f"found {finished}" in told


def test_a_killed_run_leaves_nothing_half_and_its_rerun_gives_the_same_bytes(workplace: Path) -> None:
    words = ("run", "linear", "--set", "training.examples=5000", "--set", "record.grid=linear")
    whole = process(*words, "--results", "whole")
    assert whole.wait(timeout=120) == 0
    whole.communicate()
    for wait in (0.6, 0.9, 1.2, 1.5):
        running = process(*words)
        time.sleep(wait)
        running.kill()
        running.communicate()
    last = process(*words)
    _, told = last.communicate(timeout=120)
    assert last.returncode == 0, told
    assert contents(workplace / "results/linear") == contents(workplace / "whole/linear")
    assert not list((workplace / "results").rglob(".tmp-*"))


def test_two_identical_commands_at_once_agree(workplace: Path) -> None:
    both = [process("run", "linear") for _ in range(2)]
    for running in both:
        _, told = running.communicate(timeout=120)
        assert running.returncode == 0, told
    assert len(list((workplace / "results/runs").glob("??/*/manifest.json"))) == 12
    alone = process("run", "linear", "--results", "alone")
    alone.communicate(timeout=120)
    assert contents(workplace / "results/linear") == contents(workplace / "alone/linear")


@pytest.mark.slow
def test_a_hundred_kills_at_random_times_lose_nothing(workplace: Path) -> None:
    """Fault 1: no partial run is visible, the last CSV is that of an undisturbed run, nothing is trained twice."""
    words = ("run", "linear", "--set", "training.examples=20000", "--set", "record.grid=linear")
    whole = process(*words, "--results", "whole")
    assert whole.wait(timeout=120) == 0
    whole.communicate()
    random, seen = np.random.default_rng(0), {}
    for _ in range(100):
        running = process(*words)
        time.sleep(random.uniform(0.05, 1.5))
        running.kill()
        running.communicate()
        for path in (workplace / "results/runs").glob("??/*/manifest.json"):
            assert seen.setdefault(path, path.stat().st_mtime_ns) == path.stat().st_mtime_ns
    last = process(*words)
    _, told = last.communicate(timeout=120)
    assert last.returncode == 0, told
    assert contents(workplace / "results/linear") == contents(workplace / "whole/linear")
    assert not list((workplace / "results").rglob(".tmp-*"))
