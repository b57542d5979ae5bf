"""The flow field and the theorems: what is computed is true, and a theorem that is broken on purpose is found out."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from scipy.integrate import solve_ivp

from fa_repro import run, theory
from fa_repro.config.resolve import resolve_config
from fa_repro.errors import ConfigError, FaReproError
from fa_repro.experiment.request import Request
from fa_repro.io import yaml
from fa_repro.nn.network import ACTIVATIONS, Activation
from fa_repro.nn.random import Streams
from fa_repro.rules.feedback_alignment import FeedbackAlignment
from fa_repro.rules.pseudobackprop import Pseudobackprop
from fa_repro.tasks.linear import Linear
from fa_repro.theory._integrate import integrate
from fa_repro.theory._learning import learned, small_net
from fa_repro.theory._statements import Findings, slope
from fa_repro.theory.flow_field import FlowField
from fa_repro.theory.theorem_1 import Flow, Theorem1
from fa_repro.theory.theorem_2 import Theorem2
from fa_repro.theory.theorem_3 import Theorem3, _relative
from fa_repro.typing import Array

LINEAR = "linear units: their change is rate x'x times the Gauss-Newton step (relative deviation)"

CASES = [(1.0, 1.0, 2.0), (1.0, -1.0, 2.0), (-2.0, 0.7, 3.0), (-0.5, -1.5, 2.0), (3.0, 0.4, 4.0)]

SMALL_1 = Theorem1(
    sizes=((8, 6, 3), (5, 5, 5)), counter_size=(6, 2, 4), points=41, online_size=(4, 4, 2), rates=(0.01, 0.005, 0.0025)
)
SMALL_2 = Theorem2(size=(8, 6, 4))
SMALL_3 = Theorem3(size=(8, 6, 6), learning_rate=2e-3, updates=40, many_size=(12, 8, 6), many_examples=6000)


def field(T: float = 1.0, B: float = 1.0, half: float = 2.0, **keys: Any) -> FlowField:
    return FlowField(T=T, B=B, range=half, **{"basin": 31, "steps": 100, **keys})


def of_kind(table: pd.DataFrame, kind: str, step: int | None = None) -> pd.DataFrame:
    part = table[table["kind"] == kind]
    return part if step is None else part[part["step"] == step].reset_index(drop=True)


def cubic_limit(flow: FlowField, w0: float, w: float) -> float:
    """Where `w0` comes to rest: the next root, in the direction of the flow, of the equation on its parabola.

    `B w - w0^2 / 2 = c` is conserved, so that `dw0/dt = B T - c w0 - w0^3 / 2`.
    """
    c = flow.B * w - w0 * w0 / 2
    roots = np.roots([0.5, 0.0, c, -flow.B * flow.T])
    real = roots[np.abs(roots.imag) < 1e-9].real
    ahead = real[real > w0] if flow.B * (flow.T - w * w0) > 0 else real[real < w0]
    return float(ahead[np.argmin(np.abs(ahead - w0))])


# ---- the flow field ----


@pytest.mark.parametrize(("T", "B", "half"), CASES)
def test_the_field_is_the_expected_update(T: float, B: float, half: float) -> None:
    """Against the mean of the rule's own updates over examples of mean square 1."""
    arrows = of_kind(field(T, B, half, grid=5).compute(0, 1)["main"], "field")
    x = np.random.default_rng(0).standard_normal(100_000)
    x /= np.sqrt((x**2).mean())
    for row in arrows.itertuples():
        e = T * x - row.w * row.w0 * x
        assert row.dw == pytest.approx((e * row.w0 * x).mean(), abs=1e-9)
        assert row.dw0 == pytest.approx((B * e * x).mean(), abs=1e-9)
    assert arrows[["w0", "w"]].abs().to_numpy().max() == pytest.approx(half * 0.8)


