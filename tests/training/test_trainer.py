"""The training loop, against a plain one."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from fa_repro import registry
from fa_repro.execution.batching import form_batches
from fa_repro.nn.random import Streams
from fa_repro.rules import Rule, Signals, Step, cascade
from fa_repro.training import probes
from fa_repro.training.runs import Run, initial_network
from fa_repro.training.trainer import Learner, train
from tests.support.configs import small, small_runs
from tests.support.outcomes import assert_same


def plain_loop(run: Run, feedback_alignment: bool) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """One example at a time, one replica, nothing shared with the package but its random numbers."""
    setup = run.condition.setup
    streams = Streams([(setup.seed, run.trial)])
    target = setup.task.target_range * streams.uniform("target", (setup.task.outputs, setup.task.inputs), float)[0]
    inputs = streams.normals("inputs", setup.task.inputs).draw(setup.training.examples)[0]
    network = initial_network(setup, streams)
    (w0, w), biases = (a[0] for a in network.weights), [b[0] for b in network.biases]
    b0, b1 = biases if biases else (0.0, 0.0)
    feedback = 0.5 * streams.uniform("feedback/0", w.shape, float)[0].T if feedback_alignment else None
    rate, decay, size = setup.learning_rate, setup.training.weight_decay, setup.training.batch_size
    for start in range(0, len(inputs), size):
        dw0, dw, db0, db1 = (np.zeros_like(a) for a in (w0, w, b0, b1))
        for x in inputs[start : start + size]:
            h = np.tanh(w0 @ x + b0) if setup.network.activation == "tanh" else w0 @ x + b0
            e = target @ x - (w @ h + b1)
            dh = (w.T if feedback is None else feedback) @ e
            if setup.network.activation == "tanh":
                dh = dh * (1 - h**2)
            dw, dw0 = dw + np.outer(e, h) - decay / rate * w, dw0 + np.outer(dh, x) - decay / rate * w0
            db0, db1 = db0 + dh, db1 + e
        w0, w = w0 + rate * dw0, w + rate * dw
        if biases:
            b0, b1 = b0 + rate * db0, b1 + rate * db1
    return [w0, w], [b0, b1] if biases else []


@pytest.mark.parametrize("rule", ["backprop", "feedback_alignment"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"training.batch_size": 7},  # 40 examples: the last batch is shorter
        {"training.weight_decay": 0.001, "training.batch_size": 5},
        {"training.weight_decay": 0.001, "training.batch_size": 50},
        {"training.weight_decay": 0.001, "network.bias": True},  # online: decay within the first layer's window
        {"network.bias": True, "network.bias_range": 0.2, "network.activation": "tanh"},
    ],
)
def test_training_equals_a_plain_loop(rule: str, changes: dict[str, Any]) -> None:
    runs = small_runs(rule, changes)
    for run, outcome in zip(runs, train(runs), strict=True):
        weights, biases = plain_loop(run, rule == "feedback_alignment")
        for layer, expected in enumerate(weights):
            np.testing.assert_allclose(outcome.arrays[f"weights_{layer}"], expected, rtol=1e-10)
        for layer, expected in enumerate(biases):
            np.testing.assert_allclose(outcome.arrays[f"biases_{layer}"], expected, rtol=1e-10)


@pytest.mark.parametrize("rule", registry.names("rules"))
@pytest.mark.parametrize(
    "changes",
    [
        {"sweep": {"network.init_range": [0.0, 0.01, 0.3], "algorithms.one.learning_rate": [0.01, 0.02]}},
        {"network.hidden": [5, 4], "network.activation": "tanh", "network.bias": True, "training.batch_size": 7},
        {"sweep": {"training.weight_decay": [0.0, 0.01, 1e-9]}, "training.batch_size": 3},
        {"training.dtype": "float32", "sweep": {"seed": [1, 2], "task.target_range": [0.5, 1.0]}},
    ],
)
def test_run_gives_the_same_bits_in_any_batch(rule: str, changes: dict[str, Any]) -> None:
    columns = ["nse", "angle_backprop_deg", "angle_pseudobackprop_deg"]
    runs = small_runs(rule, {"record.probes": columns, **changes})
    (batch,) = form_batches(runs)
    assert len(batch) == len(runs)
    for run, outcome in zip(batch, train(batch), strict=True):
        assert_same(outcome, train([run])[0])


def test_the_order_of_a_batch_does_not_matter() -> None:
    runs = small_runs("node_perturbation", noise_std=0.1)
    for one, other in zip(train(runs), reversed(train(runs[::-1])), strict=True):
        assert_same(one, other)


def test_all_algorithms_of_a_trial_start_alike() -> None:
    outcomes = {run.condition.algorithm: train([run])[0] for run in small().runs() if run.trial == 1}
    starts = {name: outcome.columns["nse"][0] for name, outcome in outcomes.items()}
    assert len(set(starts.values())) == 1
    targets = [outcome.arrays["target"] for outcome in outcomes.values()]
    assert all(np.array_equal(target, targets[0]) for target in targets)


@dataclass(frozen=True)
class EverySecond(Rule):
    """Backprop whose first layer learns from every second step only: no signal, or one of zeros, in the others."""

    silence: bool = True

    def signals(self, step: Step, state: Any) -> tuple[Signals, Any]:
        first, *rest = cascade(step, step.upper_weights)
        number = 0 if state is None else state
        other = None if self.silence else np.zeros_like(first)
        return [first if number % 2 else other, *rest], number + 1


@pytest.mark.parametrize("batch", [1, 3])
def test_missing_signal_equals_a_zero_signal(batch: int) -> None:
    (run, *_) = small_runs("backprop", {"record.probes": ["nse"], "training.batch_size": batch})
    weights = []
    for silence in (True, False):
        condition = replace(run.condition, setup=replace(run.condition.setup, rule=EverySecond(silence)))
        weights.append(train([replace(run, condition=condition)])[0].arrays["weights_0"])
    np.testing.assert_array_equal(*weights)


@pytest.mark.parametrize("probe", [name for name in probes.known() if not name.startswith(probes.HELD_OUT)])
@pytest.mark.parametrize("rule", ["shallow", "backprop"])
def test_every_probe_measures_every_rule(rule: str, probe: str) -> None:
    """Those on held-out examples are tested in `test_held_out.py` and with the tasks."""
    for outcome in train(small_runs(rule, {"record.probes": ["nse", probe], "network.hidden": [4, 3]})):
        nothing = "shallow" in (rule, probe.removeprefix("angle_").removesuffix("_deg")) and probe != "nse"
        assert np.isnan(outcome.columns[probe]).all() == nothing


def test_shallow_keeps_its_hidden_weights() -> None:
    runs = small_runs("shallow", {"network.hidden": [4, 3]})
    start = initial_network(runs[0].condition.setup, Streams([(0, run.trial) for run in runs]))
    for replica, outcome in enumerate(train(runs)):
        for layer in (0, 1):
            np.testing.assert_array_equal(outcome.arrays[f"weights_{layer}"], start.weights[layer][replica])
        assert not np.array_equal(outcome.arrays["weights_2"], start.weights[2][replica])
        assert np.isnan(outcome.columns["angle_backprop_deg"]).all()


def test_backprop_is_at_no_angle_to_itself() -> None:
    for outcome in train(small_runs("backprop", {"network.hidden": [4, 3]})):
        assert (outcome.columns["angle_backprop_deg"] == 0).all()


def test_summed_batches_start_like_online() -> None:
    """At a small rate a batch of 10 summed updates is 10 online ones, up to second order in the rate."""

    def end(batch: int, rate: float) -> np.ndarray:
        run = small_runs("backprop", {"training.batch_size": batch, "algorithms.one.learning_rate": rate, "trials": 1})
        return train(run)[0].arrays["weights_0"]

    gaps = [np.abs(end(1, rate) - end(10, rate)).max() for rate in (1e-4, 5e-5)]
    assert gaps[0] / gaps[1] == pytest.approx(4, rel=0.05)


def test_weights_without_lag_have_decayed_too() -> None:
    (each, *_) = small_runs("backprop", {"training.weight_decay": 0.01, "trials": 1})
    network = initial_network(each.condition.setup, Streams([(0, 0)]))
    learner = Learner(network, each.condition.setup, decay=np.full((1, 1, 1), 0.01))
    rng = np.random.default_rng(0)
    inputs, expected = rng.normal(size=(1, 12, 6)), network.weights[0].copy()
    for part in learner.batches(inputs):
        activity = network.forward(learner.pre_activation(part))
        np.testing.assert_allclose(learner.current_network().weights[0], expected, rtol=1e-12)
        signal = rng.normal(size=(1, 1, 4))
        learner.apply(activity, [signal, None])
        expected = 0.99 * expected + each.condition.setup.learning_rate * signal.mT @ inputs[:, part]
