"""Digits: the task, its training, what is measured on held-out examples, and the figures; on a small MNIST."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from fa_repro import run
from fa_repro.claims import published
from fa_repro.cli.main import command_line
from fa_repro.config.locate import shipped_folder
from fa_repro.config.resolve import resolve_config
from fa_repro.errors import ConfigError
from fa_repro.execution.batching import form_batches
from fa_repro.figures.mnist import FIGURE
from fa_repro.figures.receptive_fields import mosaic
from fa_repro.figures.search import FIGURE as SEARCH
from fa_repro.io import yaml
from fa_repro.nn.random import Streams
from fa_repro.results.directory import load
from fa_repro.results.tables import receptive_field_table
from fa_repro.tasks import mnist
from fa_repro.tasks.mnist import Mnist
from fa_repro.training import metrics, probes
from fa_repro.training.recorder import grid
from fa_repro.training.runs import Run, initial_network
from fa_repro.training.settings import Record
from fa_repro.training.trainer import Decay, train
from tests.support.configs import digit_runs, freshly_trained
from tests.support.drawing import draw

pytestmark = pytest.mark.usefixtures("digits")


def state_of(task: Mnist, trials: int = 1) -> Any:
    return task.init(Streams([(0, trial) for trial in range(trials)]), np.float32)


def only(name: str, **changes: Any) -> list[Run]:
    overrides = {key.replace("__", "."): value for key, value in changes.items()}
    return digit_runs(overrides=overrides, only=[name])


# ---- the task ----


def test_every_epoch_shows_each_example_once_in_an_order_of_its_own() -> None:
    task = Mnist()
    state = state_of(task, trials=2)
    images = state.learned.inputs[0]
    orders = []
    for _ in range(3):
        inputs, targets = task.draw(state, 600)
        assert inputs.shape == (2, 600, 784)
        assert inputs.dtype == np.float32
        for trial in range(2):
            numbers = [np.flatnonzero((images == pixels).all(axis=1))[0] for pixels in to_pixels(inputs[trial])]
            assert sorted(numbers) == list(range(600))
            np.testing.assert_array_equal(targets[trial].argmax(axis=1), state.learned.classes[numbers])
            assert (targets[trial].sum(axis=1) == 1).all()
            orders.append(numbers)
    assert len({tuple(order) for order in orders}) == 6


def to_pixels(inputs: np.ndarray) -> np.ndarray:
    return np.round((inputs * 0.3081 + 0.1307) * 255).astype(np.uint8)


def test_the_sequence_does_not_depend_on_how_many_are_drawn_at_a_time() -> None:
    task = Mnist()
    whole = task.draw(state_of(task, 2), 1500)
    state = state_of(task, 2)
    parts = [task.draw(state, count) for count in (1, 599, 1, 700, 199)]
    for i in range(2):
        np.testing.assert_array_equal(whole[i], np.concatenate([part[i] for part in parts], axis=1))


def test_pixels_are_standardised_or_from_0_to_1() -> None:
    standardised, unit = (
        Mnist(pixels=pixels).draw(state_of(Mnist(pixels=pixels)), 5)[0] for pixels in ("standardised", "unit")
    )
    assert unit.min() >= 0
    assert 0.5 < unit.max() <= 1
    np.testing.assert_allclose(standardised, (unit - 0.1307) / 0.3081, rtol=1e-5, atol=1e-6)


def test_validation_examples_are_the_last_of_the_training_set_and_never_learned() -> None:
    task = Mnist(validation=150)
    assert task.epoch == 450
    assert task.held_out == ("test", "validation")
    state, plain = state_of(task), state_of(Mnist())
    parts = list(task.examples(state, "validation"))
    shown = np.concatenate([inputs for inputs, _ in parts], axis=1)[0]
    np.testing.assert_array_equal(to_pixels(shown), plain.learned.inputs[0, 450:])
    np.testing.assert_array_equal(
        np.concatenate([t for _, t in parts], axis=1)[0].argmax(axis=1), plain.learned.classes[450:]
    )
    learned = {row.tobytes() for row in task.draw(state, 1350)[0][0]}
    assert len(learned) == 450
    assert not learned & {row.tobytes() for row in shown}


def test_runs_are_named_by_the_data_they_learn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [run.key for run in digit_runs()]
    monkeypatch.setattr("fa_repro.datasets.mnist.DIGEST", "other data")
    assert not set(before) & {run.key for run in digit_runs()}


def test_epochs_and_the_same_number_of_examples_are_the_same_run() -> None:
    (one, _), (other, _) = only("backprop"), only("backprop", training__epochs=None, training__examples=1200)
    assert one.key == other.key


# ---- training ----


def plain_loop(run: Run, feedback_range: float | None) -> dict[str, np.ndarray]:
    """One example at a time within a batch, nothing shared with the package but its random numbers and the data."""
    setup = run.condition.setup
    streams = Streams([(setup.seed, run.trial)])
    inputs, targets = setup.task.draw(setup.task.init(streams, np.float64), setup.examples)
    start = initial_network(setup, streams)
    (w0, w), (b0, b) = (a[0].copy() for a in start.weights), (a[0].copy() for a in start.biases)
    back = w if feedback_range is None else feedback_range * streams.uniform("feedback/0", w.shape, float)[0]
    rate, decay, size = setup.learning_rate, setup.training.weight_decay, setup.training.batch_size
    for first in range(0, setup.examples, size):
        dw0, dw, db0, db = (np.zeros_like(a) for a in (w0, w, b0, b))
        for x, target in zip(inputs[0, first : first + size], targets[0, first : first + size], strict=True):
            h = 1 / (1 + np.exp(-(w0 @ x + b0)))
            e = target - 1 / (1 + np.exp(-(w @ h + b)))
            dh = (back.T @ e) * h * (1 - h)
            dw0, dw = dw0 + np.outer(dh, x) - decay / rate * w0, dw + np.outer(e, h) - decay / rate * w
            db0, db = db0 + dh, db + e
        for weights, change in ((w0, dw0), (w, dw), (b0, db0), (b, db)):
            weights += rate * change
    return {"weights_0": w0, "weights_1": w, "biases_0": b0, "biases_1": b}


@pytest.mark.parametrize(("name", "feedback_range"), [("backprop", None), ("feedback_alignment", 1.0)])
@pytest.mark.parametrize("size", [1, 7, 50])
def test_training_equals_a_plain_loop_with_the_papers_output_signal(
    name: str, feedback_range: float | None, size: int
) -> None:
    rate = {f"algorithms.{name}.learning_rate": 0.01, "network.init_range": 0.1}
    if feedback_range is not None:
        rate[f"algorithms.{name}.feedback_range"] = feedback_range
    changes = {"training.dtype": "float64", "training.batch_size": size, "training.weight_decay": 1e-4, "trials": 1}
    (each,) = digit_runs(overrides={"training.epochs": 0.4, **changes, **rate}, only=[name])
    expected = plain_loop(each, feedback_range)
    arrays = train([each])[0].arrays
    assert arrays.keys() == expected.keys()
    for key, array in expected.items():
        np.testing.assert_allclose(arrays[key], array, rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", ["backprop", "feedback_alignment", "sparse_feedback_alignment", "shallow"])
def test_every_trial_gives_the_same_bits_alone_as_among_others(name: str) -> None:
    runs = only(name, trials=3)
    for one, outcome in zip(runs, train(runs), strict=True):
        alone = train([one])[0]
        for key in ("test_error_percent", "angle_backprop_deg"):
            np.testing.assert_array_equal(alone.columns[key], outcome.columns[key])
        for key, array in outcome.arrays.items():
            np.testing.assert_array_equal(alone.arrays[key], array)


def test_digits_are_learned() -> None:
    ends = {}
    own = {"learning_rate": 0.01, "feedback_range": 0.1}
    for name, keys in {
        "backprop": ["learning_rate"],
        "feedback_alignment": own,
        "sparse_feedback_alignment": own,
    }.items():
        ends[name] = last_error(
            only(
                name, training__epochs=20, network__init_range=0.1, **{f"algorithms__{name}__{k}": own[k] for k in keys}
            )
        )
    assert 80 < first_error(only("backprop")) <= 100
    assert max(ends.values()) < 5


def last_error(runs: list[Run]) -> float:
    return float(np.mean([outcome.columns["test_error_percent"][-1] for outcome in train(runs)]))


def first_error(runs: list[Run]) -> float:
    return float(np.mean([outcome.columns["test_error_percent"][0] for outcome in train(runs)]))


@pytest.mark.parametrize("hidden", [[20], [20, 15]])
def test_what_shallow_never_changes_is_computed_once_and_gives_the_same(
    monkeypatch: pytest.MonkeyPatch, hidden: list[int]
) -> None:
    runs = only("shallow", network__hidden=hidden, network__init_range=0.1, training__dtype="float64")
    made: list[Any] = []
    through = Mnist.precompute
    monkeypatch.setattr(Mnist, "precompute", lambda *args: made.append(through(*args)) or made[-1])
    kept = train(runs)
    monkeypatch.setattr(mnist, "MOST_KEPT", 0)
    anew = train(runs)
    assert made[0].learned.inputs.shape == (2, 600, hidden[-1])
    assert made[1] is None
    for one, other in zip(kept, anew, strict=True):
        assert one.arrays.keys() == other.arrays.keys()
        for key in one.arrays:
            np.testing.assert_allclose(one.arrays[key], other.arrays[key], rtol=1e-10, atol=1e-13)
        np.testing.assert_array_equal(one.columns["test_error_percent"], other.columns["test_error_percent"])
        assert np.isnan(one.columns["angle_backprop_deg"]).all()


# ---- half of the elements removed ----


def test_half_of_w_and_of_b_is_removed_and_stays_so() -> None:
    runs = only("sparse_feedback_alignment", network__hidden=[40, 30], network__init_range=0.1)
    setup = runs[0].condition.setup
    streams = Streams([(0, each.trial) for each in runs])
    start = initial_network(setup, streams)
    feedback = setup.rule.init(start, streams)
    outcomes = train(runs)
    for layer in (1, 2):
        w = np.stack([outcome.arrays[f"weights_{layer}"] for outcome in outcomes])
        b = feedback[layer - 1]
        for trial in range(2):
            size = w[trial].size
            assert np.count_nonzero(w[trial]) == np.count_nonzero(b[trial]) == size // 2
            both = np.count_nonzero((w[trial] != 0) & (b[trial] != 0))
            assert abs(both - size / 4) < 4 * np.sqrt(size / 16)  # drawn on their own
        np.testing.assert_array_equal(w != 0, start.weights[layer] != 0)
        assert not np.array_equal(w[0] != 0, w[1] != 0)
        assert not np.allclose(w, start.weights[layer])
    assert np.count_nonzero(start.weights[0]) == start.weights[0].size


def test_no_sparsity_is_plain_feedback_alignment() -> None:
    dense, sparse = only("feedback_alignment"), only("sparse_feedback_alignment")
    assert {
        run.key for run in only("sparse_feedback_alignment", **{"algorithms__sparse_feedback_alignment__sparsity": 0.0})
    } == {run.key for run in dense}
    assert last_error(sparse) > 0


# ---- weight decay ----


@pytest.mark.parametrize(("dtype", "each"), [("float32", 5e-8), ("float32", 5e-5), ("float64", 1e-15)])
def test_decay_too_small_for_the_type_is_saved_up(dtype: str, each: float) -> None:
    start = np.random.default_rng(0).uniform(-1, 1, (2, 30, 40)).astype(dtype)
    weights = start.copy()
    decay, steps = Decay(weights), 200_000
    factor = 1.0 - np.array([each, 0.0])[:, None, None]
    for _ in range(steps):
        decay.apply(factor)
    total = steps * each
    allowed = 0.01 * total + 256 * np.finfo(dtype).eps  # one per cent, and what is still owed
    assert np.abs(weights[0] / start[0] - np.exp(-total)).max() < allowed
    np.testing.assert_array_equal(weights[1], start[1])


def test_biases_do_not_decay() -> None:
    (each, _) = only(
        "backprop", training__weight_decay=0.01, algorithms__backprop__learning_rate=1e-9, network__bias_range=0.3
    )
    start = initial_network(each.condition.setup, Streams([(0, 0)]))
    arrays = train([each])[0].arrays
    np.testing.assert_allclose(arrays["biases_1"], start.biases[1][0], atol=1e-5)


# ---- measured on held-out examples ----


@pytest.mark.parametrize("size", [1, 7, 50])
def test_test_error_is_that_of_the_weights_at_that_example(size: int) -> None:
    """Also in the middle of a window of delayed updates, where the first layer's weights lag behind."""
    changes = {"training__batch_size": size, "training__weight_decay": 1e-4, "trials": 2}
    long = train(only("backprop", **changes))
    examples = long[0].columns["example"]
    assert examples[2] % 16 != 0
    for at in (1, 2, 4):
        short = only("backprop", **changes, training__epochs=None, training__examples=int(examples[at]))
        for trial, outcome in enumerate(train(short)):
            w0, w, b0, b = (outcome.arrays[key] for key in ("weights_0", "weights_1", "biases_0", "biases_1"))
            ((inputs, targets),) = Mnist().examples(state_of(Mnist()), "test")
            output = np.tanh(inputs[0] @ w0.T / 2 + b0 / 2) / 2 + 0.5
            wrong = ((output @ w.T + b).argmax(axis=1) != targets[0].argmax(axis=1)).mean()
            assert long[trial].columns["test_error_percent"][at] == pytest.approx(100 * wrong, abs=1e-9)
            assert outcome.columns["test_error_percent"][-1] == pytest.approx(100 * wrong, abs=1e-9)


