"""Fault 19: a variant (`--set`, `--sweep`, `--only`, `--quick`) where the plain figure's results are.

Promised: told what was replaced and how to get it back without training; `--name` keeps both.
"""

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

import fa_repro
from fa_repro.errors import ConfigError
from tests.support.configs import SMALL
from tests.support.files import contents

Command = Callable[..., Result]

LOST = (
    "INFO: linear: replaced results of another config. To get them back, which trains nothing, run: {}. To keep both, "
)


@pytest.mark.parametrize(
    "options",
    [
        ("--set", "trials=2"),
        ("--sweep", "network.init_range=0.1,0.2"),
        ("--only", "backprop"),
        ("--quick", "--set", "training.examples=20"),
        ("--set", "seed=1"),
    ],
)
def test_what_is_replaced_comes_back_untrained(command: Command, workplace: Path, options: tuple[str, ...]) -> None:
    assert "replaced" not in command("run", "linear").stderr
    before = contents(workplace / "results/linear")
    told = command("run", "linear", *options).stderr
    assert LOST.format("fa-repro run linear") + "add --name NAME" in told
    variant = contents(workplace / "results/linear")
    for results in (before, variant):
        (line,) = (each for each in told.splitlines() if "replaced" in each)
        done = command(*shlex.split(line.partition("run: fa-repro ")[2].partition(". To keep")[0]))
        told = done.stderr
        assert "nothing to train" in told
        assert contents(workplace / "results/linear") == results
    assert "replaced" not in command("run", "linear", *options).stderr


def test_the_way_back_is_true_when_runs_are_gone(command: Command, workplace: Path) -> None:
    command("run", "linear")
    shutil.rmtree(workplace / "results/runs")
    told = command("run", "linear", "--set", "seed=1").stderr
    assert "To get them back, run: fa-repro run linear. To keep both" in told


def test_the_way_back_names_the_folder_of_now(command: Command, workplace: Path) -> None:
    command("run", "linear")
    (workplace / "results").rename(workplace / "old")
    told = command("run", "linear", "--set", "seed=1", "--results", "old").stderr
    assert "run: fa-repro run linear --results old. To keep both" in told


def test_another_config_file_needs_no_undoing(command: Command, workplace: Path) -> None:
    (workplace / "mine.yml").write_text(SMALL.replace("trials: 3", "trials: 2"))
    command("run", "linear")
    told = command("run", "linear", "--config", "mine.yml").stderr
    assert "which trains nothing, run: fa-repro run linear. To keep both" in told
    assert "stale" not in command("list").stdout
    told = command("run", "linear").stderr
    assert "which trains nothing, run: fa-repro run linear --config mine.yml. To keep both" in told


def test_a_replaced_variant_needs_another_name(command: Command) -> None:
    command("run", "linear", "--name", "one")
    told = command("run", "linear", "--name", "one", "--set", "seed=1").stderr
    assert "run: fa-repro run linear --name one. To keep both, use another --name" in told


def test_after_an_edit_the_way_back_is_to_undo_it(command: Command, workplace: Path) -> None:
    command("run", "linear")
    (workplace / "configs/linear.yaml").write_text(SMALL.replace("trials: 3", "trials: 2"))
    told = command("run", "linear").stderr
    assert "replaced results of another config. To get them back, which trains nothing, undo the edit" in told


def test_a_name_keeps_both(command: Command, workplace: Path) -> None:
    command("run", "linear")
    before = contents(workplace / "results/linear")
    done = command("run", "linear", "--set", "trials=5", "--name", "more")
    assert done.stdout == "results/more/more.png\n"
    assert done.stderr.startswith("more: trained 8 runs, 12 cached")
    assert contents(workplace / "results/linear") == before
    names = {"more.csv", "more.png", "more_maps.csv", "config.yaml", "manifest.json"}
    assert {path.name for path in (workplace / "results/more").iterdir()} == names
    assert command("run", "linear", "--set", "trials=5", "--name", "more").stderr.startswith("more: nothing to train")


