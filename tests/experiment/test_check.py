"""The command `check`: what it prints, how it ends, and that it only reads."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from fa_repro import registry
from fa_repro.claims.claim import Measured, Verdict
from fa_repro.experiment.check import check_figures, figures_with_claims
from fa_repro.figures import linear
from tests.support.failures import stopped_at
from tests.support.files import contents

Command = Callable[..., Result]

EVERY = {"figure", "claim", "where", "statement", "criterion", "published", "measured", "value", "low", "high", "p"}
EVERY |= {"fitted", "trials", "verdict", "reason"}


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which no sentence is broken."""
    monkeypatch.setenv("COLUMNS", "500")


@pytest.fixture
def results(shipped_results: Path, workplace: Path) -> Path:
    """Results of the shipped linear, nse and angle, to be changed, and `fa-repro` called beside them."""
    shutil.rmtree(workplace / "configs")
    for name in ("linear", "nse", "angle"):
        shutil.copytree(shipped_results / name, workplace / "results" / name)
    return workplace / "results"


def test_shipped_linear_figures_reproduce_claims(results: Path, command: Command) -> None:
    done = command("check", "linear", "nse", "angle")
    assert done.exit_code == 0, done.output
    lines = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert lines.count("reproduced") == sum(
        len(registry.module("figures", name).FIGURE.claims) for name in ("linear", "nse", "angle")
    )
    assert done.stdout.splitlines()[-1] == "20 claims: 20 reproduced, 0 not reproduced, 0 not enough trials, 0 not run"


def test_without_a_figure_all_are_checked(results: Path, command: Command) -> None:
    done = command("check")
    assert done.exit_code == 0
    for name in figures_with_claims():
        assert f"\n{name} (" in done.stdout
    assert "Run: fa-repro run mnist" in done.stdout


def test_checking_reads_and_changes_nothing(results: Path, command: Command) -> None:
    before = contents(results)
    command("check")
    command("check", "--json")
    assert contents(results) == before
    assert command("check", "--results", "nowhere").exit_code == 0
    assert not Path("nowhere").exists()


def test_verdicts_as_json(results: Path, command: Command) -> None:
    done = command("check", "linear", "mnist", "--json")
    data = json.loads(done.stdout)
    assert data["schema"] == 1
    assert data["counts"] == {"reproduced": 11, "not reproduced": 0, "not enough trials": 0, "not run": 12}
    assert all(set(each) == EVERY for each in data["claims"])
    backprop = next(each for each in data["claims"] if each["claim"] == "backprop_end")
    assert (backprop["published"], backprop["fitted"]) == ("1e-11", None)
    shallow = next(each for each in data["claims"] if each["claim"] == "shallow_end")
    assert (shallow["published"], shallow["fitted"]) == ("0.65 (fitted: learning rate)", "learning rate")
    assert backprop["low"] < backprop["value"] < backprop["high"]
    assert (backprop["trials"], backprop["verdict"]) == (20, "reproduced")
    assert {each["verdict"] for each in data["claims"] if each["figure"] == "mnist"} == {"not run"}


def test_claim_not_reproduced_exits_with_5(workplace: Path, command: Command) -> None:
    shutil.rmtree(workplace / "configs")
    command("run", "linear", "--set", "trials=6", "--set", "algorithms.backprop.learning_rate=0.0005")
    done = command("check", "linear")
    assert done.exit_code == 5
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: not reproduced: ")
    assert "linear backprop_end" in line
    assert "feedback_alignment_end" not in line
    assert "\nnot reproduced" in done.stdout
    assert command("check", "linear", "--json").exit_code == 5


def test_a_figure_without_verdicts_exits_with_5(results: Path, command: Command) -> None:
    done = command("check", "mnist", "linear")
    assert (done.exit_code, done.stderr) == (5, "error: no claim could be judged: mnist\n")
    assert command("check", "linear").exit_code == 0
    assert command("check").exit_code == 0  # figures that are not named need not have been run


def test_strict_refuses_stale_results(results: Path, command: Command) -> None:
    path = results / "linear/manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "numerics": 0}))
    assert command("check", "linear").exit_code == 0
    done = command("check", "linear", "--strict")
    assert (done.exit_code, done.stderr) == (5, "error: --strict: stale: linear\n")


def test_strict_wants_every_claim_reproduced(results: Path, command: Command) -> None:
    assert command("check", "linear", "--strict").exit_code == 0
    done = command("check", "--strict")
    assert done.exit_code == 5
    count = sum(len(registry.module("figures", name).FIGURE.claims) for name in figures_with_claims()) - 20
    assert done.stderr == f"error: --strict: {count} claims not reproduced or not judged\n"