@pytest.mark.parametrize("size", [1, 50])
def test_measuring_does_not_change_what_is_learned(size: int) -> None:
    one, other = (
        train(only("feedback_alignment", training__batch_size=size, record__probes=columns, record__grid=when))
        for columns, when in (
            (["test_error_percent", "angle_backprop_deg"], "epochs"),
            (["test_error_percent", "angle_backprop_deg", "nse"], "linear"),
        )
    )
    for a, b in zip(one, other, strict=True):
        for key in a.arrays:
            np.testing.assert_array_equal(a.arrays[key], b.arrays[key])


def test_validation_error_is_measured_on_images_that_are_not_learned() -> None:
    changes = {
        "task__validation": 200,
        "record__probes": ["test_error_percent", "validation_error_percent", "angle_backprop_deg"],
    }
    for outcome in train(only("backprop", **changes)):
        columns = outcome.columns
        assert not np.array_equal(columns["test_error_percent"], columns["validation_error_percent"])
        assert (columns["validation_error_percent"] % 0.5 < 1e-9).all()


def test_misclassified_counts_examples() -> None:
    target = np.eye(3)[None, [0, 1, 2, 2]]
    output = np.array([[[0.9, 0.1, 0.2], [0.9, 0.1, 0.2], [0.5, 0.5, 0.4], [np.nan, 0.0, 1.0]]])
    assert metrics.misclassified(target, output).tolist() == [3]
    assert metrics.misclassified(target, np.concatenate([target, 1 - target])).tolist() == [0, 4]