def test_a_variant_is_known_to_every_command(
    command: Command, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    command("run", "linear", "--set", "trials=5", "--name", "more")
    line = command("list").stdout.splitlines()[-1]
    assert line.startswith("more ")
    assert "created with --set trials=5" in line
    assert "variant of linear: Fig. 1d" in line
    assert command("plot", "more").stdout == "results/more/more.png\n"
    checked = command("check", "more")
    assert "\nmore (created with --set trials=5" in checked.stdout
    (about,) = json.loads(command("check", "more", "--json").stdout)["figures"]
    assert (about["figure"], about["variant_of"]) == ("more", "linear")
    assert "more" not in command("check").stdout.splitlines()[-1]
    command("report")
    page = (workplace / "results/report.html").read_text()
    assert "Fig. 1d, variant more: " in page
    assert "Variants, not counted below" in page
    assert "All 64 claims" in page
    assert fa_repro.load("more").manifest["config_name"] == "linear"
    assert "variant" not in command("list", "--results", "elsewhere").stdout


def test_a_damaged_variant_says_how_to_make_it_again(command: Command, workplace: Path) -> None:
    command("run", "linear", "--set", "trials=1", "--name", "one")
    (workplace / "results/one/one.csv").write_text("")
    done = command("check", "one")
    assert done.exit_code == 4
    assert "Run: fa-repro run linear --set trials=1 --name one" in done.stderr


def test_a_variant_without_manifest_is_told(command: Command, workplace: Path) -> None:
    command("run", "linear", "--set", "trials=1", "--name", "one")
    (workplace / "results/one/manifest.json").write_text("broken")
    assert command("list").stdout.splitlines()[-1].startswith("one ")
    assert "not valid: manifest.json" in command("list").stdout
    done = command("check", "one")
    assert done.exit_code == 4
    assert "Run: fa-repro run linear --config results/one/config.yaml --name one" in done.stderr
    assert command("run", "linear", "--config", "results/one/config.yaml", "--name", "one").exit_code == 0
    assert command("check").exit_code == 0


def test_a_folder_in_place_of_a_figure_is_no_variant(command: Command, workplace: Path) -> None:
    command("run", "linear")
    (workplace / "results/linear").rename(workplace / "results/nse")
    assert [line.split()[0] for line in command("list").stdout.splitlines()].count("nse") == 1
    assert command("check").stdout.splitlines()[-1].startswith("64 claims: ")


def test_a_variant_is_reproduced(command: Command) -> None:
    command("run", "linear", "--set", "trials=1", "--name", "one")
    done = command("run", "--from", "results/one")
    assert done.exit_code == 0
    assert "same bytes: one.csv" in done.stdout
    manifest = json.loads(Path("results/one/manifest.json").read_bytes())
    assert manifest["command"] == "fa-repro run linear --set trials=1 --name one"


def test_a_variant_from_python(workplace: Path) -> None:
    result = fa_repro.run("linear", {"trials": 1}, variant="one")
    assert result.directory == Path("results/one")
    assert not Path("results/linear").exists()
    with pytest.raises(ConfigError, match="--name nse: a config has this name"):
        fa_repro.run("linear", variant="nse")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *((name, "a config has this name") for name in ("linear", "mnist", "Linear", "search", "extra")),
        *((name, "this name is reserved") for name in ("runs", "RUNS", "gallery", "all", "damaged", "con")),
        *((name, "a name has letters, digits, _ and -") for name in ("", "../a", "a b", ".a", "-a", "a.b", "ä", "a\0")),
        ("a/b", "a name of results has no folder"),
        ("a" * 101, "a name has at most 100 characters"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(command: Command, name: str, why: str) -> None:
    done = command("run", "linear", f"--name={name}")
    assert done.exit_code == 2
    assert f": {why}" in done.stderr
    assert not Path("results").exists()


def test_a_name_is_for_one_figure(command: Command) -> None:
    assert "--name can only be used with a single FIGURE" in command("run", "linear", "nse", "--name", "a").stderr
    assert "leave out FIGURE and its options" in command("run", "--from", "results/linear", "--name", "a").stderr
