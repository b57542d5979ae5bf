"""More of the figures of digits."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fa_repro import run
from fa_repro.claims import published
from fa_repro.config.locate import shipped_folder
from fa_repro.config.resolve import resolve_config
from fa_repro.errors import ConfigError
from fa_repro.execution.batching import form_batches
from fa_repro.figures.mnist import FIGURE
from fa_repro.figures.search import FIGURE as SEARCH
from fa_repro.io import yaml
from fa_repro.nn.random import Streams
from fa_repro.results.directory import load
from fa_repro.results.tables import receptive_field_table
from fa_repro.tasks import mnist
from fa_repro.tasks.mnist import Mnist
from fa_repro.training import probes
from fa_repro.training.runs import initial_network
from fa_repro.training.trainer import Decay, train
from tests.support.configs import digit_runs, freshly_trained
from tests.support.digits import SMALL, state_of
from tests.support.drawing import draw

pytestmark = pytest.mark.usefixtures("digits")


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


def test_algorithms_show_the_same_random_units() -> None:
    runs = digit_runs(overrides={"trials": 1, "training.epochs": 0.01})
    table = receptive_field_table(freshly_trained(runs), (), 5)
    units = table.groupby("algorithm")["unit"].unique().map(tuple)
    assert len(set(units)) == 1
    assert len(units.iloc[0]) == 5
    assert units.iloc[0] != (0, 1, 2, 3, 4)


@pytest.mark.parametrize("share", [0.0525, 0.248, 0.252])  # of 200 weights 10.5, 49.6 and 50.4
def test_sparsity_rounds_to_the_nearest_weight(share: float) -> None:
    changes = {"trials": 1, "algorithms.sparse_feedback_alignment.sparsity": share}
    (each,) = digit_runs(overrides=changes, only=["sparse_feedback_alignment"])
    start = initial_network(each.condition.setup, Streams([(0, 0)]))
    lost = 200 - np.count_nonzero(start.weights[1])
    assert abs(lost - 200 * share) <= 0.5 + 1e-4


def test_receptive_fields_show_the_first_trial() -> None:
    runs = digit_runs(overrides={"training.epochs": 0.01}, only=["backprop"])
    one, two = (receptive_field_table(freshly_trained(part), (), 20) for part in (runs, runs[:1]))
    assert one.equals(two)


@pytest.mark.draws
def test_heat_map_has_labels_and_hides_diverged(elsewhere: Path) -> None:
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


def test_published_points_are_drawn_in_place(elsewhere: Path) -> None:
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


@pytest.mark.draws
def test_shipped_deep_config_learns_two_layers(elsewhere: Path) -> None:
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


def test_percent_is_independent_of_chunk_size(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = digit_runs(overrides={"training.epochs": 0.2}, only=["backprop"])
    whole = [o.columns["test_error_percent"] for o in train(runs)]
    monkeypatch.setattr(mnist, "PART", 30)  # 100 images in parts of 30, 30, 30 and 10
    np.testing.assert_allclose([o.columns["test_error_percent"] for o in train(runs)], whole, rtol=1e-12)


def test_undefined_angles_do_not_enter_the_mean() -> None:
    ours = np.array([[[[1.0, 0.0], [0.0, 0.0]]]])
    theirs = np.array([[[[0.0, 1.0], [1.0, 0.0]]]])
    assert probes.make("angle_backprop_deg").reduce([ours, theirs]) == pytest.approx(90)


def test_precomputed_runs_are_trained_singly() -> None:
    assert [len(group) for group in form_batches(digit_runs(only=["shallow"]))] == [1, 1]
    assert [len(group) for group in form_batches(digit_runs(only=["backprop"]))] == [2]


def test_precomputation_limit_counts_test_images(monkeypatch: pytest.MonkeyPatch) -> None:
    state, task = state_of(Mnist()), Mnist()
    for most, kept in ((600 * 4, False), (700 * 4, True)):  # one unit, float32
        monkeypatch.setattr(mnist, "MOST_KEPT", most)
        assert (task.precompute(state, lambda inputs: inputs[..., :1]) is not None) == kept


def test_quick_lowers_epochs_but_fixes_no_error() -> None:
    document = yaml.load((shipped_folder() / "mnist.yaml").read_bytes(), "mnist.yaml")
    assert {
        run.condition.setup.examples for run in resolve_config(document, {"training.epochs": 2.5}, quick=True).runs()
    } == {600}
    with pytest.raises(ConfigError, match="trials"):
        resolve_config(document, {"trials": 2.5}, quick=True)


def test_requested_axis_needs_a_kept_algorithm(elsewhere: Path) -> None:
    with pytest.raises(ConfigError, match="there is no algorithm 'shallow'"):
        run("mnist", SMALL, only=["backprop"], sweep={"algorithms.shallow.learning_rate": [0.1, 0.2]})


@pytest.mark.draws
def test_blocks_can_be_swept(elsewhere: Path) -> None:
    swept = run(
        "mnist",
        SMALL,
        only=["backprop"],
        sweep={"algorithms.backprop.training": [{"batch_size": 5}, {"batch_size": 7}]},
    )
    assert len(swept.figure.axes[0].lines) == 2