@pytest.mark.parametrize(("T", "B", "half"), CASES)
def test_solutions_are_stable_where_the_jacobians_trace_is_negative(T: float, B: float, half: float) -> None:
    flow = field(T, B, half)
    table = flow.compute(0, 1)["main"]
    found = 0
    for kind, stable in (("solution", True), ("solution_unstable", False)):
        for _, part in of_kind(table, kind).groupby("id"):
            np.testing.assert_allclose(part["w0"] * part["w"], T, rtol=1e-12)
            assert part[["w0", "w"]].abs().to_numpy().max() <= half * (1 + 1e-12)
            inner = part.iloc[1:-1]  # at its ends a part may turn into the next
            found += len(inner)
            for row in inner.itertuples():
                step = 1e-6
                j00 = (flow.velocity(row.w0 + step, row.w)[0] - flow.velocity(row.w0 - step, row.w)[0]) / (2 * step)
                j11 = (flow.velocity(row.w0, row.w + step)[1] - flow.velocity(row.w0, row.w - step)[1]) / (2 * step)
                assert (j00 + j11 < 0) == stable
                assert flow.trace(row.w0, row.w) == pytest.approx(j00 + j11, rel=1e-4, abs=1e-6)
                if B * row.w > 0:  # e'WBe > 0
                    assert stable
    assert found > 250


@pytest.mark.parametrize(("T", "B", "half"), CASES)
def test_each_cell_of_the_basin_flows_where_it_is_drawn_to(T: float, B: float, half: float) -> None:
    """Against the roots of the cubic on its parabola, all of them; and some by another integrator, one at a time."""
    flow = field(T, B, half)
    table = flow.compute(0, 1)["main"]
    starts, ends = (of_kind(table, "basin", step) for step in (0, 1))
    assert (starts["id"] == ends["id"]).all()
    assert len(starts) == 31 * 31
    bad = B * ends["w"] < 0
    assert 0.02 < bad.mean() < 0.6
    for start, end in zip(starts.itertuples(), ends.itertuples(), strict=True):
        assert end.w0 == pytest.approx(cubic_limit(flow, start.w0, start.w), abs=2e-3)
        assert end.w0 * end.w == pytest.approx(T, rel=1e-3)
    for number in np.random.default_rng(0).choice(len(starts), 25, replace=False):
        start = starts.loc[number, ["w0", "w"]].to_numpy(float)
        own = solve_ivp(lambda _, s: flow.velocity(*s), (0, 300), start, method="LSODA", rtol=1e-9, atol=1e-10).y[:, -1]
        assert (B * own[1] < 0) == bad[number]


@pytest.mark.parametrize(("T", "B", "half"), CASES)
def test_paths_are_parabolas_and_the_one_from_zero_ends_well(T: float, B: float, half: float) -> None:
    starts = ((0.3, -0.4), (-1.0, 0.2))
    table = field(T, B, half, starts=starts, duration=40.0).compute(0, 1)["main"]
    for kind, ids in (("path", 2), ("origin", 1)):
        parts = of_kind(table, kind).groupby("id")
        assert len(parts) == ids
        for number, part in parts:
            conserved = B * part["w"] - part["w0"] ** 2 / 2
            np.testing.assert_allclose(conserved, conserved.iloc[0], atol=1e-8)
            assert list(part["step"]) == list(range(101))
            if kind == "path":
                assert tuple(part.iloc[0][["w0", "w"]]) == starts[number]
    last = of_kind(table, "origin", 100).iloc[0]
    assert last["w0"] == pytest.approx(np.cbrt(2 * B * T), rel=1e-6)
    assert last["w"] * last["w0"] == pytest.approx(T, rel=1e-6)
    assert B * last["w"] > 0


def test_a_point_far_from_any_solution_in_the_square_is_followed_out_of_it() -> None:
    table = field(5.0, 1.0, 2.0).compute(0, 1)["main"]  # w w0 = 5 touches no point of the square
    assert of_kind(table, "solution").empty
    assert of_kind(table, "basin", 1)["w"].notna().all()


# ---- the theorems ----


def holds(study: theory.Theory, trials: int = 2) -> pd.Series:
    summary = study.compute(0, trials)["summary"]
    return summary.set_index("statement")["holds"]


@pytest.mark.parametrize("study", [SMALL_1, SMALL_2, SMALL_3], ids=lambda study: type(study).__name__)
def test_every_statement_holds(study: theory.Theory) -> None:
    found = holds(study)
    assert found.all(), found[~found]
    assert len(found) >= 3


