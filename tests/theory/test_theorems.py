"""The theorems, true and broken."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from fa_repro import theory
from fa_repro.nn.network import ACTIVATIONS, Activation
from fa_repro.nn.random import Streams
from fa_repro.rules.feedback_alignment import FeedbackAlignment
from fa_repro.rules.pseudobackprop import Pseudobackprop
from fa_repro.tasks.linear import Linear
from fa_repro.theory._integrate import integrate
from fa_repro.theory._learning import learned, small_net
from fa_repro.theory._statements import Findings, slope
from fa_repro.theory.theorem_1 import Flow, Theorem1
from fa_repro.theory.theorem_2 import Theorem2
from fa_repro.theory.theorem_3 import Theorem3, _relative
from fa_repro.typing import Array
from tests.support.theory import LINEAR, field, holds, of_kind, quantity

SMALL_1 = Theorem1(
    sizes=((8, 6, 3), (5, 5, 5)), counter_size=(6, 2, 4), points=41, online_size=(4, 4, 2), rates=(0.01, 0.005, 0.0025)
)


SMALL_2 = Theorem2(size=(8, 6, 4))


SMALL_3 = Theorem3(size=(8, 6, 6), learning_rate=2e-3, updates=40, many_size=(12, 8, 6), many_examples=6000)


@pytest.mark.parametrize("study", [SMALL_1, SMALL_2, SMALL_3], ids=lambda study: type(study).__name__)
def test_every_statement_holds(study: theory.Theory) -> None:
    found = holds(study)
    assert found.all(), found[~found]
    assert len(found) >= 3


def test_flow_is_the_theorems_gradient_flow() -> None:
    """Its velocity beside the mean update of the rule itself over orthogonal examples."""
    rng = np.random.default_rng(0)
    T, B, W, A = (rng.standard_normal(shape) for shape in ((3, 5), (4, 3), (3, 4), (4, 5)))
    flow = Flow(T, B)
    dW, dA = flow.parts(flow.velocity(np.concatenate([W.ravel(), A.ravel()])))
    examples = np.sqrt(5) * np.linalg.qr(rng.standard_normal((5, 5))).Q
    updates = [((T - W @ A) @ np.outer(x, x) @ A.T, B @ (T - W @ A) @ np.outer(x, x)) for x in examples]
    np.testing.assert_allclose(dW, np.mean([each for each, _ in updates], axis=0), atol=1e-12)
    np.testing.assert_allclose(dA, np.mean([each for _, each in updates], axis=0), atol=1e-12)


def test_scalar_flow_is_that_of_theorem_1() -> None:
    flow, small = Flow(np.array([[1.3]]), np.array([[-0.7]])), field(1.3, -0.7)
    dw, dw0 = flow.velocity(np.array([0.4, -0.9]))
    assert (dw0, dw) == pytest.approx(small.velocity(-0.9, 0.4))


def velocity(self: Flow, state: Array, sign: float = 1.0, transpose: bool = False, lost: bool = False) -> Array:
    W, A = self.parts(state)
    E = self.T - W @ A
    B = self.B.T if transpose and self.B.shape[0] == self.B.shape[1] else self.B
    return np.concatenate([(E @ (np.sign(A) if lost else A).T).ravel(), (sign * B @ E).ravel()])


WRONG_FLOWS: dict[str, Callable[..., Array]] = {
    "wrong sign": lambda self, state: velocity(self, state, sign=-1.0),
    "twice as fast": lambda self, state: velocity(self, state, sign=2.0),
    "B transposed": lambda self, state: velocity(self, state, transpose=True),
    "not A": lambda self, state: velocity(self, state, lost=True),
}


@pytest.mark.parametrize("name", WRONG_FLOWS)
def test_theorem_1_fails_when_the_flow_is_broken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flow, "velocity", WRONG_FLOWS[name])
    try:
        found = holds(SMALL_1)
    except ArithmeticError:  # the weights of a wrong sign grow without bounds
        assert name == "wrong sign"
        return
    assert not found.iloc[0], "the invariant is no longer conserved"


def wrong_signals(rule: type, change: Callable[[Array], Array]) -> Callable[..., Any]:
    right = rule.signals

    def signals(self: Any, step: Any, state: Any) -> Any:
        found, state = right(self, step, state)
        return [change(found[0]), *found[1:]], state

    return signals


@pytest.mark.parametrize(
    ("study", "changes"),
    [
        (SMALL_1, ("orthogonal examples in turn",)),
        (SMALL_3, ("one pair: h = s_h B y*",)),
    ],
    ids=["theorem 1", "theorem 3"],
)
def test_theorems_fail_if_feedback_sign_is_wrong(
    study: theory.Theory, changes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FeedbackAlignment, "signals", wrong_signals(FeedbackAlignment, np.negative))
    with np.errstate(over="ignore", invalid="ignore"):
        found = holds(study)
    for text in changes:
        assert not found[found.index.str.startswith(text)].any()


def test_theorem_3_fails_when_b_is_transposed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = FeedbackAlignment.signals

    def signals(self: Any, step: Any, state: Any) -> Any:
        return right(self, step, [matrix.mT for matrix in state])[0], state

    monkeypatch.setattr(FeedbackAlignment, "signals", signals)
    found = holds(replace(SMALL_3, many_size=(8, 6, 6)))
    # Parallel they stay: a transposed B is another B, but not the one of the theorem.
    assert list(found[found.index.str.startswith("one pair")]) == [False, False, True, False]


def test_theorems_2_3_fail_with_the_transpose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fa_repro.rules.pseudobackprop._pinv", lambda weights: weights.mT)
    assert not holds(SMALL_2)[LINEAR]
    found = holds(SMALL_3)
    assert not found[found.index.str.contains("pinv")].iloc[1]  # the scalar; on one pair the direction is the same


def test_theorem_2_fails_without_hidden_slopes(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Pseudobackprop.signals

    def signals(self: Any, step: Any, state: Any) -> Any:
        flat = step.network.__class__(step.network.weights, [], ACTIVATIONS["linear"], step.network.output)
        return right(self, step._replace(network=flat), state)

    monkeypatch.setattr(Pseudobackprop, "signals", signals)
    found = holds(SMALL_2)
    assert found.pop(LINEAR)
    assert not found.any()


def test_theorem_2_fails_when_a_slope_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    tanh = ACTIVATIONS["tanh"]
    monkeypatch.setitem(ACTIVATIONS, "tanh", Activation(tanh.value, lambda h: 1.0 - h))
    found = holds(SMALL_2)
    assert not found[found.index.str.startswith("tanh")].any()
    assert found[found.index.str.startswith("logistic")].all()


def test_a_statement_is_held_to_its_worst_trial() -> None:
    found = Findings(1)
    found.statement("high", [0.1, 0.9, 0.5], high=0.6)
    found.statement("low", [0.1, 0.9, 0.5], low=0.2)
    found.statement("both", [1.0, 0.95, 1.3], 0.9, 1.1)
    found.statement("within", [1.0, 0.95, 1.05], 0.9, 1.1)
    found.statement("nan", [0.1, np.nan], high=1.0)
    found.measured("q", 0, 0.0, [1.0])
    summary = found.tables()["summary"]
    assert list(summary["measured"].fillna(-1)) == [0.9, 0.1, 1.3, 0.95, -1]
    assert list(summary["holds"]) == [False, False, False, True, False]


def test_slope_is_the_order_of_convergence() -> None:
    rates = [0.1, 0.01, 0.003]
    assert slope(rates, 7 * np.array(rates) ** 1.5) == pytest.approx(1.5)
    assert np.isnan(slope(rates, np.array([0.1, 0.0, 0.1])))


def test_each_statement_is_held_to_its_bound() -> None:
    """The bounds, pinned: they were set before looking."""
    bounds = {
        1: [(None, 1e-8), (None, 1e-12), (None, 1e-6), (0.05, None), (1e-8, None), (0.9, 1.1), (0.3, 0.7)],
        2: [(None, 1e-8), (None, 1.2), (0.9, None), (None, 1.2), (0.9, None)],
        3: [(None, 1e-10), (None, 1e-10), (None, 1e-6), (None, 1e-10), (None, 0.5), (5.0, None)],
    }
    for theorem, study in ((1, SMALL_1), (2, SMALL_2), (3, SMALL_3)):
        summary = study.compute(0, 1)["summary"]
        found = [(row.low, row.high) for row in summary.itertuples()]
        expected = [(low if low is not None else -np.inf, high or np.inf) for low, high in bounds[theorem]]
        assert found == expected
        assert set(summary["theorem"]) == {theorem}


def test_flow_quantities_match_the_formulas() -> None:
    rng = np.random.default_rng(0)
    T, B, W, A = (rng.standard_normal(shape) for shape in ((3, 5), (4, 3), (3, 4), (4, 5)))
    flow, state, E = Flow(T, B), np.concatenate([W.ravel(), A.ravel()]), T - W @ A
    assert flow.lyapunov(state) == pytest.approx(np.trace(B @ E @ E.T @ B.T))
    assert flow.error(state) == pytest.approx(np.sqrt((E**2).sum() / (T**2).sum()))
    invariant, size = flow.invariant(state)
    np.testing.assert_allclose(invariant, B @ W + W.T @ B.T - A @ A.T)
    assert size == pytest.approx(max(np.linalg.norm(B @ W + W.T @ B.T), np.linalg.norm(A @ A.T)))


def test_theorem_1_starts_match_their_names() -> None:
    table = SMALL_1.compute(0, 2)["main"]
    for trial in (0, 1):
        assert quantity(table, "error/8-6-3/zero", trial)[0.0] == 1
        assert quantity(table, "error/8-6-3/opposed", trial)[0.0] == pytest.approx(1)  # A = 0
        assert quantity(table, "invariant_drift/8-6-3/random", trial)[0.0] == 0
        streams = Streams([(0, trial)])
        T = streams.uniform("target", (3, 8), float)[0]
        W, A = (
            0.3 * streams.uniform(name, shape, float)[0]
            for name, shape in (("weights/1", (3, 6)), ("weights/0", (6, 8)))
        )
        expected = np.linalg.norm(T - W @ A) / np.linalg.norm(T)
        assert quantity(table, "error/8-6-3/random", trial)[0.0] == pytest.approx(expected)
    assert not np.array_equal(quantity(table, "V/8-6-3/zero", 0), quantity(table, "V/8-6-3/zero", 1))


def test_drift_rise_and_end_match_the_states(monkeypatch: pytest.MonkeyPatch) -> None:
    """A made-up flow that breaks conservation once, lets V rise once, and ends with a tenth of the error."""
    study = Theorem1(points=10)
    T = 1.0 * Streams([(0, 0)]).uniform("target", (2, 4), float)[0]

    def made_up(velocity: Any, start: Array, times: Array, rest: float) -> Array:
        states = np.zeros((len(times), len(start)))
        A = np.linalg.pinv(np.eye(2, 3)) @ T  # with W = (1, 0, ...): W A = T
        for number, share in enumerate(np.linspace(0, 0.9, len(times))):
            share = 0.0 if number == 5 else share
            states[number, :6], states[number, 6:] = np.eye(2, 3).ravel(), (share * A).ravel()
        return states

    monkeypatch.setattr("fa_repro.theory.theorem_1.integrate", made_up)
    found = Findings(1)
    drift, rise, end = study._follow(found, (4, 3, 2), "zero", 0, Streams([(0, 0)]))
    V = quantity(found.tables()["main"], "V/4-3-2/zero").to_numpy()
    assert end == pytest.approx(0.1)
    assert rise == pytest.approx((V[5] - V[4]) / V[0])
    assert rise > 0.1
    assert drift > 0.1


def test_online_learning_uses_the_flows_own_time() -> None:
    """With the time of the flow off by one example the distance would not shrink at first order to zero."""
    study = Theorem1(online_size=(4, 4, 2), rates=(0.002, 0.001), online_time=2.0)
    table = study.compute(0, 2)["main"]
    for trial in (0, 1):
        coarse, fine = quantity(table, "online_error_by_rate/in_turn", trial)[[0.002, 0.001]]
        assert 0 < fine < coarse < 0.02
        assert 2 * fine - coarse == pytest.approx(0, abs=0.05 * fine)


def test_angles_of_many_pairs_and_their_times() -> None:
    study = Theorem3(many_size=(9, 7, 5), many_examples=6400, updates=5)
    table = study.compute(0, 2)["main"]
    angles, apart = quantity(table, "angle_deg/many_pairs", 1), quantity(table, "matrix_angle_deg/many_pairs", 1)
    assert angles.index[-1] == apart.index[-1] == pytest.approx(6.4)
    np.testing.assert_allclose(apart.index, [0.4, 0.8, 1.6, 3.2, 6.4])
    rule = FeedbackAlignment((0.5,))
    setup = small_net(0, Linear(9, 5), 7, rule, 1e-3, 6400, init_range=(1e-3,))
    W = learned(setup, 2)[1].arrays["weights_1"]
    B = 0.5 * Streams([(0, 1)]).uniform("feedback/0", (5, 7), float)[0].T
    cosine = (B * np.linalg.pinv(W)).sum() / np.linalg.norm(B) / np.linalg.norm(np.linalg.pinv(W))
    assert apart.iloc[-1] == pytest.approx(np.degrees(np.arccos(cosine)))


def test_distances_divide_by_the_longer_vector() -> None:
    found = _relative(np.array([[3.0, 4.0], [0.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]]))
    np.testing.assert_allclose(found, [1.0, 0.0, 0.0])
    assert _relative(np.full((1, 2, 2), 2.0), np.full((1, 2, 2), 1.5))[0] == pytest.approx(0.25)


def test_path_has_equal_steps_of_time() -> None:
    flow = field(1.3, 0.7, starts=((-1.0, 0.5),), duration=4.0, steps=8)
    path = of_kind(flow.compute(0, 1)["main"], "path")
    for row in path.iloc[1:].itertuples():
        own = solve_ivp(
            lambda _, s: flow.velocity(*s), (0, 4.0 * row.step / 8), (-1.0, 0.5), method="LSODA", rtol=1e-10, atol=1e-12
        ).y[:, -1]
        assert (row.w0, row.w) == pytest.approx(tuple(own), rel=1e-6)


def test_cells_are_reported_row_by_row() -> None:
    starts = of_kind(field(basin=5).compute(0, 1)["main"], "basin", 0)
    np.testing.assert_allclose(starts["w0"][:6], [-1.6, -0.8, 0, 0.8, 1.6, -1.6], atol=1e-15)
    np.testing.assert_allclose(starts["w"][:6], [-1.6, -1.6, -1.6, -1.6, -1.6, -0.8], atol=1e-15)


def test_integration_is_accurate_and_can_rest() -> None:
    times = np.array([0.0, 1.0, 50.0, 60.0])
    states = integrate(lambda s: -s, np.array([1.0, -2.0]), times, rest=1e-6)
    np.testing.assert_allclose(states[1], [np.exp(-1), -2 * np.exp(-1)], rtol=1e-10)
    assert np.abs(states[2]).max() == pytest.approx(1e-6, rel=1e-3)
    np.testing.assert_array_equal(states[2], states[3])
    np.testing.assert_array_equal(integrate(lambda s: 0 * s, np.ones(2), times, rest=1e-6), np.ones((4, 2)))
    with pytest.raises(ArithmeticError, match="cannot be integrated"), np.errstate(all="ignore"):
        integrate(lambda s: s**2, np.ones(1), times)
