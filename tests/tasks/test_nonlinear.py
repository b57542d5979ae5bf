"""The nonlinear task, its error on held-out examples, and angles of single layers."""

from typing import Any

import numpy as np
import pytest

from fa_repro.errors import ConfigError
from fa_repro.nn.random import Streams
from fa_repro.tasks.nonlinear import Nonlinear
from fa_repro.training.runs import Run
from fa_repro.training.trainer import train
from fa_repro.typing import Array
from tests.support.configs import small_runs

TASK = {"name": "nonlinear", "inputs": 6, "outputs": 3, "hidden": [5, 4], "target_range": 0.7, "target_bias_range": 0.4}
NETWORK = {"hidden": [5, 4], "init_range": 0.3, "activation": "tanh", "bias": True}
RECORD = {"grid": "linear", "points": 5, "probes": ["nse", "test_nse", "angle_backprop_deg"], "weights": True}
BLOCKS: dict[str, Any] = {"task": TASK, "network": NETWORK, "record": RECORD}


def runs(rule: str = "backprop", changes: dict[str, Any] | None = None, **keys: Any) -> list[Run]:
    return small_runs(rule, {**BLOCKS, **(changes or {})}, **keys)


def tanh_net(weights: list[Array], biases: list[Array], x: Array) -> Array:
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        x = x @ w.T + b
        if layer < len(weights) - 1:
            x = np.tanh(x)
    return x


def test_targets_come_from_a_random_tanh_net() -> None:
    task = Nonlinear(6, 3, (5, 4), (0.7, 0.5, 0.3), (0.1, 0.2, 0.4), test_examples=70)
    streams = Streams([(0, 0), (0, 1)])
    state = task.init(streams, np.float64)
    target = state.target
    for layer, (scale, bias) in enumerate(((0.7, 0.1), (0.5, 0.2), (0.3, 0.4))):
        np.testing.assert_array_equal(
            target.weights[layer],
            scale * streams.uniform(f"target/weights/{layer}", target.weights[layer].shape[1:], float),
        )
        assert np.abs(target.biases[layer]).max() <= bias
        assert np.abs(target.biases[layer]).max() > 0.5 * bias
    shown = [task.draw(state, 40), next(task.examples(state, "test"))]
    assert shown[1][0].shape == (2, 70, 6)
    for inputs, targets in shown:
        for trial in range(2):
            weights, biases = ([a[trial] for a in arrays] for arrays in (target.weights, target.biases))
            np.testing.assert_allclose(targets[trial], tanh_net(weights, biases, inputs[trial]), rtol=1e-12, atol=1e-14)
    assert not np.isin(shown[0][0], shown[1][0]).any()


def test_algorithms_share_function_and_examples() -> None:
    task = Nonlinear(6, 3, (5, 4), (0.7,))
    one, other = (task.init(Streams([(0, trial)]), np.float64) for trial in (0, 0))
    np.testing.assert_array_equal(one.held_out["test"][1], other.held_out["test"][1])
    parts = [task.draw(other, count)[0] for count in (1, 255, 44)]
    np.testing.assert_array_equal(task.draw(one, 300)[0], np.concatenate(parts, axis=1))
    assert not np.array_equal(one.held_out["test"][1], task.init(Streams([(0, 1)]), np.float64).held_out["test"][1])
    assert not np.isin(one.held_out["test"][0], one.held_out["validation"][0]).any()
    assert not np.isin(one.held_out["validation"][0], parts[1]).any()
    for name in ("test", "validation"):
        np.testing.assert_array_equal(next(task.examples(one, name))[0], one.held_out[name][0])


@pytest.mark.parametrize("activation", ["linear", "logistic"])
def test_target_uses_the_given_activation(activation: str) -> None:
    task = Nonlinear(6, 3, (5,), (0.7,), (0.2,), activation=activation)
    state = task.init(Streams([(0, 0)]), np.float64)
    x, target = task.draw(state, 5)
    h = x[0] @ state.target.weights[0][0].T + state.target.biases[0][0]
    h = h if activation == "linear" else 1 / (1 + np.exp(-h))
    np.testing.assert_allclose(target[0], h @ state.target.weights[1][0].T + state.target.biases[1][0], rtol=1e-12)


def test_common_streams_follow_each_trials_seed() -> None:
    common = Streams([(0, 1), (3, 0), (0, 0), (3, 2), (0, 1)]).in_common().uniform("target", (4,), float)
    one, other = (Streams([(seed, 0)]).uniform("target", (4,), float)[0] for seed in (0, 3))
    np.testing.assert_array_equal(common, [one, other, one, other, one])


def test_same_target_shares_only_the_function() -> None:
    task = Nonlinear(6, 3, (5, 4), (0.7,), (0.4,), same_target=True)
    state, other = (task.init(Streams([(seed, 0), (seed, 1), (seed, 2)]), np.float64) for seed in (0, 1))
    for arrays in (state.target.weights, state.target.biases):
        for array in arrays:
            assert (array == array[0]).all()
    alone = Nonlinear(6, 3, (5, 4), (0.7,), (0.4,)).init(Streams([(0, 0)]), np.float64)
    np.testing.assert_array_equal(state.target.weights[0][2], alone.target.weights[0][0])
    assert not np.array_equal(state.target.weights[0], other.target.weights[0])
    inputs, _ = task.draw(state, 10)
    assert not np.array_equal(inputs[0], inputs[1])
    assert not np.array_equal(state.held_out["test"][0][0], state.held_out["test"][0][1])
    # Trials start from weights of their own, too, and give the same bits alone.
    together = runs(changes={"task": {**TASK, "same_target": True}})
    for one, outcome in zip(together, train(together), strict=True):
        (by_itself,) = train([one])
        np.testing.assert_array_equal(by_itself.columns["test_nse"], outcome.columns["test_nse"])
    assert not np.array_equal(*(outcome.columns["nse"] for outcome in train(together[:2])))