def test_diverged_runs_are_not_reproduced(workplace: Path, command: Command) -> None:
    shutil.rmtree(workplace / "configs")
    command("run", "linear", "--set", "trials=5", "--set", "algorithms.backprop.learning_rate=0.05")
    done = command("check", "linear")
    assert done.exit_code == 5
    assert "diverged or not defined in 5 of 5 trials" in done.stdout
    assert "linear (created with" in done.stdout or "linear (diverged (5 runs)" in done.stdout


@pytest.mark.parametrize(
    ("options", "verdict"),
    [
        (["--quick"], Verdict.NOT_ENOUGH),
        (["--set", "trials=4"], Verdict.NOT_ENOUGH),
        (["--set", "training.examples=1000", "--set", "trials=6"], Verdict.NOT_ENOUGH),
        (["--sweep", "network.init_range=0.01,0.1", "--set", "trials=5"], Verdict.NOT_RUN),
    ],
)
def test_insufficient_evidence_is_no_verdict(
    workplace: Path, command: Command, options: list[str], verdict: Verdict
) -> None:
    shutil.rmtree(workplace / "configs")
    command("run", "linear", *options)
    assert command("check").exit_code == 0
    assert command("check", "linear").exit_code == 5
    (found,) = check_figures(workplace / "results", ["linear"])
    assert {each.verdict for each in found.judgements} == {verdict}


@pytest.mark.parametrize("grid", ["linear", "log"])
@pytest.mark.parametrize("points", [2, 3, 12])
def test_few_measurements_are_not_judged(workplace: Path, command: Command, grid: str, points: int) -> None:
    shutil.rmtree(workplace / "configs")
    command("run", "linear", "--set", f"record.grid={grid}", "--set", f"record.points={points}", "--set", "trials=5")
    done = command("check")
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "measured at too few examples" in done.stdout or points == 12


def test_algorithms_left_out_were_not_run(workplace: Path, command: Command) -> None:
    shutil.rmtree(workplace / "configs")
    command("run", "linear", "--only", "backprop", "--set", "trials=5")
    (found,) = check_figures(workplace / "results", ["linear"])
    by_name = {each.claim.name: each.verdict for each in found.judgements}
    assert by_name["backprop_end"] is Verdict.REPRODUCED
    assert by_name["feedback_alignment_end"] is Verdict.NOT_RUN


def test_unfinished_figure_reports_its_progress(
    workplace: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stopped_at(patch, 5)
        assert command("run", "linear").exit_code == 130
    done = command("check")
    assert done.exit_code == 0
    assert "partial: 5 of 12 runs are trained, resume with: fa-repro run linear" in done.stdout


@pytest.mark.parametrize("damage", ["csv", "manifest", "gone"])
def test_damaged_results_are_reported_not_judged(results: Path, command: Command, damage: str) -> None:
    if damage == "csv":
        path = results / "linear" / "linear.csv"
        path.write_text(path.read_text().replace("backprop,3,1999", "backprop,4,1999", 1))
    elif damage == "manifest":
        (results / "linear" / "manifest.json").write_text("{")
    else:
        (results / "linear" / "config.yaml").unlink()
    done = command("check", "linear", "nse")
    assert done.exit_code == 4
    assert done.stderr.startswith(f"error: {Path('results/linear')}")
    assert "Run: fa-repro run linear" in done.stderr
    assert "not run" in done.stdout
    assert "3 reproduced" in done.stdout.splitlines()[-1]


def test_a_figure_that_there_is_not_is_a_mistake(command: Command) -> None:
    done = command("check", "liner")
    assert done.exit_code == 2
    assert "'liner'. Did you mean linear?" in done.stderr


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_table_fits_the_terminal(
    results: Path, command: Command, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = command("check", "linear").stdout.splitlines()
    assert max(map(len, lines[:-1])) <= max(columns, 60)


def test_numbers_that_are_not_finite_are_null(results: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(_: Any) -> Measured:
        return Measured("nothing", False, float("nan"), float("-inf"), float("inf"))

    claims = tuple(replace(claim, judge=judge) for claim in linear.CLAIMS)
    monkeypatch.setattr(linear, "FIGURE", replace(linear.FIGURE, claims=claims))
    done = command("check", "linear", "--json")
    assert done.exit_code == 5
    first = json.loads(done.stdout)["claims"][0]
    assert (first["value"], first["low"], first["high"]) == (None, None, None)
