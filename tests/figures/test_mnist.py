"""Fig. 2a and 2b."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from fa_repro import run
from fa_repro.cli.main import command_line
from fa_repro.config.locate import shipped_folder
from fa_repro.errors import ConfigError
from fa_repro.figures.mnist import FIGURE
from fa_repro.figures.receptive_fields import mosaic
from fa_repro.nn.random import Streams
from fa_repro.results.directory import load
from fa_repro.training.runs import initial_network
from fa_repro.training.trainer import train
from tests.support.configs import digit_runs
from tests.support.digits import SMALL, only
from tests.support.drawing import draw

pytestmark = pytest.mark.usefixtures("digits")


@pytest.mark.draws
def test_mnist_draws_what_its_table_holds(elsewhere: Path) -> None:
    result = run("mnist", SMALL)
    table = pd.read_csv(elsewhere / "results/mnist/mnist.csv")
    assert list(table) == ["algorithm", "trial", "epoch", "example", "test_error_percent", "angle_backprop_deg"]
    assert set(table["algorithm"]) == {"shallow", "backprop", "feedback_alignment", "sparse_feedback_alignment"}
    np.testing.assert_allclose(table["epoch"], table["example"] / 600)
    assert table["test_error_percent"].between(0, 100).all()
    assert table.equals(table.sort_values(["algorithm", "trial", "epoch", "example"], ignore_index=True))
    left, right = result.figure.axes
    assert left.get_yscale() == "log"
    lines = {line.get_label(): line for line in left.lines}
    for algorithm, rows in table.groupby("algorithm"):
        mean = rows.groupby("example")["test_error_percent"].mean()
        line = lines[str(algorithm).replace("_", " ")]
        np.testing.assert_array_equal(line.get_xdata(), mean.index)
        np.testing.assert_allclose(line.get_ydata(), mean)
        assert f"{mean.iloc[-1]:.1f} %" in [text.get_text() for text in left.texts]
    assert any(np.array_equal(line.get_ydata(), [90, 90]) for line in left.lines)
    assert not any(line.get_linestyle() == ":" for line in left.lines)  # the published curves begin later
    saved = load(result.directory)
    longer = replace(saved, table=saved.table.assign(example=saved.table["example"] * 1000))
    dotted = [line for line in draw(FIGURE, longer).axes[0].lines if line.get_linestyle() == ":"]
    assert [len(line.get_xdata()) for line in dotted] == [26, 26, 26, 0]  # up to 1,200,000 examples, and their label
    angles = table[table["algorithm"] == "feedback_alignment"].groupby("example")["angle_backprop_deg"]
    drawn = [line.get_ydata() for line in right.lines]
    assert any(len(y) == len(angles) and np.allclose(y, angles.mean()) for y in drawn)
    heights = [text.get_position()[1] for text in left.texts if text.get_text().endswith(" %")]
    assert np.diff(sorted(heights)).min() > 0.0449


@pytest.mark.draws
def test_receptive_fields_reuse_mnist_runs(elsewhere: Path) -> None:
    run("mnist", SMALL)
    changes = {**SMALL, "trials": 1}
    result = run("receptive-fields", changes)
    assert (result.trained, result.cached) == (0, 3)
    table = pd.read_csv(elsewhere / "results/receptive-fields/receptive-fields.csv")
    assert list(table) == ["algorithm", "unit", "pixel", "weight"]
    assert set(table["algorithm"]) == {"initial", "backprop", "feedback_alignment", "sparse_feedback_alignment"}
    units = table.groupby("algorithm")["unit"].unique()
    assert all(list(each) == list(units.iloc[0]) for each in units)
    assert len(table) == 4 * 20 * 784
    (each,) = digit_runs(overrides={"trials": 1}, only=["backprop"])
    start = initial_network(each.condition.setup, Streams([(0, 0)])).weights[0][0]
    trained = train([each])[0].arrays["weights_0"]
    for algorithm, weights in (("initial", start), ("backprop", trained)):
        wide = table[table["algorithm"] == algorithm].pivot(index="unit", columns="pixel", values="weight")
        np.testing.assert_allclose(wide.to_numpy(), weights[wide.index], rtol=1e-6)
    assert [ax.get_title().split(" (")[0] for ax in result.figure.axes] == [
        "initial",
        "backprop",
        "feedback alignment",
        "sparse feedback alignment",
    ]
    with_sweep = run("receptive-fields", changes, sweep={"network.init_range": [0.1, 0.2]})
    assert len(with_sweep.figure.axes) == 8


def test_a_mosaic_keeps_every_image_upright() -> None:
    images = np.arange(5 * 9.0).reshape(5, 9)
    whole = mosaic(images)
    assert whole.shape == (7, 11)
    np.testing.assert_array_equal(whole[:3, :3], images[0].reshape(3, 3))
    np.testing.assert_array_equal(whole[4:, 4:7], images[4].reshape(3, 3))
    assert np.isnan(whole[3]).all()
    assert np.isnan(whole[4:, 8:]).all()


@pytest.mark.draws
def test_held_out_search_is_drawn_as_heat_maps(elsewhere: Path) -> None:
    changes = {"network.hidden": [8], "training.epochs": 0.5, "task.validation": 100}
    result = run("search/mnist", changes)
    assert result.trained == 4 * 3 + 4 * 4
    table = pd.read_csv(elsewhere / "results/search/mnist/mnist.csv")
    left, right, _ = result.figure.axes
    for ax, name, key in (
        (left, "backprop", "algorithms.backprop.learning_rate"),
        (right, "feedback_alignment", "algorithms.feedback_alignment.feedback_range"),
    ):
        rows = table[(table["algorithm"] == name) & (table["example"] == table["example"].max())]
        expected = rows.pivot_table(index=key, columns="network.init_range", values="validation_error_percent")
        np.testing.assert_allclose(ax.images[0].get_array(), expected)
        assert f"best: {expected.to_numpy().min():.2f} %" in ax.get_title()
    again = CliRunner().invoke(command_line, ["plot", "search/mnist"])
    assert again.output.strip().endswith("results/search/mnist/mnist.png")


@pytest.mark.draws
def test_swept_mnist_and_1d_search_are_drawn(elsewhere: Path) -> None:
    swept = run("mnist", SMALL, sweep={"network.init_range": [0.1, 0.2]}, only=["backprop", "shallow"])
    assert [len(ax.lines) for ax in swept.figure.axes[:2]] == [2, 2]
    for ax in swept.figure.axes[:2]:
        assert {5, 10, 20, 50} <= set(ax.get_yticks())
        assert not len(ax.get_yticks(minor=True))
    changes = {"network.hidden": [8], "training.epochs": 0.5, "task.validation": 100, "sweep": {}}
    assert run("search/mnist", changes).figure.axes
    assert run("search/mnist", {**changes, "sweep": {"seed": [1, 2]}}).figure.axes


def test_shipped_digit_configs_share_their_runs() -> None:
    fields = {run.key for run in digit_runs("receptive-fields", {"trials": 1})}
    assert fields < {run.key for run in digit_runs("mnist")}
    assert (shipped_folder() / "search/mnist.yaml").is_file()


def test_missing_data_writes_nothing(elsewhere: Path, monkeypatch: pytest.MonkeyPatch, digits: Path) -> None:
    monkeypatch.setenv("FA_REPRO_DATA", "")
    result = CliRunner().invoke(command_line, ["run", "mnist"])
    assert result.exit_code == 3
    assert "error: " in result.output
    assert not (elsewhere / "results/mnist/mnist.csv").exists()
    assert CliRunner().invoke(command_line, ["run", "mnist", "--dry-run"]).exit_code == 0
    result = CliRunner().invoke(
        command_line, ["run", "mnist", "--quick", "--data-dir", str(digits), "--set", "network.hidden=[5]"]
    )
    assert result.exit_code == 0, result.output


def test_every_algorithm_keeps_all_its_weights() -> None:
    for name in ("shallow", "backprop", "sparse_feedback_alignment"):
        assert train(only(name))[0].arrays.keys() == {"weights_0", "weights_1", "biases_0", "biases_1"}


LINEAR = {"network.activation": "linear", "network.output": "linear", "training.loss": "squared_error"}


EXPLODING = {**LINEAR, "training.weight_decay": 0.0}


@pytest.mark.draws
@pytest.mark.parametrize(
    "options",
    [
        {"only": ["shallow"]},
        {"settings": {"trials": 1}},
        {"settings": {"training.epochs": None, "training.examples": 1}},
        {"settings": {"training.epochs": 0.01}},
        {"settings": {**EXPLODING, "algorithms.backprop.learning_rate": 10.0}},
        {"settings": {**EXPLODING, "algorithms.backprop.learning_rate": 10.0}, "only": ["backprop"]},
        {"settings": {"record.grid": "every", "training.epochs": 0.5}},
        {"sweep": {"algorithms.feedback_alignment.feedback_range": [0.5, 1.0], "seed": [1, 2]}},
    ],
)
@pytest.mark.parametrize("name", ["mnist", "receptive-fields"])
def test_unusual_requests_are_drawn_too(elsewhere: Path, name: str, options: dict[str, Any]) -> None:
    if name == "receptive-fields" and "only" in options:
        options = {**options, "only": ["backprop"]}
    result = run(
        name, {**SMALL, **options.get("settings", {})}, only=options.get("only", ()), sweep=options.get("sweep")
    )
    result.figure.draw_without_rendering()
    assert bool(result.diverged) == ("network.output" in options.get("settings", {}))


def test_only_drops_axes_of_dropped_algorithms(elsewhere: Path) -> None:
    changes = {"network.hidden": [8], "training.epochs": 0.5, "task.validation": 100}
    result = run("search/mnist", changes, only=["backprop"])
    assert result.trained == 4 * 3
    assert set(pd.read_csv(result.directory / "mnist.csv")) >= {
        "network.init_range",
        "algorithms.backprop.learning_rate",
    }
    with pytest.raises(ConfigError, match="there is no algorithm 'feedback_alignmen'"):
        run("search/mnist", changes, only=["backprop"], sweep={"algorithms.feedback_alignmen.feedback_range": [1.0]})


@pytest.mark.draws
def test_search_over_lengths_shows_each_end(elsewhere: Path) -> None:
    sweep = {
        "task.validation": [100, 300],
        "network.init_range": [0.1, 0.3],
        "algorithms.backprop.learning_rate": [0.01],
    }
    result = run("search/mnist", {"network.hidden": [8], "training.epochs": 1, "sweep": sweep}, only=["backprop"])
    ax = result.figure.axes[0]
    assert ax.images[0].get_array().shape == (2, 2)
    assert np.isfinite(ax.images[0].get_array()).all()
    table = result.table
    for y, held_out in enumerate([0.1, 0.3]):  # the first axis runs across
        for x, validation in enumerate([100, 300]):
            cell = table[(table["task.validation"] == validation) & (table["network.init_range"] == held_out)]
            last = cell.loc[cell["example"].idxmax(), "validation_error_percent"]
            assert ax.images[0].get_array()[y, x] == pytest.approx(last)


@pytest.mark.draws
def test_large_search_has_no_overlapping_numbers(elsewhere: Path) -> None:
    sweep = {"seed": list(range(12)), "network.init_range": [0.1 * n for n in range(1, 13)]}
    changes = {"network.hidden": [2], "training.epochs": 0.02, "task.validation": 100, "sweep": sweep}
    ax = run("search/mnist", changes, only=["backprop"]).figure.axes[0]
    assert ax.images[0].get_array().shape == (12, 12)
    assert not ax.texts
    assert len(ax.get_xticks()) <= 10


@pytest.mark.draws
def test_swept_lists_are_in_numeric_order(elsewhere: Path) -> None:
    sweep = {"network.hidden": [[8], [100], [20], [8, 4]]}
    changes = {"training.epochs": 0.1, "task.validation": 100, "sweep": sweep}
    ax = run("search/mnist", changes, only=["backprop"]).figure.axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["[8]", "[8, 4]", "[20]", "[100]"]


@pytest.mark.draws
def test_the_same_mosaic_is_drawn_once(elsewhere: Path) -> None:
    sweep = {"algorithms.feedback_alignment.feedback_range": [0.5, 1.0]}
    result = run("receptive-fields", {**SMALL, "trials": 1}, sweep=sweep)
    assert [ax.get_title().split(" (")[0] for ax in result.figure.axes if ax.get_title()] == [
        "initial, 0.5",
        "backprop, 0.5",
        "feedback alignment, 0.5",
        "feedback alignment, 1",
        "sparse feedback alignment, 0.5",
    ]


def test_another_start_is_shown_as_such(elsewhere: Path) -> None:
    own = {"algorithms.feedback_alignment.network": {"init_range": 1.0}}
    table = run("receptive-fields", {**SMALL, **own}).table
    assert "initial_feedback_alignment" in set(table["algorithm"])
    spans = table.groupby("algorithm")["weight"].max()
    assert spans["initial_feedback_alignment"] > 0.9 > 0.2 > spans["initial"]


@pytest.mark.parametrize("jobs", [0, -1, 1.5, "2", True])
def test_jobs_is_a_whole_number(elsewhere: Path, jobs: Any) -> None:
    with pytest.raises(ConfigError, match="jobs: expected a whole number of at least 1"):
        run("mnist", SMALL, jobs=jobs)


def test_commands_name_a_config_with_its_folder(elsewhere: Path) -> None:
    result = CliRunner().invoke(command_line, ["plot", "search/mnist", "--results", "a b"])
    assert result.exit_code == 4
    assert "Run: fa-repro run search/mnist --results 'a b'" in result.output
    words = ["run", "search/mnist", "--quick", "--set", "network.hidden=[2]", "--set", "training.epochs=0.02"]
    words += ["--set", "task.validation=100"]
    planned = CliRunner().invoke(command_line, [*words, "--dry-run"])
    assert "search/mnist: 28 runs, 28 to train" in planned.output
    assert "search/mnist: trained 28 runs" in CliRunner().invoke(command_line, words).output
    assert "why: --force" in CliRunner().invoke(command_line, [*words, "--dry-run", "--force"]).output
    assert "search/mnist" in CliRunner().invoke(command_line, ["list"]).output
    wrong = CliRunner().invoke(command_line, ["run", "search/mnst"])
    assert wrong.exit_code == 2
    assert "Did you mean search/mnist?" in wrong.output