def test_student_does_not_start_at_the_target() -> None:
    same = {"network": {**NETWORK, "init_range": 0.7, "bias_range": 0.4}}
    assert min(outcome.columns["test_nse"][0] for outcome in train(runs(changes=same))) > 0.1


@pytest.mark.parametrize("batch", [1, 7])
def test_test_nse_uses_the_current_weights(batch: int) -> None:
    """Also within a window of delayed updates; normalised by all examples together."""
    changes = {"training.batch_size": batch}
    for trial, outcome in enumerate(train(runs(changes=changes))):
        at = outcome.columns["example"]
        assert any(n % 16 for n in at)
        for place, n in enumerate(at[1:], start=1):
            ended = train(runs(changes={**changes, "training.examples": int(n)}))[trial]
            w, b = ([ended.arrays[f"{kind}_{layer}"] for layer in range(3)] for kind in ("weights", "biases"))
            setup = runs()[trial].condition.setup
            inputs, targets = next(setup.task.examples(setup.task.init(Streams([(0, trial)]), np.float64), "test"))
            error = targets[0] - tanh_net(w, b, inputs[0])
            expected = (error**2).sum() / (targets[0] ** 2).sum()
            assert outcome.columns["test_nse"][place] == pytest.approx(expected, rel=1e-9)


def test_student_of_the_targets_shape_learns_it() -> None:
    changes = {"training.examples": 20_000, "algorithms.one.learning_rate": 0.02, "trials": 2}
    for outcome in train(runs(changes=changes)):
        assert outcome.columns["test_nse"][-1] < 0.05 * outcome.columns["test_nse"][0]


def test_diverged_run_has_an_infinite_test_error() -> None:
    changes = {"network.activation": "linear", "algorithms.one.learning_rate": 5.0, "training.examples": 600}
    lost, *_ = train(runs(changes=changes))
    assert lost.diverged_at is not None
    assert lost.columns["test_nse"][-1] == np.inf


def test_trials_give_the_same_bits_in_any_batch() -> None:
    together = runs("feedback_alignment", feedback_range=[0.5, 0.9])
    for one, outcome in zip(together, train(together), strict=True):
        (alone,) = train([one])
        for name, values in outcome.columns.items():
            np.testing.assert_array_equal(alone.columns[name], values)


def test_the_angle_of_each_layer() -> None:
    names = ["angle_backprop_layer1_deg", "angle_backprop_layer2_deg", "angle_backprop_deg", "test_nse", "nse"]
    changes = {"record": {**RECORD, "probes": names}}
    for outcome in train(runs("feedback_alignment", changes, feedback_range=0.5)):
        lower, upper, both = (outcome.columns[name] for name in names[:3])
        assert not np.allclose(lower, upper)
        assert ((np.minimum(lower, upper) - 1e-9 <= both) & (both <= np.maximum(lower, upper) + 1e-9)).mean() > 0.5
    for outcome in train(runs("backprop", changes)):
        for name in names[:3]:
            assert outcome.columns[name].max() < 1e-5
    for outcome in train(runs("shallow", changes)):
        assert np.isnan(outcome.columns[names[0]]).all()


def test_one_hidden_layer_has_the_overall_angle() -> None:
    names = ["angle_backprop_layer1_deg", "angle_backprop_deg", "test_nse", "nse"]
    changes = {"network": {**NETWORK, "hidden": [5]}, "record": {**RECORD, "probes": names}}
    for outcome in train(runs("feedback_alignment", changes, feedback_range=0.5)):
        np.testing.assert_array_equal(outcome.columns[names[0]], outcome.columns[names[1]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"task": {**TASK, "target_range": [1.0, 2.0]}},
            "target_range: expected one number or a list of 3 (one per layer), got a list of 2",
        ),
        ({"task": {**TASK, "hidden": []}}, "expected at least one value"),
        ({"task": {**TASK, "activation": "relu"}}, "activation"),
        ({"task": {k: v for k, v in TASK.items() if k != "hidden"}}, "task: hidden: missing"),
        ({"record.probes": ["nse", "angle_backprop_layer3_deg"]}, "there is no hidden layer 3; the network has 2"),
        ({"record.probes": ["nse", "angle_backprop_layer0_deg"]}, "there is no hidden layer 0"),
        ({"record.probes": ["nse", "angle_backprp_layer1_deg"]}, "Did you mean angle_backprop_deg?"),
        ({"training.epochs": 3, "training.examples": None}, "this task has no epochs: set training.examples instead"),
        ({"record.grid": "epochs"}, "this task has no epochs"),
    ],
)
def test_what_cannot_be_is_reported(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        runs(changes=changes)
    assert message in str(error.value)
