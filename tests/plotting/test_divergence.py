"""Sweeps with runs that diverged."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.sweeps import RATE, drawn, heat, made_up, unfit, values


def test_cells_say_how_many_trials_diverged() -> None:
    def lost(_: str, trial: int, rate: float, __: int) -> bool:
        return rate == 2.0 or (rate == 1.0 and trial == 0)

    saved = made_up({RATE: [0.5, 1.0, 2.0], "seed": [0, 1]}, lost=lost, algorithms=["backprop"])
    ax = heat(drawn(saved))[0]
    told = {(int(text.get_position()[0]), int(text.get_position()[1])): text.get_text() for text in ax.texts}
    assert {told[1, 0], told[1, 1]} == {"1 of 3\ndiverged"}
    assert {told[2, 0], told[2, 1]} == {"diverged"}
    assert {told[0, 0], told[0, 1]} == {"5.0e-1"}
    np.testing.assert_array_equal(np.isnan(values(ax)), [[False, True, True]] * 2)


def test_cell_without_runs_is_not_diverged() -> None:
    saved = made_up({"task.inputs": [3, 4], "seed": [0, 1]}, algorithms=["backprop"])
    gone = (saved.table["task.inputs"] == 3) & (saved.table["seed"] == 1)
    ax = heat(drawn(replace(saved, table=saved.table[~gone])))[0]
    assert sorted(text.get_text() for text in ax.texts) == ["5.0e-1", "5.0e-1", "5.0e-1", "none"]
    fewer = (saved.table["task.inputs"] == 3) & (saved.table["seed"] == 1) & (saved.table["trial"] == 2)
    assert "some cells have only 2 of 3 trials" in drawn(replace(saved, table=saved.table[~fewer])).get_suptitle()


@pytest.mark.filterwarnings("error")
def test_small_cells_that_diverged_have_a_cross() -> None:
    axes = {RATE: [n / 100 for n in range(1, 31)], "seed": list(range(30))}
    saved = made_up(axes, lost=lambda _, trial, rate, seed: rate > 0.25 and seed > 27 and trial == 1, trials=2,
                    algorithms=["backprop", "shallow"], value=lambda _, __, rate, seed: 1 + rate + seed)  # fmt: skip
    fig = drawn(saved)
    ax = heat(fig)[0]
    marks = {line.get_marker(): line.get_xydata().tolist() for line in ax.get_lines()}
    assert sorted(map(tuple, marks["x"])) == [(x, y) for x in range(25, 30) for y in (28, 29)]
    assert marks["o"] == [[0, 0]]
    assert not ax.texts
    assert unfit(fig) == []
    assert fig.get_suptitle() == "circle: the best; cross: a run diverged"


@pytest.mark.filterwarnings("error")
def test_small_cells_without_runs_are_explained() -> None:
    saved = made_up({"task.inputs": list(range(1, 13)), "seed": list(range(12))}, trials=1)
    gone = (saved.table["task.inputs"] == 3) & (saved.table["seed"] == 1)
    fig = drawn(replace(saved, table=saved.table[~gone]))
    assert fig.get_suptitle() == "circle: the best; grey without a cross: no result"
    assert unfit(fig) == []


def test_fully_diverged_sweep_has_no_colour_bar() -> None:
    fig = drawn(made_up({RATE: [1.0, 2.0], "seed": [0, 1]}, lost=lambda *_: True, algorithms=["backprop"]))
    (ax,) = fig.axes
    assert ax.get_title() == "backprop\nevery run diverged"
    assert [text.get_text() for text in ax.texts] == ["diverged"] * 4
    assert fig.get_suptitle() == "NSE, after 10 examples, n = 3"


@pytest.mark.parametrize("points", [3, 25])
def test_lines_that_diverge_are_all_counted(points: int) -> None:
    axes = {RATE: [float(n) for n in range(1, points + 1)]}
    ax = drawn(made_up(axes, lost=lambda *_: True, algorithms=["backprop"])).axes[0]
    crosses = [line for line in ax.get_lines() if line.get_marker() == "x"]
    assert len(crosses) == points
    words = [text.get_text().strip() for text in ax.texts]
    single = words.count("3 of 3 diverged")
    assert single == min(points, 8)
    assert words[single:] == ([f"{points - single} more diverged"] if points > single else [])


@pytest.mark.parametrize("points", [50, 51, 400])
def test_at_most_50_values_are_drawn(points: int) -> None:
    axes = {RATE: [float(n) for n in range(1, points + 1)]}
    fig = drawn(made_up(axes, algorithms=["backprop"], value=lambda _a, _t, rate: rate / 1000))
    panel, bar = fig.axes
    ends = [float(line.get_ydata()[-1]) for line in panel.get_lines()]
    assert len(ends) == 50
    assert (min(ends), max(ends)) == pytest.approx((1e-3, points / 1000))
    assert np.diff(np.sort(ends)).max() <= 1e-3 * (points / 49 + 1)
    assert (f"(50 of {points} values are drawn)" in bar.get_ylabel().replace("\n", " ")) == (points > 50)


def test_at_most_50_angles_are_drawn() -> None:
    saved = made_up({RATE: [float(n) for n in range(1, 61)]}, figure="angle", column="angle_backprop_deg")
    table = saved.table.assign(angle_pseudobackprop_deg=1.0)
    fig = drawn(replace(saved, table=table, extra={"online": table.head(0)}))
    assert len(fig.axes[1].get_lines()) == 2 * 50  # two algorithms
    assert "(50 of 60 values are drawn)" in fig.axes[-1].get_ylabel().replace("\n", " ")


def test_equal_names_do_not_hide_lines() -> None:
    ax, bar = drawn(made_up({"network.init_range": [0.1, 0.10000001, 0.10000002]}, algorithms=["backprop"])).axes
    assert len(ax.get_lines()) == 3
    assert [tick.get_text() for tick in bar.get_yticklabels()] == ["0.1", "0.10000001", "0.10000002"]
