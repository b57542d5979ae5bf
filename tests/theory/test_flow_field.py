"""The flow field."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from fa_repro.theory.flow_field import FlowField
from tests.support.theory import field, of_kind

CASES = [(1.0, 1.0, 2.0), (1.0, -1.0, 2.0), (-2.0, 0.7, 3.0), (-0.5, -1.5, 2.0), (3.0, 0.4, 4.0)]


def cubic_limit(flow: FlowField, w0: float, w: float) -> float:
    """Where `w0` comes to rest: the next root, in the direction of the flow, of the equation on its parabola.

    `B w - w0^2 / 2 = c` is conserved, so that `dw0/dt = B T - c w0 - w0^3 / 2`.
    """
    c = flow.B * w - w0 * w0 / 2
    roots = np.roots([0.5, 0.0, c, -flow.B * flow.T])
    real = roots[np.abs(roots.imag) < 1e-9].real
    ahead = real[real > w0] if flow.B * (flow.T - w * w0) > 0 else real[real < w0]
    return float(ahead[np.argmin(np.abs(ahead - w0))])


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
def test_stable_solutions_have_negative_trace(T: float, B: float, half: float) -> None:
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
def test_basin_cells_flow_where_they_are_drawn(T: float, B: float, half: float) -> None:
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
def test_paths_are_parabolas_and_zero_ends_well(T: float, B: float, half: float) -> None:
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


def test_distant_points_are_followed_outside() -> None:
    table = field(5.0, 1.0, 2.0).compute(0, 1)["main"]  # w w0 = 5 touches no point of the square
    assert of_kind(table, "solution").empty
    assert of_kind(table, "basin", 1)["w"].notna().all()