def test_a_diverging_run_has_no_error_from_there_on() -> None:
    changes = {"network__output": "linear", "training__loss": "squared_error", "network__activation": "linear"}
    lost, *_ = train(only("backprop", **changes, algorithms__backprop__learning_rate=0.5))
    assert lost.diverged_at is not None
    at = lost.columns["example"] >= lost.diverged_at
    assert np.isnan(lost.columns["test_error_percent"][at]).all()
    assert np.isfinite(lost.columns["test_error_percent"][~at]).all()


def test_the_grid_of_epochs() -> None:
    record = Record("epochs")
    assert grid(record, 640 * 3, 1, 640).tolist() == [0, 10, 20, 40, 80, 160, 320, 640, 1280, 1920]
    assert grid(record, 700, 50, 640).tolist() == [0, 50, 100, 150, 300, 650, 700]
    assert grid(record, 100, 1, 640).tolist() == [0, 10, 20, 40, 80, 100]
    with pytest.raises(ValueError, match="this task has no epochs"):
        grid(record, 100, 1)


# ---- what a person may ask for ----


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training.examples": 100}, "expected either examples or epochs, got both; set one of them to null"),
        ({"training.epochs": None}, "expected either examples or epochs, got neither"),
        ({"training.epochs": 0}, "training.epochs"),
        ({"task.pixels": "standardized"}, "Did you mean standardised?"),
        ({"task.validation": -1}, "task.validation"),
        ({"algorithms.backprop.sparsity": 0.5}, "sparsity: unknown key"),
        ({"algorithms.feedback_alignment.sparsity": 1.0}, "sparsity"),
        ({"training.weight_decay": 0.02}, "would take 1 of each weight; at most 0.5"),
        (
            {"record.probes": ["validation_error_percent"]},
            "the task holds out no validation examples; it holds out test",
        ),
        (
            {"task": {"name": "linear", "inputs": 3, "outputs": 2}},
            "this task has no epochs: set training.examples instead",
        ),
        ({"algorithms.initial": {"rule": "backprop", "learning_rate": 0.1}}, "initial is taken"),
        ({"record.probes": ["angle_backprop_deg"]}, "the figure needs test_error_percent"),
    ],
)
def test_what_cannot_be_is_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        digit_runs(overrides=changes)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"record.weights": False}, "the figure draws weights: set record.weights to true"),
        (
            {
                "task": {"name": "linear", "inputs": 6, "outputs": 2},
                **{"training.examples": 10, "training.epochs": None, "record": {"weights": True, "grid": "every"}},
                **{"training.loss": "squared_error"},
            },
            "the figure draws square images, and 6 inputs are none",
        ),
    ],
)
def test_what_receptive_fields_cannot_draw_is_told_before_training(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        digit_runs("receptive-fields", changes)
    assert message in str(error.value)


def test_runs_of_other_lengths_are_not_trained_together() -> None:
    document = yaml.load((shipped_folder() / "mnist.yaml").read_bytes(), "mnist.yaml")
    runs = resolve_config(
        document, {"network.hidden": [20], "trials": 2}, sweep={"training.epochs": [1, 2]}, only=["backprop"]
    ).runs()
    assert sorted(len(group) for group in form_batches(runs)) == [2, 2]
    assert len({run.key for run in runs}) == 4
    assert {run.condition.setup.examples for run in runs} == {600, 1200}


def test_sparsity_is_the_same_alone_as_among_others() -> None:
    shares = [0.1475, 0.5, 0.035, 0.0]  # 0.1475 of 200 weights is halfway between 29 and 30
    runs = digit_runs(
        overrides={"sweep": {"algorithms.sparse_feedback_alignment.sparsity": shares}, "trials": 1},
        only=["sparse_feedback_alignment"],
    )
    ((*batch,),) = form_batches(runs)
    for one, outcome in zip(batch, train(batch), strict=True):
        for key, array in train([one])[0].arrays.items():
            np.testing.assert_array_equal(outcome.arrays[key], array)


# ---- figures ----


SMALL = {"network.hidden": [20], "training.epochs": 2, "trials": 2}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_mnist_writes_its_columns_and_draws_what_is_in_them(elsewhere: Path) -> None:
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


def test_receptive_fields_reuse_the_runs_of_mnist(elsewhere: Path) -> None:
    run("mnist", SMALL)
    changes = {**SMALL, "trials": 1}
    result = run("receptive-fields", changes)
    assert (result.trained, result.found) == (0, 3)
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


def test_the_search_is_measured_on_held_out_images_and_drawn_as_heat_maps(elsewhere: Path) -> None:
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


def test_a_swept_mnist_is_drawn_and_a_search_of_one_axis_too(elsewhere: Path) -> None:
    swept = run("mnist", SMALL, sweep={"network.init_range": [0.1, 0.2]}, only=["backprop", "shallow"])
    assert [len(ax.lines) for ax in swept.figure.axes[:2]] == [2, 2]
    for ax in swept.figure.axes[:2]:
        assert {5, 10, 20, 50} <= set(ax.get_yticks())
        assert not len(ax.get_yticks(minor=True))
    changes = {"network.hidden": [8], "training.epochs": 0.5, "task.validation": 100, "sweep": {}}
    assert run("search/mnist", changes).figure.axes
    assert run("search/mnist", {**changes, "sweep": {"seed": [1, 2]}}).figure.axes


def test_all_shipped_configs_of_digits_agree_so_that_runs_are_shared() -> None:
    fields = {run.key for run in digit_runs("receptive-fields", {"trials": 1})}
    assert fields < {run.key for run in digit_runs("mnist")}
    assert (shipped_folder() / "search/mnist.yaml").is_file()


def test_without_data_nothing_is_written_and_the_way_out_is_told(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, digits: Path
) -> None:
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
    assert (result.directory / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert bool(result.diverged) == ("network.output" in options.get("settings", {}))


def test_only_drops_the_axes_of_the_algorithms_that_it_drops(elsewhere: Path) -> None:
    changes = {"network.hidden": [8], "training.epochs": 0.5, "task.validation": 100}
    result = run("search/mnist", changes, only=["backprop"])
    assert result.trained == 4 * 3
    assert set(pd.read_csv(result.directory / "mnist.csv")) >= {
        "network.init_range",
        "algorithms.backprop.learning_rate",
    }
    with pytest.raises(ConfigError, match="there is no algorithm 'feedback_alignmen'"):
        run("search/mnist", changes, only=["backprop"], sweep={"algorithms.feedback_alignmen.feedback_range": [1.0]})


def test_a_search_over_lengths_shows_the_end_of_each(elsewhere: Path) -> None:
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


def test_a_large_search_writes_no_numbers_over_each_other(elsewhere: Path) -> None:
    sweep = {"seed": list(range(12)), "network.init_range": [0.1 * n for n in range(1, 13)]}
    changes = {"network.hidden": [2], "training.epochs": 0.02, "task.validation": 100, "sweep": sweep}
    ax = run("search/mnist", changes, only=["backprop"]).figure.axes[0]
    assert ax.images[0].get_array().shape == (12, 12)
    assert not ax.texts
    assert len(ax.get_xticks()) <= 10


def test_swept_lists_stand_in_their_order_and_not_in_that_of_words(elsewhere: Path) -> None:
    sweep = {"network.hidden": [[8], [100], [20], [8, 4]]}
    changes = {"training.epochs": 0.1, "task.validation": 100, "sweep": sweep}
    ax = run("search/mnist", changes, only=["backprop"]).figure.axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["[8]", "[8, 4]", "[20]", "[100]"]


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
    with pytest.raises(ConfigError, match="jobs: expected a whole number from 1 on"):
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


# ---- found by faults that no test above caught ----


@pytest.mark.parametrize(("dtype", "each"), [("float32", 5e-8), ("float64", 1e-15)])
def test_each_replica_is_owed_its_own_decay(dtype: str, each: float) -> None:
    start = np.random.default_rng(0).uniform(-1, 1, (2, 30, 40)).astype(dtype)
    weights, steps = start.copy(), 100_000
    decay, factor = Decay(weights), 1.0 - np.array([each, each / 3])[:, None, None]
    for _ in range(steps):
        decay.apply(factor)
    for replica, total in enumerate((steps * each, steps * each / 3)):
        allowed = 0.01 * total + 256 * np.finfo(dtype).eps
        assert np.abs(weights[replica] / start[replica] - np.exp(-total)).max() < allowed


def test_the_same_random_units_are_shown_of_every_algorithm() -> None:
    runs = digit_runs(overrides={"trials": 1, "training.epochs": 0.01})
    table = receptive_field_table(freshly_trained(runs), (), 5)
    units = table.groupby("algorithm")["unit"].unique().map(tuple)
    assert len(set(units)) == 1
    assert len(units.iloc[0]) == 5
    assert units.iloc[0] != (0, 1, 2, 3, 4)


@pytest.mark.parametrize("share", [0.0525, 0.248, 0.252])  # of 200 weights 10.5, 49.6 and 50.4
def test_the_nearest_whole_number_of_weights_is_removed(share: float) -> None:
    changes = {"trials": 1, "algorithms.sparse_feedback_alignment.sparsity": share}
    (each,) = digit_runs(overrides=changes, only=["sparse_feedback_alignment"])
    start = initial_network(each.condition.setup, Streams([(0, 0)]))
    lost = 200 - np.count_nonzero(start.weights[1])
    assert abs(lost - 200 * share) <= 0.5 + 1e-4


def test_receptive_fields_are_those_of_the_first_trial() -> None:
    runs = digit_runs(overrides={"training.epochs": 0.01}, only=["backprop"])
    one, two = (receptive_field_table(freshly_trained(part), (), 20) for part in (runs, runs[:1]))
    assert one.equals(two)


def test_a_heat_map_names_its_axes_and_hides_a_cell_whose_trial_diverged(elsewhere: Path) -> None:
    changes = {"network.hidden": [3], "training.epochs": 0.02, "task.validation": 100, "trials": 2}
    result = run("search/mnist", changes, only=["backprop"])
    ax = result.figure.axes[0]
    assert "ω" in ax.get_xlabel()
    assert "η" in ax.get_ylabel()
    cells = ax.images[0].get_array()
    bold = {text.get_position() for text in ax.texts if text.get_fontweight() == "bold"}
    assert bold == {(x, y) for y, x in np.argwhere(cells == cells.min())}
    saved = load(result.directory)
    table = saved.table.copy()
    table.loc[table.index[-1], "validation_error_percent"] = np.nan  # the end of trial 1 in the last cell
    cells = draw(SEARCH, replace(saved, table=table)).axes[0].images[0].get_array()
    assert np.isnan(np.ma.filled(cells, np.nan)).sum() == 1


def test_published_points_are_drawn_where_they_are(elsewhere: Path) -> None:
    result = run("mnist", {"network.hidden": [5], "training.epochs": 2, "trials": 1})
    saved = load(result.directory)
    longer = replace(saved, table=saved.table.assign(example=saved.table["example"] * 10**6))
    lines = draw(FIGURE, longer).axes[0].lines
    drawn = [
        (line.get_xdata(), line.get_ydata()) for line in lines if line.get_linestyle() == ":" and len(line.get_xdata())
    ]
    known = published.published_curves("2a")
    names = [name for name in saved.config["algorithms"] if name in known]
    assert len(drawn) == len(names)
    for (x, y), name in zip(drawn, names, strict=True):
        np.testing.assert_array_equal(x, known[name]["examples"])
        np.testing.assert_array_equal(y, known[name]["value"])


def test_two_hidden_layers_learn_by_the_shipped_config_and_are_not_compared_with_one(elsewhere: Path) -> None:
    # a quarter of the rate at which backprop becomes unsteady on these images
    rates = {f"algorithms.{name}.learning_rate": 0.005 for name in ("backprop", "feedback_alignment")}
    small = {"network.hidden": [60, 40], "network.init_range": [0.1, 0.3, 0.5], "training.epochs": 30, "trials": 2}
    result = run("extra/mnist-deep", {**small, **rates, "algorithms.feedback_alignment.feedback_range": 0.3})
    assert result.directory == Path("results/extra/mnist-deep")
    ends = result.table.groupby(["algorithm", "epoch"])["test_error_percent"].mean().unstack()
    assert set(ends.index) == {"backprop", "feedback_alignment"}
    assert (ends[0.0] > 80).all()
    assert (ends[30.0] < 5).all()
    panel = result.figure.axes[0]
    assert panel.get_title().startswith("2 hidden layers")
    assert not [line for line in panel.lines if line.get_linestyle() == ":"]


def test_percent_is_of_all_examples_however_they_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = digit_runs(overrides={"training.epochs": 0.2}, only=["backprop"])
    whole = [o.columns["test_error_percent"] for o in train(runs)]
    monkeypatch.setattr(mnist, "PART", 30)  # 100 images in parts of 30, 30, 30 and 10
    np.testing.assert_allclose([o.columns["test_error_percent"] for o in train(runs)], whole, rtol=1e-12)


def test_an_example_without_an_angle_does_not_count() -> None:
    ours = np.array([[[[1.0, 0.0], [0.0, 0.0]]]])
    theirs = np.array([[[[0.0, 1.0], [1.0, 0.0]]]])
    assert probes.make("angle_backprop_deg").reduce([ours, theirs]) == pytest.approx(90)


def test_what_is_kept_of_digits_is_one_run_at_a_time() -> None:
    assert [len(group) for group in form_batches(digit_runs(only=["shallow"]))] == [1, 1]
    assert [len(group) for group in form_batches(digit_runs(only=["backprop"]))] == [2]


def test_what_is_kept_of_held_out_images_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    state, task = state_of(Mnist()), Mnist()
    for most, kept in ((600 * 4, False), (700 * 4, True)):  # one unit, float32
        monkeypatch.setattr(mnist, "MOST_KEPT", most)
        assert (task.precompute(state, lambda inputs: inputs[..., :1]) is not None) == kept


def test_quick_lowers_epochs_of_any_kind_but_mends_nothing() -> None:
    document = yaml.load((shipped_folder() / "mnist.yaml").read_bytes(), "mnist.yaml")
    assert {
        run.condition.setup.examples for run in resolve_config(document, {"training.epochs": 2.5}, quick=True).runs()
    } == {600}
    with pytest.raises(ConfigError, match="trials"):
        resolve_config(document, {"trials": 2.5}, quick=True)


def test_an_axis_that_is_asked_for_must_concern_an_algorithm_that_is_kept(elsewhere: Path) -> None:
    with pytest.raises(ConfigError, match="there is no algorithm 'shallow'"):
        run("mnist", SMALL, only=["backprop"], sweep={"algorithms.shallow.learning_rate": [0.1, 0.2]})


def test_blocks_can_be_swept(elsewhere: Path) -> None:
    swept = run(
        "mnist",
        SMALL,
        only=["backprop"],
        sweep={"algorithms.backprop.training": [{"batch_size": 5}, {"batch_size": 7}]},
    )
    assert len(swept.figure.axes[0].lines) == 2
