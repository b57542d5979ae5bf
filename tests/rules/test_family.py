"""Identities of the rules that came after feedback alignment."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fa_repro.nn.network import Network
from fa_repro.nn.random import Streams
from fa_repro.nn.weight_decay import settle
from fa_repro.rules import Rule, Step
from fa_repro.rules.backprop import Backprop
from fa_repro.rules.batchwise_sign_concordant import BatchwiseSignConcordant
from fa_repro.rules.difference_target_propagation import DifferenceTargetPropagation, Inverses
from fa_repro.rules.direct_feedback_alignment import DirectFeedbackAlignment
from fa_repro.rules.feedback_alignment import FeedbackAlignment
from fa_repro.rules.fixed_sign_concordant import FixedSignConcordant
from fa_repro.rules.kolen_pollack import KolenPollack
from fa_repro.rules.pseudobackprop import Pseudobackprop
from fa_repro.rules.uniform_sign_concordant import UniformSignConcordant
from fa_repro.rules.weight_mirror import Mirror, WeightMirror
from fa_repro.training.metrics import angle_deg
from fa_repro.training.runs import initial_network
from fa_repro.training.trainer import Learner, train
from fa_repro.typing import Array
from tests.support.configs import small_runs
from tests.support.networks import NETS, make_step

RANGE = (0.5,)
MIRROR = WeightMirror(RANGE, mirror_rate=0.01, mirror_decay=0.01)
TARGETS = DifferenceTargetPropagation(RANGE, feedback_rate=0.02, noise_std=0.5)
DEEP = [((5, 6, 4, 3), "linear"), ((5, 6, 4, 3), "tanh"), ((5, 6, 4, 3), "logistic")]


def assert_backprop(step: Step, rule: Rule, state: Any, rtol: float = 0.0) -> None:
    for ours, theirs in zip(rule.signals(step, state)[0], Backprop().signals(step, None)[0], strict=True):
        assert ours is not None
        assert theirs is not None
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol)


def weights_angle(one: Array, other: Array) -> Array:
    """Degrees between two matrices as vectors, per replica."""
    return angle_deg(one.reshape(len(one), 1, -1), other.reshape(len(other), 1, -1))[:, 0]


# ---- with B = W' all of them are backprop ----


@pytest.mark.parametrize(("sizes", "activation"), DEEP)
def test_kolen_pollack_and_mirror_equal_backprop(sizes: tuple[int, ...], activation: str) -> None:
    step, streams, _ = make_step(sizes, activation)
    mirror = MIRROR.init(step.network, streams)
    assert_backprop(step, MIRROR, mirror._replace(matrices=step.upper_weights))
    rule = KolenPollack(RANGE)
    assert_backprop(step, rule, rule.init(step.network, streams)._replace(matrices=step.upper_weights))


@pytest.mark.parametrize(("sizes", "activation"), DEEP)
def test_sign_rules_can_equal_backprop(sizes: tuple[int, ...], activation: str) -> None:
    step, streams, _ = make_step(sizes, activation)
    signs = [np.sign(weights) for weights in step.upper_weights]
    fixed = FixedSignConcordant(RANGE).init(step.network, streams)
    step.network.weights[1:] = [sign * matrix for sign, matrix in zip(signs, fixed, strict=True)]
    assert_backprop(step, FixedSignConcordant(RANGE), fixed)
    step.network.weights[1:] = [0.3 * sign for sign in signs]
    assert_backprop(step, UniformSignConcordant(0.3), None)
    drawn = streams.uniforms("magnitudes/0", 24), streams.uniforms("magnitudes/1", 12)
    magnitudes = [0.5 * each.draw(1).reshape(sign.shape) for each, sign in zip(drawn, signs, strict=True)]
    step.network.weights[1:] = [sign * matrix for sign, matrix in zip(signs, magnitudes, strict=True)]
    rule = BatchwiseSignConcordant(RANGE)
    assert_backprop(step, rule, rule.init(step.network, streams))


@pytest.mark.parametrize(("sizes", "activation"), NETS)
def test_direct_feedback_equals_fa_at_the_top(sizes: tuple[int, ...], activation: str) -> None:
    step, streams, _ = make_step(sizes, activation)
    direct, common = DirectFeedbackAlignment(RANGE), FeedbackAlignment(RANGE)
    ours, _ = direct.signals(step, direct.init(step.network, streams))
    theirs, _ = common.signals(step, common.init(step.network, streams))
    np.testing.assert_array_equal(ours[-2], theirs[-2])
    np.testing.assert_array_equal(ours[-1], theirs[-1])


def test_linear_direct_feedback_equals_backprop() -> None:
    step, *_ = make_step((5, 6, 4, 3))
    first, second = step.upper_weights
    assert_backprop(step, DirectFeedbackAlignment(RANGE), [second @ first, second], rtol=1e-12)


def test_direct_feedback_uses_the_layers_slope() -> None:
    step, streams, _ = make_step((5, 6, 4, 3), "tanh")
    rule = DirectFeedbackAlignment((1.0, 2.0))
    state = rule.init(step.network, streams)
    signals, _ = rule.signals(step, state)
    for signal, matrix, hidden in zip(signals, state, step.activity.hidden, strict=False):
        assert signal is not None
        np.testing.assert_allclose(signal, (step.error @ matrix) * (1 - hidden**2), rtol=1e-12)


@pytest.mark.parametrize("target_step", [1.0, 0.25])
def test_linear_target_propagation_identities(target_step: float) -> None:
    step, streams, _ = make_step((5, 6, 4, 3))
    rule = replace(TARGETS, target_step=target_step)
    state = rule.init(step.network, streams)
    inverses = [np.linalg.pinv(weights).mT for weights in step.upper_weights]
    for matrices, other in ((step.upper_weights, Backprop()), (inverses, Pseudobackprop())):
        ours, _ = rule.signals(step, state._replace(matrices=matrices))
        theirs, _ = other.signals(step, None)
        for one, two in zip(ours[:-1], theirs[:-1], strict=True):
            assert one is not None
            assert two is not None
            np.testing.assert_allclose(one, target_step * two, rtol=1e-9, atol=1e-12)


def test_small_target_step_is_linear() -> None:
    """`dh = V e` times the derivatives of `g` and of the layer, which are equal where `g` reconstructs the activity."""
    step, streams, _ = make_step((5, 4, 3), "logistic")
    rule = replace(TARGETS, target_step=1e-6)
    state = rule.init(step.network, streams)
    given = step.network.hidden.value(step.activity.output @ state.matrices[0] + state.biases[0])
    slopes = given * (1 - given) * step.activity.hidden[0] * (1 - step.activity.hidden[0])
    signal = rule.signals(step, state)[0][0]
    assert signal is not None
    np.testing.assert_allclose(signal / 1e-6, (step.error @ state.matrices[0]) * slopes, rtol=1e-4, atol=1e-9)


# ---- Kolen and Pollack: the difference decays at the decay's rate ----


@pytest.mark.parametrize(
    ("changes", "rtol"),
    [
        ({"training.weight_decay": 0.0}, 1e-12),
        ({"training.weight_decay": 1e-3}, 1e-9),
        ({"training.weight_decay": 2e-4, "training.batch_size": 5}, 1e-9),
        ({"training.weight_decay": 1e-9}, 1e-9),
        ({"training.weight_decay": 1e-6, "training.dtype": "float32"}, 3e-5),
        ({"training.weight_decay": 1e-3, "network.hidden": [6, 4], "network.activation": "tanh"}, 1e-9),
    ],
)
def test_kolen_pollack_converges_at_decay_rate(changes: dict[str, Any], rtol: float) -> None:
    """`B - W'` after n examples is `(1 - decay * batch)^(n / batch)` of what it was (Akrout et al. 2019, appendix)."""
    examples = 400
    (run, *_) = small_runs("kolen_pollack", {"trials": 1, "training.examples": examples, **changes})
    setup = run.condition.setup
    streams = Streams([(setup.seed, 0)])
    network, state = initial_network(setup, streams), setup.task.init(streams, setup.training.dtype)
    learner = Learner(
        network, setup, setup.rule.init(network, streams), np.full((1, 1, 1), setup.training.weight_decay)
    )
    before = [b - w for b, w in zip(learner.state.matrices, network.weights[1:], strict=True)]
    moved = network.weights[1].copy()
    for _ in learner.steps(*setup.task.draw(state, examples)):
        pass
    batch = setup.training.batch_size
    expected = (1 - setup.training.weight_decay * batch) ** (examples / batch)
    for b, w, old in zip(learner.state.matrices, network.weights[1:], before, strict=True):
        # In float32 up to 3e-5 is still owed, by the feedback as by the forward weights.
        np.testing.assert_allclose(b - w, expected * old, rtol=rtol, atol=rtol * np.abs(old).max())
    assert np.abs(network.weights[1] - moved).max() > 1e-2  # they have learned


def test_owed_and_paid_decay_add_up() -> None:
    owed, paid = np.ones((2, 1, 1)), np.ones((2, 1, 1))
    for _ in range(1000):
        now, owed = settle(owed * (1 - np.array([1e-6, 3e-5])[:, None, None]), np.float32)
        paid = paid if now is None else paid * now
    np.testing.assert_allclose(np.log(paid * owed).ravel(), 1000 * np.log1p([-1e-6, -3e-5]), rtol=2e-3)


# ---- sign-concordant feedback ----


def test_sign_rules_have_signs_and_magnitudes() -> None:
    step, streams, _ = make_step((4, 60, 50, 3), replicas=3)
    step = step._replace(error=np.broadcast_to(np.eye(3), (3, 3, 3)).copy())  # signals are then the feedback's rows
    step.network.weights[2][0, 0, 0] = 0.0
    weights, magnitudes = step.upper_weights[1], {}
    for name, rule in (
        ("uniform", UniformSignConcordant(0.7)),
        ("fixed", FixedSignConcordant((1.0, 0.5))),
        ("batchwise", BatchwiseSignConcordant((1.0, 0.5))),
    ):
        state, found = rule.init(step.network, streams), []
        for _ in range(40):
            signals, state = rule.signals(step, state)
            assert signals[1] is not None
            np.testing.assert_array_equal(np.sign(signals[1]), np.sign(weights))
            found.append(np.abs(signals[1]))
        magnitudes[name] = np.array(found)[:, weights != 0]
    assert (magnitudes["uniform"] == 0.7).all()
    assert (magnitudes["fixed"] == magnitudes["fixed"][0]).all()
    assert (magnitudes["batchwise"][1:] != magnitudes["batchwise"][:-1]).mean() > 0.99
    for name in ("fixed", "batchwise"):  # U[0, 0.5]
        drawn = magnitudes[name] if name == "batchwise" else magnitudes[name][0]
        deviation = 0.5 / np.sqrt(12 * drawn.size)
        assert abs(drawn.mean() - 0.25) < 4.5 * deviation
        assert 0.49 < drawn.max() <= 0.5


# ---- the weight mirror ----


def test_weight_mirror_rests_at_forward_weights() -> None:
    step, streams, _ = make_step((5, 6, 4, 3), "tanh", batch=50)
    rule = WeightMirror(RANGE, mirror_rate=0.02, mirror_decay=0.01)
    state = Mirror([2 * weights for weights in step.upper_weights], rule.init(step.network, streams).noise)
    changes = []
    for _ in range(4000):
        _, after = rule.signals(step, state)
        changes.append(np.concatenate([(a - b).ravel() for a, b in zip(after.matrices, state.matrices, strict=True)]))
    error = np.std(changes, axis=0) / np.sqrt(len(changes))
    assert np.abs(np.mean(changes, axis=0) / error).max() < 4.5
    assert error.max() < 0.01 * rule.mirror_rate  # else the bound above says nothing


def test_mirror_angle_falls_to_a_few_degrees() -> None:
    step, streams, _ = make_step((5, 40, 30, 10), "tanh", batch=20)
    state, angles = MIRROR.init(step.network, streams), []
    for _ in range(800):
        angles.append([weights_angle(b, w) for b, w in zip(state.matrices, step.upper_weights, strict=True)])
        _, state = MIRROR.signals(step, state)
    assert (np.abs(np.array(angles[0]) - 90) < 10).all()
    assert (np.array(angles[-1]) < 12).all()
    assert (np.array(angles[400]) < np.array(angles[50])).all()
    slow = replace(MIRROR, mirror_rate=0.002, mirror_decay=0.002)
    for _ in range(1500):
        _, state = slow.signals(step, state)
    assert (np.array([weights_angle(b, w) for b, w in zip(state.matrices, step.upper_weights, strict=True)]) < 6).all()


# ---- difference target propagation ----


def reconstruction(network: Network, hidden: Array, matrix: Array, bias: Array, layer: int, noise: Array) -> Array:
    """Half the squared error of an inverse, mean over the batch, per replica."""
    corrupted = hidden + noise
    unit = network.output if layer == len(network.weights) - 1 else network.hidden
    given = network.hidden.value(unit.value(network.pre_activation(layer, corrupted)) @ matrix + bias)
    return 0.5 * ((corrupted - given) ** 2).sum(axis=(1, 2)) / hidden.shape[1]


@pytest.mark.parametrize(("sizes", "activation"), DEEP)
def test_inverses_follow_their_error_gradient(sizes: tuple[int, ...], activation: str) -> None:
    step, streams, _ = make_step(sizes, activation)
    state = TARGETS.init(step.network, streams)
    noise = [
        TARGETS.noise_std * streams.normals(f"corruption/{layer}", each.shape[2]).next(3)
        for layer, each in enumerate(step.activity.hidden)
    ]
    _, after = TARGETS.signals(step, state)
    for layer, hidden in enumerate(step.activity.hidden):
        arguments = (step.network, hidden, state.matrices[layer], state.biases[layer], layer + 1, noise[layer])
        for which, learned in (
            (state.matrices[layer], after.matrices[layer]),
            (state.biases[layer], after.biases[layer]),
        ):
            for index in np.ndindex(which.shape[1:]):
                at = (slice(None), *index)
                kept = which[at].copy()
                which[at] = kept + 1e-6
                above = reconstruction(*arguments)
                which[at] = kept - 1e-6
                slope = (above - reconstruction(*arguments)) / 2e-6
                which[at] = kept
                change = (learned[at] - kept) / TARGETS.feedback_rate
                np.testing.assert_allclose(change, -slope, rtol=1e-5, atol=1e-8)


def test_inverses_learn_to_invert() -> None:
    """A square linear layer: `V W` comes to the identity, and the signal to pseudobackprop's."""
    step, streams, _ = make_step((4, 3, 3), batch=20)
    step.network.weights[1][:] = np.linalg.qr(step.network.weights[1])[0] * np.array([0.7, 1.0, 1.3])
    rule = DifferenceTargetPropagation(RANGE, feedback_rate=0.2, noise_std=1.0)
    state: Inverses = rule.init(step.network, streams)
    for _ in range(2000):
        signals, state = rule.signals(step, state)
    product = step.network.weights[1].mT @ state.matrices[0]
    np.testing.assert_allclose(product, np.broadcast_to(np.eye(3), product.shape), atol=0.02)
    for one, other in zip(signals, Pseudobackprop().signals(step, None)[0], strict=True):
        assert one is not None
        assert other is not None
        np.testing.assert_allclose(one, other, atol=0.05 * np.abs(other).max())