def test_the_flow_is_the_gradient_flow_that_the_theorem_is_about() -> None:
    """Its velocity beside the mean update of the rule itself over orthogonal examples."""
    rng = np.random.default_rng(0)
    T, B, W, A = (rng.standard_normal(shape) for shape in ((3, 5), (4, 3), (3, 4), (4, 5)))
    flow = Flow(T, B)
    dW, dA = flow.parts(flow.velocity(np.concatenate([W.ravel(), A.ravel()])))
    examples = np.sqrt(5) * np.linalg.qr(rng.standard_normal((5, 5))).Q
    updates = [((T - W @ A) @ np.outer(x, x) @ A.T, B @ (T - W @ A) @ np.outer(x, x)) for x in examples]
    np.testing.assert_allclose(dW, np.mean([each for each, _ in updates], axis=0), atol=1e-12)
    np.testing.assert_allclose(dA, np.mean([each for _, each in updates], axis=0), atol=1e-12)


def test_the_flow_of_one_neuron_per_layer_is_that_of_theorem_1() -> None:
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
def test_theorems_fail_when_feedback_alignment_has_a_wrong_sign(
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


def test_theorems_2_and_3_fail_with_the_transpose_in_place_of_the_pseudoinverse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fa_repro.rules.pseudobackprop._pinv", lambda weights: weights.mT)
    assert not holds(SMALL_2)[LINEAR]
    found = holds(SMALL_3)
    assert not found[found.index.str.contains("pinv")].iloc[1]  # the scalar; on one pair the direction is the same


def test_theorem_2_fails_without_the_slope_of_the_hidden_units(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_slope_is_the_order_at_which_errors_vanish() -> None:
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


def test_the_flow_is_measured_by_the_formulas_of_the_theorem() -> None:
    rng = np.random.default_rng(0)
    T, B, W, A = (rng.standard_normal(shape) for shape in ((3, 5), (4, 3), (3, 4), (4, 5)))
    flow, state, E = Flow(T, B), np.concatenate([W.ravel(), A.ravel()]), T - W @ A
    assert flow.lyapunov(state) == pytest.approx(np.trace(B @ E @ E.T @ B.T))
    assert flow.error(state) == pytest.approx(np.sqrt((E**2).sum() / (T**2).sum()))
    invariant, size = flow.invariant(state)
    np.testing.assert_allclose(invariant, B @ W + W.T @ B.T - A @ A.T)
    assert size == pytest.approx(max(np.linalg.norm(B @ W + W.T @ B.T), np.linalg.norm(A @ A.T)))


def quantity(table: pd.DataFrame, name: str, trial: int = 0) -> pd.Series:
    part = table[(table["quantity"] == name) & (table["trial"] == trial)]
    return part.set_index("time")["value"]


def test_the_starts_of_theorem_1_are_what_they_are_called() -> None:
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


def test_drift_rise_and_end_are_those_of_the_states(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_online_learning_is_compared_with_the_flow_of_its_own_time() -> None:
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


def test_distances_are_relative_to_the_longer_vector() -> None:
    found = _relative(np.array([[3.0, 4.0], [0.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]]))
    np.testing.assert_allclose(found, [1.0, 0.0, 0.0])
    assert _relative(np.full((1, 2, 2), 2.0), np.full((1, 2, 2), 1.5))[0] == pytest.approx(0.25)


def test_a_path_is_told_at_equal_steps_of_time() -> None:
    flow = field(1.3, 0.7, starts=((-1.0, 0.5),), duration=4.0, steps=8)
    path = of_kind(flow.compute(0, 1)["main"], "path")
    for row in path.iloc[1:].itertuples():
        own = solve_ivp(
            lambda _, s: flow.velocity(*s), (0, 4.0 * row.step / 8), (-1.0, 0.5), method="LSODA", rtol=1e-10, atol=1e-12
        ).y[:, -1]
        assert (row.w0, row.w) == pytest.approx(tuple(own), rel=1e-6)


def test_cells_are_told_row_by_row() -> None:
    starts = of_kind(field(basin=5).compute(0, 1)["main"], "basin", 0)
    np.testing.assert_allclose(starts["w0"][:6], [-1.6, -0.8, 0, 0.8, 1.6, -1.6], atol=1e-15)
    np.testing.assert_allclose(starts["w"][:6], [-1.6, -1.6, -1.6, -1.6, -1.6, -0.8], atol=1e-15)


def test_integration_is_as_accurate_as_asked_and_stays_at_rest() -> None:
    times = np.array([0.0, 1.0, 50.0, 60.0])
    states = integrate(lambda s: -s, np.array([1.0, -2.0]), times, rest=1e-6)
    np.testing.assert_allclose(states[1], [np.exp(-1), -2 * np.exp(-1)], rtol=1e-10)
    assert np.abs(states[2]).max() == pytest.approx(1e-6, rel=1e-3)
    np.testing.assert_array_equal(states[2], states[3])
    np.testing.assert_array_equal(integrate(lambda s: 0 * s, np.ones(2), times, rest=1e-6), np.ones((4, 2)))
    with pytest.raises(ArithmeticError, match="cannot be integrated"), np.errstate(all="ignore"):
        integrate(lambda s: s**2, np.ones(1), times)


# ---- from a config to results ----

FLOW = "figure: flow-field\ntheory:\n  flow_field: {grid: 5, basin: 9, steps: 20}\n"
THEOREMS = """\
figure: theorems
trials: 2
theory:
  theorem_1: {sizes: [[6, 5, 3]], counter_size: [6, 2, 4], online_size: [4, 4, 2], rates: [0.01, 0.005], points: 21}
  theorem_2: {size: [8, 6, 4]}
  theorem_3: {size: [8, 6, 3], learning_rate: 2.0e-3, many_size: [8, 6, 5], many_examples: 8000, updates: 20}
"""


@pytest.fixture
def place(workplace: Path) -> Path:
    (workplace / "configs/flow-field.yaml").write_text(FLOW)
    (workplace / "configs/theorems.yaml").write_text(THEOREMS)
    return workplace


def test_the_flow_field_from_the_command_line(place: Path, command: Callable[..., Result]) -> None:
    result = command("run", "flow-field")
    assert (result.exit_code, result.stdout) == (0, "results/flow-field/flow-field.png\n")
    assert "computed 1 study" in result.stderr
    table = pd.read_csv(place / "results/flow-field/flow-field.csv")
    assert list(table) == ["kind", "id", "step", "w0", "w", "dw0", "dw"]
    assert table[["kind", "id", "step"]].apply(tuple, axis=1).is_monotonic_increasing
    config = yaml.load((place / "results/flow-field/config.yaml").read_text(), "c").data
    assert config["theory"]["flow_field"]["T"] == 1.0
    assert not {"task", "network", "training", "record", "algorithms"} & set(config)
    again = command("run", "flow-field", "--config", "results/flow-field/config.yaml", "--results", "other")
    assert again.exit_code == 0
    for name in ("flow-field.csv", "flow-field.png", "config.yaml"):
        assert (place / "results/flow-field" / name).read_bytes() == (place / "other/flow-field" / name).read_bytes()
    picture = (place / "results/flow-field/flow-field.png").read_bytes()
    assert command("plot", "flow-field").exit_code == 0
    assert (place / "results/flow-field/flow-field.png").read_bytes() == picture
    assert "done" in command("list").stdout.split("flow-field")[1].splitlines()[0]
    assert "1 to compute" in command("run", "flow-field", "--dry-run").stdout


def test_the_theorems_from_the_command_line(place: Path, command: Callable[..., Result]) -> None:
    assert command("run", "theorems").exit_code == 0
    table = pd.read_csv(place / "results/theorems/theorems.csv")
    assert list(table) == ["theorem", "quantity", "trial", "time", "value"]
    assert set(table["theorem"]) == {1, 2, 3}
    assert table[["theorem", "quantity", "trial", "time"]].apply(tuple, axis=1).is_monotonic_increasing
    summary = pd.read_csv(place / "results/theorems/theorems_summary.csv")
    assert summary["holds"].all()
    assert command("run", "theorems", "--only", "theorem_2").exit_code == 0
    assert set(pd.read_csv(place / "results/theorems/theorems.csv")["theorem"]) == {2}


def test_swept_settings_become_columns(place: Path, command: Callable[..., Result]) -> None:
    words = ["--sweep", "theory.flow_field.B=1,-0.5", "--sweep", "theory.flow_field.T=1,2"]
    assert command("run", "flow-field", *words).exit_code == 0
    table = pd.read_csv(place / "results/flow-field/flow-field.csv")
    assert list(table)[-2:] == ["theory.flow_field.B", "theory.flow_field.T"]
    for (B, T), part in table.groupby(["theory.flow_field.B", "theory.flow_field.T"]):
        own = FlowField(T=T, B=B, grid=5, basin=9, steps=20).compute(0, 1)["main"]
        np.testing.assert_allclose(np.sort(part["w"]), np.sort(own["w"]), atol=1e-9)
    assert command("run", "theorems", "--sweep", "seed=0,1", "--only", "theorem_3").exit_code == 0
    assert set(pd.read_csv(place / "results/theorems/theorems_summary.csv")["seed"]) == {0, 1}


def test_one_study_that_fails_does_not_stop_the_others(
    place: Path, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Theorem2, seed: int, trials: int) -> Any:
        raise ArithmeticError("cannot be integrated: on purpose")

    monkeypatch.setattr(Theorem2, "compute", fail)
    result = command("run", "theorems")
    assert result.exit_code == 1
    assert "error: theorem_2 failed: cannot be integrated: on purpose" in result.stderr
    assert "theorems: 13 of 13 statements hold" in result.stderr
    assert set(pd.read_csv(place / "results/theorems/theorems.csv")["theorem"]) == {1, 3}
    assert "failed (1 " in command("list").stdout
    with pytest.raises(FaReproError, match="every study failed"):
        run("theorems", only=["theorem_2"])


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("flow-field", {"theory.flow_field.T": 0}, "theory.flow_field.T: expected a number other than 0"),
        ("flow-field", {"theory.flow_field.B": 0.0}, "theory.flow_field.B: expected a number other than 0"),
        ("flow-field", {"theory.flow_field.B": [1, 2]}, "B: expected one number, as there is one neuron per layer"),
        ("flow-field", {"theory.flow_field.B": [[1]]}, "B: expected one number"),
        ("flow-field", {"theory.flow_field.T": "one"}, "T: expected a number, got 'one' (text)"),
        ("flow-field", {"theory.flow_field.T": float("inf")}, "T: expected a"),
        ("flow-field", {"theory.flow_field.range": -1}, "range: expected a number"),
        ("flow-field", {"theory.flow_field.T": 1e-3, "theory.flow_field.range": 100}, "range: 100 is too wide"),
        ("flow-field", {"theory.flow_field.starts": [[1, 2, 3]]}, "theory.flow_field.starts"),
        (
            "flow-field",
            {"theory.flow_field.starts": [[900, 0]]},
            "duration: the path from (900, 0) would take too many",
        ),
        ("flow-field", {"theory.flow_field.starts": 3}, "starts: expected a list"),
        ("flow-field", {"theory.flow_field.grdi": 9}, "unknown key. Did you mean grid?"),
        ("flow-field", {"theory.flow_feild.T": 9}, "there is no study 'flow_feild'. Did you mean flow_field?"),
        ("flow-field", {"theory": {"theorem_1": {}}}, "unknown study. Known: flow_field."),
        ("flow-field", {"theory": {}}, "theory: missing. Known: flow_field"),
        ("flow-field", {"theory": 3}, "theory: expected a block of keys"),
        ("flow-field", {"network.hidden": [3]}, "network: this figure trains nothing"),
        ("flow-field", {"training": {"examples": 3}}, "training: this figure trains nothing"),
        ("flow-field", {"trials": 0}, "trials: expected"),
        ("linear", {"theory": {"flow_field": {"T": 1.0}}}, "theory: this figure draws what was trained"),
        ("theorems", {"theory.theorem_1.sizes": [[5, 3, 4]]}, "sizes: 5-3-4 has more output than hidden units"),
        ("theorems", {"theory.theorem_1.online_size": [5, 3, 4]}, "online_size: 5-3-4 has more output than hidden"),
        ("theorems", {"theory.theorem_1.counter_size": [5, 4, 4]}, "counter_size: expected more output than hidden"),
        ("theorems", {"theory.theorem_1.counter_size": [3, 4, 6]}, "more inputs than hidden units"),
        ("theorems", {"theory.theorem_1.sizes": [[5, 3, 2], [5, 3, 2]]}, "sizes: expected different values"),
        ("theorems", {"theory.theorem_1.sizes": [[10**6, 10**6, 2]]}, "at most 300"),
        ("theorems", {"theory.theorem_2.activations": ["tanh", "tanh"]}, "activations: expected different values"),
        ("theorems", {"theory.theorem_2.rates": [0.01, 0.01, 0.001]}, "rates: expected different values"),
        ("theorems", {"theory.theorem_3.many_size": [30, 20, 3]}, "many_size: expected no layer larger than the one"),
        ("theorems", {"theory.theorem_3.many_size": [9, 20, 7]}, "many_size: expected no layer larger than the one"),
        ("theorems", {"theory.theorem_3.many_learning_rate": 1e-5}, "many_examples: expected at least 5 / many_learn"),
        ("flow-field", {"theory.flow_field.duration": 1e4, "theory.flow_field.B": 1000.0}, "duration: the path from ("),
        (
            "flow-field",
            {"theory.flow_field.T": 1000.0, "theory.flow_field.B": 1000.0},
            "duration: the path from (",
        ),
        ("theorems", {"theory.theorem_1.sizes": [[5, 3]]}, "theory.theorem_1.sizes"),
        ("theorems", {"theory.theorem_1.sizes": []}, "theory.theorem_1.sizes"),
        (
            "theorems",
            {"theory.theorem_1.rates": [0.1, 0.05], "theory.theorem_1.online_time": 0.2},
            "online_time: 2 examples at rate 0.1, expected 4",
        ),
        ("theorems", {"theory.theorem_1.rates": [0.1, 1e-6]}, "online_time: 3,000,000 examples at rate 1e-06"),
        ("theorems", {"theory.theorem_2.rates": [0.1, 0.1]}, "rates: expected different values"),
        ("theorems", {"theory.theorem_2.activations": ["relu"]}, "expected linear or tanh or logistic"),
        ("theorems", {"theory.theorem_3.feedback_range": 0}, "feedback_range: expected a number of at least 0.1"),
    ],
)
def test_impossible_settings_are_told(place: Path, name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        _ = Request(name, settings).resolved
    assert message in str(error.value)


def test_sweeps_and_choices_that_cannot_be_are_told(place: Path) -> None:
    for request, message in (
        (Request("flow-field", sweep={"theory.flow_field.T": [1, 0]}), "T: expected a number other than 0"),
        (Request("flow-field", sweep={"network.hidden": [3]}), "this figure trains nothing"),
        (Request("flow-field", sweep={"theory.flow_field": [{"T": 2.0}]}), "sweep the keys of a study one by one"),
        (Request("flow-field", sweep={"theory": [{"flow_field": {"T": 2.0}}]}), "sweep the keys of a study one by one"),
        (Request("theorems", only=("theorem2",)), "--only theorem2: no such study. Did you mean theorem_2?"),
    ):
        with pytest.raises(ConfigError) as error:
            _ = request.resolved
        assert message in str(error.value)


def test_a_study_that_fails_by_a_fault_of_ours_loses_no_other(
    place: Path, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Theorem2, "_deviation", lambda *_: 1 + None)  # type: ignore[operator]
    result = command("run", "theorems")
    assert result.exit_code == 1
    assert "error: theorem_2 failed: TypeError: " in result.stderr
    assert set(pd.read_csv(place / "results/theorems/theorems.csv")["theorem"]) == {1, 3}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"theory.theorem_3.learning_rate": 0.1, "theory.theorem_3.size": [300, 20, 10]}, "the single pair diverges"),
        ({"theory.theorem_3.many_learning_rate": 0.1}, "trial 0 diverged at example"),
    ],
)
def test_learning_that_diverges_is_told(
    place: Path, command: Callable[..., Result], settings: dict[str, Any], message: str
) -> None:
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    result = command("run", "theorems", *words)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "lower" in result.stderr.lower()


def test_a_statement_that_does_not_hold_is_told(
    place: Path, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fa_repro.theory.theorem_2.EXACT", 1e-300)
    result = command("run", "theorems", "--only", "theorem_2")
    assert result.exit_code == 0  # `check` judges
    assert "theorems: 4 of 5 statements hold" in result.stderr
    assert f"theorems: does not hold: theorem 2, {LINEAR}" in result.stderr
    manifest = json.loads((place / "results/theorems/manifest.json").read_text())
    assert manifest["remarks"][0] == "4 of 5 statements hold"
    assert "scipy" in manifest["versions"]


def test_equal_sweep_points_are_computed_once(place: Path) -> None:
    assert len(Request("flow-field", sweep={"theory.flow_field.T": [1, 1.0, 2]}).resolved.studies) == 2


def test_the_resolved_config_gives_the_same_studies(place: Path) -> None:
    config = Request("theorems").resolved
    again = resolve_config(yaml.load(yaml.dump(dict(config.data)), "again.yaml"))
    assert again.studies == config.studies
    assert again.data == config.data
