"""The family of rules: its tables against formulas, what is drawn of them, and what is refused."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from matplotlib.figure import Figure
from scipy.stats import t as student

from fa_repro import registry, run
from fa_repro.experiment.check import figures_with_claims
from fa_repro.experiment.request import Request
from fa_repro.figures import rules
from fa_repro.plotting import style
from fa_repro.results.figure_results import FigureResults
from tests.support.configs import SMALL
from tests.support.drawing import draw
from tests.support.print import misprinted
from tests.support.sweeps import unfit

DEEP = """\
figure: rules
trials: 4
task:
  {name: nonlinear, inputs: 6, outputs: 3, hidden: [5, 4], target_range: 0.7, target_bias_range: 0.4, test_examples: 60}
network: {hidden: [5, 4], activation: tanh, bias: true, init_range: 0.3}
training: {examples: 300}
record: {grid: log, points: 12, probes: [test_nse, angle_backprop_layer1_deg, angle_backprop_layer2_deg]}
algorithms:
  backprop: {rule: backprop, learning_rate: 0.02}
  feedback_alignment: {rule: feedback_alignment, learning_rate: 0.02, feedback_range: 0.5}
  pseudobackprop: {rule: pseudobackprop, learning_rate: 0.01}
  shallow: {rule: shallow, learning_rate: 0.01}