# ---- learning ----

SETTINGS: dict[str, dict[str, float]] = {
    "direct_feedback_alignment": {"feedback_range": 0.5},
    "uniform_sign_concordant": {"magnitude": 0.3},
    "batchwise_sign_concordant": {"feedback_range": 0.5},
    "fixed_sign_concordant": {"feedback_range": 0.5},
    "kolen_pollack": {"feedback_range": 0.5},
    "weight_mirror": {"feedback_range": 0.5, "mirror_rate": 0.02, "mirror_decay": 0.02},
    "difference_target_propagation": {"feedback_range": 0.5, "feedback_rate": 0.02, "noise_std": 0.3},
}


@pytest.mark.parametrize("rule", SETTINGS)
@pytest.mark.parametrize("hidden", [[10], [10, 8]])
def test_every_rule_teaches_the_hidden_layers(rule: str, hidden: list[int]) -> None:
    """It ends far below what the output layer reaches alone."""
    changes = {
        "trials": 3,
        "task.inputs": 12,
        "task.outputs": 4,
        "network.hidden": hidden,
        "network.init_range": 0.2,
        "training.examples": 2500,
    }
    ends = {}
    for name, keys in ((rule, SETTINGS[rule]), ("shallow", {})):
        outcomes = train(small_runs(name, changes, learning_rate=0.01, **keys))
        ends[name] = np.array([outcome.columns["nse"][-50:].mean() for outcome in outcomes])
    assert (ends[rule] < 0.1 * ends["shallow"]).all(), ends