"""
LAYERS = ["angle_backprop_layer1_deg", "angle_backprop_layer2_deg"]


@pytest.fixture
def place(workplace: Path) -> Path:
    (workplace / "configs/family.yaml").write_text(SMALL.replace("figure: linear", "figure: rules"))
    (workplace / "configs/deep.yaml").write_text(DEEP)
    return workplace


def legend(fig: Figure) -> list[str]:
    return [text.get_text() for text in fig.legends[0].get_texts()]


def interval(values: np.ndarray) -> tuple[float, float, float]:
    mean, half = values.mean(), student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return mean, mean - half, mean + half


def test_tables_have_errors_angles_and_summary(place: Path) -> None:
    result = run("deep")
    assert list(result.table) == ["algorithm", "trial", "example", "test_nse", *LAYERS]
    table = pd.read_csv(place / "results/deep/deep.csv")
    summary = pd.read_csv(place / "results/deep/deep_summary.csv")
    assert list(summary) == ["algorithm", "example", "trials", "diverged", "error", "low", "high", *LAYERS]
    assert list(summary["algorithm"]) == ["backprop", "feedback_alignment", "pseudobackprop", "shallow"]
    for row in summary.to_dict("records"):
        ends = table[(table["algorithm"] == row["algorithm"]) & (table["example"] == 300)]
        expected = 10 ** np.array(interval(np.log10(ends["test_nse"].to_numpy())))
        assert (row["error"], row["low"], row["high"]) == pytest.approx(tuple(expected))
        assert (row["trials"], row["diverged"], row["example"]) == (4, 0, 300)
        for layer in LAYERS:
            assert row[layer] == pytest.approx(ends[layer].mean(), nan_ok=True)
    assert summary.set_index("algorithm").loc["shallow", LAYERS].isna().all()


def test_online_end_is_the_mean_of_the_last_50() -> None:
    examples = np.arange(100)
    rows = pd.DataFrame(
        [("one", trial, each, 10.0 ** -(trial + each / 10), float(each)) for trial in range(3) for each in examples],
        columns=["algorithm", "trial", "example", "nse", "angle_backprop_deg"],
    )
    (row,) = rules.summarise_ends(rows, ["one"], ()).to_dict("records")
    assert row["error"] == pytest.approx(10 ** -(1 + examples[50:].mean() / 10))
    assert row["angle_backprop_deg"] == pytest.approx(examples[50:].mean())
    held_out = rows.rename(columns={"nse": "test_nse"})
    (row,) = rules.summarise_ends(held_out, ["one"], ()).to_dict("records")
    assert row["error"] == pytest.approx(10 ** -(1 + 9.9))
    percent = rows.drop(columns="nse").assign(test_error_percent=[3.0 + trial for trial in rows["trial"]])
    (row,) = rules.summarise_ends(percent, ["one"], ()).to_dict("records")
    assert (row["error"], row["low"], row["high"]) == pytest.approx(interval(np.array([3.0, 4.0, 5.0])))


def test_remarks_are_sorted_by_error(place: Path) -> None:
    result = run("deep")
    summary = result.extra["summary"].sort_values("error")
    assert [line.split(",")[0] for line in result.remarks] == list(map(style.label, summary["algorithm"]))
    best = summary.iloc[0]
    assert f"NSE of held-out examples {best['error']:.1e}".replace("e-0", "e-") in result.remarks[0]
    lines = {line.split(",")[0]: line for line in result.remarks}
    one, two = summary.set_index("algorithm").loc["feedback_alignment", LAYERS]
    assert lines["feedback alignment"].endswith(f"angle to backprop {one:.0f}° (layer 1), {two:.0f}° (layer 2)")
    assert "angle" not in lines["shallow"] + lines["backprop"]


@pytest.mark.draws
def test_curves_have_means_and_intervals(place: Path) -> None:
    result = run("deep")
    left, *right = result.figure.axes
    assert (left.get_yscale(), left.get_ylabel()) == ("log", "NSE of held-out examples")
    assert [ax.get_title().split("\n")[0] for ax in right] == [
        "angle to backprop, hidden layer 1",
        "angle to backprop, hidden layer 2",
    ]
    logs = np.log10(result.table["test_nse"]).groupby([result.table["algorithm"], result.table["example"]]).mean()
    looks = style.looks({name: name for name in result.table["algorithm"].unique()})
    assert len(left.get_lines()) == 4
    for algorithm, look in looks.items():
        (line,) = (one for one in left.get_lines() if one.get_label().startswith(f"{style.label(algorithm)} ("))
        np.testing.assert_allclose(line.get_ydata(), 10 ** logs[algorithm])
        assert line.get_color() == look["color"]
    for ax, layer in zip(right, LAYERS, strict=True):
        lines = {line.get_color(): line for line in ax.get_lines()[1:]}
        assert set(lines) == {looks[name]["color"] for name in ("feedback_alignment", "pseudobackprop")}
        means = result.table.groupby(["algorithm", "example"])[layer].mean()["pseudobackprop"]
        np.testing.assert_allclose(lines[looks["pseudobackprop"]["color"]].get_ydata(), means)
        assert ax.get_ylim()[0] == 0
        assert ax.get_ylim()[1] >= 100
    assert [label.split(" (")[0] for label in legend(result.figure)] == [
        "backprop", "feedback alignment", "pseudobackprop", "shallow",
    ]  # fmt: skip


@pytest.mark.draws
def test_online_curves_are_smoothed_and_say_so(place: Path) -> None:
    result = run("family", {"training.examples": 400}, only=["backprop"])
    (ax,) = result.figure.axes
    logs = np.log10(result.table["nse"]).groupby(result.table["example"]).mean().to_numpy()
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), 10 ** np.convolve(logs, np.full(25, 1 / 25), "valid"))
    assert "sliding means of 25 points" in ax.get_title()
    uneven = run("family", {"training.examples": 400, "record.grid": "log"}, only=["backprop"]).figure.axes[0]
    assert "sliding means of 5 points" in uneven.get_title()
    batches = run("family", {"training.examples": 400, "training.batch_size": 4}, only=["backprop"]).figure.axes[0]
    assert "sliding" not in batches.get_title()


@pytest.mark.draws
def test_diverged_rule_is_marked_and_has_no_mean(place: Path) -> None:
    changes = {"algorithms.backprop.learning_rate": 0.16, "training.examples": 200}
    result = run("family", changes)
    assert {one.condition.algorithm for one, _ in result.diverged} == {"backprop"}
    row = result.extra["summary"].set_index("algorithm").loc["backprop"]
    assert row["diverged"] == len(result.diverged)
    assert np.isnan(row["error"])
    told = f"{len(result.diverged)} of 3 diverged"
    assert result.remarks[-1] == f"backprop, example 199: {told}, so there is no mean"
    assert f"backprop ({told})" in legend(result.figure)
    assert [text.get_text().strip() for text in result.figure.axes[0].texts] == [told]
    assert not unfit(result.figure)


@pytest.mark.parametrize(
    ("probes", "fine"),
    [
        ("[nse]", True),
        ("[nse, angle_backprop_deg]", True),
        ("[angle_backprop_deg]", False),
        ("[validation_nse]", False),
    ],
)
def test_one_error_is_needed(place: Path, command: Callable[..., Result], probes: str, fine: bool) -> None:
    answer = command("run", "family", "--set", f"record.probes={probes}")
    assert answer.exit_code == (0 if fine else 2)
    needed = "the figure needs exactly one of test_error_percent, test_nse, nse among record.probes"
    assert fine or needed in answer.stderr
    both = command("run", "deep", "--set", "record.probes=[nse, test_nse]")
    assert both.exit_code == 2
    assert needed in both.stderr


@pytest.mark.draws
def test_sweep_is_drawn_and_its_best_is_reported(place: Path) -> None:
    sweep: dict[str, Any] = {"algorithms.*.learning_rate": [0.005, 0.02]}
    result = run("family", sweep=sweep, only=["backprop", "shallow"])
    assert [len(ax.get_lines()) for ax in result.figure.axes[:2]] == [2, 2]
    summary = result.extra["summary"]
    assert list(summary)[-1] == "algorithms.*.learning_rate"
    assert len(summary) == len(result.remarks) * 2 == 4
    best = summary.sort_values("error").iloc[0]
    assert result.remarks[0].startswith(f"{best['algorithm']}, learning_rate = {best.iloc[-1]:g}, example")
    pairs = run("family", sweep={**sweep, "seed": [0, 1]}, only=["backprop", "shallow"])
    assert all(ax.get_images() for ax in pairs.figure.axes[:2])


@pytest.mark.draws
def test_digits_are_drawn_in_percent(place: Path, digits: Path) -> None:
    text = """\
figure: rules
trials: 2
task: {name: mnist, pixels: standardised}
network: {hidden: [8], activation: logistic, output: logistic, bias: true, init_range: 0.2}
training: {epochs: 2, batch_size: 50, loss: cross_entropy}
record: {grid: epochs, probes: [test_error_percent, angle_backprop_deg]}
algorithms:
  backprop: {rule: backprop, learning_rate: 0.003}
  feedback_alignment: {rule: feedback_alignment, learning_rate: 0.003, feedback_range: 1.0}
"""
    (place / "configs/family.yaml").write_text(text)
    result = run("family")
    assert list(result.table) == ["algorithm", "trial", "epoch", "example", "test_error_percent", "angle_backprop_deg"]
    left, right = result.figure.axes
    ends = result.table[result.table["example"] == 1200].groupby("algorithm")["test_error_percent"].mean()
    assert legend(result.figure) == [
        f"backprop ({ends['backprop']:.2f} %)",
        f"feedback alignment ({ends['feedback_alignment']:.2f} %)",
    ]
    assert left.get_ylabel() == "test error (%)"
    assert left.get_ylim()[1] <= 110
    assert right.get_title() == "angle to backprop"
    assert f"test error {ends.min():.2f} %" in result.remarks[0]
    assert misprinted(result.figure) == []


def test_figure_without_claims_is_passed_over(place: Path, command: Callable[..., Result]) -> None:
    assert command("run", "family").exit_code == 0
    listed = command("list")
    assert listed.exit_code == 0
    assert rules.FIGURE.title in listed.output
    assert "rules" not in figures_with_claims()
    assert command("plot", "family").exit_code == 0
    assert command("run", "--from", "results/family").exit_code == 0


def test_eleven_rules_fit_and_look_different() -> None:
    names = [
        "backprop",
        "feedback_alignment",
        "shallow",
        "reinforcement",
        *(f"another_rule_called_{c}" for c in "abcdefg"),
    ]
    rows = pd.DataFrame(
        [
            (name, trial, example, 10.0 ** -(example / (10 + place) + 0.1 * trial), *[40.0 + 5 * place] * 3)
            for place, name in enumerate(names)
            for trial in range(3)
            for example in range(0, 100, 4)
        ],
        columns=["algorithm", "trial", "example", "test_nse", *(f"angle_backprop_layer{n}_deg" for n in (1, 2, 3))],
    )  # fmt: skip
    config: dict[str, Any] = {
        "figure": "rules", "trials": 3, "sweep": {}, "record": {"grid": "linear"}, "training": {"batch_size": 1},
        "algorithms": {name: {"rule": name} for name in names},
    }  # fmt: skip
    summary = rules.summarise_ends(rows, names, ())
    diverged = [{"algorithm": name, "trial": 0, "example": 50} for name in names[:5]]
    fig = draw(rules.FIGURE, FigureResults(rows, {"summary": summary}, config, {"diverged": diverged, "failed": []}))
    left, *right = fig.axes
    seen = {(line.get_color(), str(line.get_linestyle()), str(line._dash_pattern)) for line in left.get_lines()[:11]}  # type: ignore[attr-defined]
    assert len(seen) == 11
    assert len(right) == 3
    assert not unfit(fig)
    assert misprinted(fig) == []
    assert fig.get_figwidth() == style.WIDE
    fig.draw_without_rendering()
    box = fig.legends[0].get_window_extent()
    assert all(not box.overlaps(ax.get_window_extent()) for ax in fig.axes)


@pytest.mark.parametrize("task", ["linear", "mnist", "nonlinear"])
def test_comparison_and_search_configs_agree(task: str) -> None:
    shown, searched = (
        copy.deepcopy(dict(Request(f"{place}/rules-{task}").resolved.data)) for place in ("extra", "search")
    )
    assert {keys["rule"] for keys in shown["algorithms"].values()} == set(registry.names("rules"))
    (rates,) = searched["sweep"].values()
    for name, keys in shown["algorithms"].items():
        assert keys.pop("learning_rate") in rates, name
        searched["algorithms"][name].pop("learning_rate")
    for block in (shown, searched):
        for key in ("validation", "epochs", "examples"):
            block["task"].pop(key, None)
            block["training"].pop(key, None)
    for key in ("task", "network", "training", "algorithms"):
        assert shown[key] == searched[key], key
    assert shown["seed"] != searched["seed"]
    assert not shown["sweep"]
    probes = shown["record"]["probes"]
    assert not any("validation" in probe for probe in probes)
