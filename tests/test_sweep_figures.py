"""Swept figures: what kind of picture a sweep gives, that its numbers are the table's, and that nothing is hidden."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from fa_repro import registry, run
from fa_repro.plotting import labels
from fa_repro.plotting.heatmaps import Quantity
from fa_repro.plotting.render import save_figure
from fa_repro.results import directory
from fa_repro.results.figure_results import FigureResults
from tests.support.configs import SMALL
from tests.support.sweeps import drawn, heat, made_up, unfit, values

PROBES = {"record.probes": ["nse", "angle_backprop_deg", "angle_pseudobackprop_deg"], "training.examples": 30}


RATE, BETA = "algorithms.backprop.learning_rate", "algorithms.feedback_alignment.feedback_range"


BLOCKS = [
    {"rule": "backprop", "learning_rate": 0.006},
    {"rule": "feedback_alignment", "learning_rate": 0.007, "feedback_range": 0.5},
    {"rule": "backprop", "learning_rate": 0.006, "network": {"hidden": [4, 3], "init_range": 0.2}},
]


LONG = {"from": 1e-3, "to": 1, "num": 13, "scale": "log"}


@pytest.fixture
def place(workplace: Path) -> Path:
    for name in ("nse", "angle"):
        (workplace / f"configs/{name}.yaml").write_text(SMALL.replace("figure: linear", f"figure: {name}"))
    return workplace


def bold(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"]


# ---- kinds of pictures ----


@pytest.mark.parametrize(
    ("axes", "maps"),
    [
        ({"seed": [0, 1, 2]}, 0),
        ({"seed": [0, 1, 2], "network.init_range": [0.1]}, 0),
        ({"seed": [0], "network.init_range": [0.1]}, 0),
        ({"seed": [0, 1], "network.init_range": [0.1, 0.2]}, 2),
        ({"seed": [0, 1], "network.init_range": [0.1, 0.2], "task.inputs": [3, 4, 5]}, 4),
        ({"seed": [0, 1], RATE: [0.1, 0.2], BETA: [0.1, 0.2]}, 2),
        ({"seed": [0, 1, 2], "network.init_range": [0.1, 0.2, 0.3], BETA: [0.1, 0.2]}, 3),
    ],
)
def test_the_number_of_axes_decides_what_is_drawn(axes: dict[str, list[Any]], maps: int) -> None:
    canvas = drawn(made_up(axes))
    assert len(heat(canvas)) == maps
    if not maps:
        points = int(np.prod([len(own) for own in axes.values()]))
        assert [len(ax.get_lines()) for ax in canvas.axes if ax.get_title()] == [points, points]


def test_heat_maps_hold_the_geometric_mean_over_trials_of_the_last_example(place: Path) -> None:
    sweep = {"network.init_range": [0.1, 0.3], BETA: [0.9, 0.1, 0.5]}
    result = run("linear", {"training.examples": 30}, sweep=sweep)
    table = directory.load(result.directory).table
    last = table[table["example"] == 29].assign(log=lambda rows: np.log10(rows["nse"]))
    panels = heat(result.figure)
    assert [ax.get_title().split("\n")[0] for ax in panels] == [
        "shallow",
        "reinforcement",
        "backprop",
        "feedback alignment",
    ]
    means = 10 ** last.pivot_table(index=["algorithm", BETA], columns="network.init_range", values="log")
    for ax, name in zip(panels, ("shallow", "reinforcement", "backprop"), strict=False):
        np.testing.assert_allclose(values(ax), means.loc[name].to_numpy()[:1], rtol=1e-9)
    expected = means.loc["feedback_alignment"].to_numpy()
    np.testing.assert_allclose(values(panels[3]), expected, rtol=1e-9)
    assert [tick.get_text() for tick in panels[3].get_yticklabels()] == ["0.1", "0.5", "0.9"]
    assert [tick.get_text() for tick in panels[3].get_xticklabels()] == ["0.1", "0.3"]
    assert bold(panels[3]) == [f"{expected.min():.1e}".replace("e-0", "e-")]
    assert panels[3].get_title().endswith(f"best: {bold(panels[3])[0]}")
    assert panels[3].get_xlabel() == "initial range ω of W₀\nand W"
    assert panels[3].get_ylabel() == "range β of B"
    assert all(isinstance(ax.get_images()[0].norm, LogNorm) for ax in panels)
    assert len({ax.get_images()[0].get_clim() for ax in panels}) == 1
    assert result.figure.axes[-1].get_ylabel() == "NSE, after 29 examples, n = 3"


EVERY = "algorithms.*.learning_rate"


def test_a_key_of_every_algorithm_is_one_axis_of_each(place: Path) -> None:
    sweep = {EVERY: [0.01, 0.02], BETA: [0.1, 0.5]}
    result = run("linear", {"training.examples": 30}, sweep=sweep)
    assert list(result.table) == ["algorithm", "trial", "example", "nse", *sweep]
    assert set(result.table[EVERY]) == {0.01, 0.02}
    panels = heat(result.figure)
    assert [values(ax).shape for ax in panels] == [(1, 2), (1, 2), (1, 2), (2, 2)]
    assert {ax.get_xlabel() for ax in panels} == {"learning rate η"}
    bar = run("nse", {"training.examples": 30}, sweep={EVERY: [0.01, 0.02]}).figure.axes[-1]
    assert bar.get_ylabel() == "learning rate η"
    assert [len(ax.get_lines()) for ax in drawn(made_up({EVERY: [0.1, 0.2]})).axes[:2]] == [2, 2]


def test_results_of_a_star_axis_are_made_again_from_themselves(place: Path, command: Any) -> None:
    words = ["--set", "algorithms.*.network.init_range=0.2", "--sweep", f"{EVERY}=0.01,0.02"]
    planned = command("run", "linear", *words, "--dry-run").output
    assert f"{EVERY}: 0.01, 0.02 (2 values)" in planned
    assert command("run", "linear", *words).exit_code == 0
    again = command("run", "--from", "results/linear")
    assert again.exit_code == 0, again.output
    assert command("list").exit_code == 0
    kept = command("run", "linear", "--config", "results/linear/config.yaml", "--results", "other").output
    assert (place / "other/linear/linear.csv").read_bytes() == (place / "results/linear/linear.csv").read_bytes(), kept


def test_the_end_of_each_run_is_its_own_last_example() -> None:
    saved = made_up({"training.examples": [20, 10], "seed": [0, 1]}, value=lambda _, __, examples, ___: 1 / examples)
    table = saved.table
    table.loc[(table["training.examples"] == 20) & (table["example"] == 10), "example"] = 20
    canvas = drawn(saved)
    np.testing.assert_allclose(values(heat(canvas)[0]), [[0.1, 0.05], [0.1, 0.05]])
    assert "after 10 to 20 examples" in canvas.axes[-1].get_ylabel()


def test_percent_is_averaged_and_coloured_as_it_is() -> None:
    saved = made_up({"seed": [0, 1], "network.init_range": [0.1, 0.2]}, "mnist", "test_error_percent",
                    value=lambda _, trial, seed, omega: 2.0 + trial**2 + seed + omega)  # fmt: skip
    canvas = drawn(
        saved.__class__(saved.table.assign(epoch=saved.table["example"] / 5), {}, saved.config, saved.manifest)
    )
    ax = heat(canvas)[0]
    np.testing.assert_allclose(values(ax), [[2 + 5 / 3 + 0.1, 3 + 5 / 3 + 0.1], [2 + 5 / 3 + 0.2, 3 + 5 / 3 + 0.2]])
    assert not isinstance(ax.get_images()[0].norm, LogNorm)
    assert ax.get_title() == "backprop\nbest: 3.77 %"
    assert canvas.axes[-1].get_ylabel() == "test error (%), after 2 epochs, n = 3"


def test_angles_over_two_axes_are_two_heat_maps_of_the_end(place: Path) -> None:
    sweep = {"network.init_range": [0.1, 0.3], "seed": [0, 1, 2]}
    result = run("angle", PROBES, sweep=sweep, only=["feedback_alignment"])
    panels = heat(result.figure)
    assert [ax.get_title().split("\n")[1] for ax in panels] == ["Fig. 4b: to backprop", "Fig. 4c: to pseudobackprop"]
    last = result.table[result.table["example"] == result.table["example"].max()]
    for ax, column in zip(panels, ("angle_backprop_deg", "angle_pseudobackprop_deg"), strict=True):
        expected = last.pivot_table(index="seed", columns="network.init_range", values=column)
        np.testing.assert_allclose(values(ax), expected, rtol=1e-9)
    assert "Fig. 1e is drawn over one axis only" in result.figure.get_suptitle()


def test_the_axes_of_fewest_values_are_spread_over_small_multiples() -> None:
    axes = {"seed": [1, 0], "network.init_range": [0.1, 0.2, 0.3], "task.inputs": [3, 4, 5, 6]}
    canvas = drawn(made_up(axes, value=lambda name, _, seed, omega, n: (1 + len(name)) * omega * n * (1 + seed)))
    panels = heat(canvas)
    assert [ax.get_title().split("\n")[:2] for ax in panels] == [
        [name, f"seed = {seed}"] for seed in (0, 1) for name in ("backprop", "feedback alignment")
    ]
    for ax, (seed, length) in zip(panels, itertools.product((0, 1), (9, 19)), strict=True):
        expected = np.outer([3, 4, 5, 6], [0.1, 0.2, 0.3]) * length * (1 + seed)
        np.testing.assert_allclose(values(ax), expected)
    rows = {round(ax.get_position().y0, 6) for ax in panels}
    assert len(rows) == 2, "a row for each seed"
    assert not canvas.get_suptitle()


def test_maps_of_one_setting_stand_in_one_row() -> None:
    axes = {"seed": [0, 1, 2, 3], "network.init_range": [0.1, 0.2, 0.3, 0.4], "task.inputs": [3, 4], BETA: [0.5, 1.0]}
    panels = heat(drawn(made_up(axes)))
    at = {tuple(ax.get_title().replace("\n", " ").split(" best")[0].split(", ")): ax for ax in panels}
    assert len(at) == 2 + 4
    for inputs in (3, 4):
        alone = at[(f"backprop inputs = {inputs}",)]
        (beside,) = (
            ax for name, ax in at.items() if name[0] == f"feedback alignment inputs = {inputs}" and "0.5" in name[-1]
        )
        assert alone.get_position().y0 == pytest.approx(beside.get_position().y0)


@pytest.mark.parametrize(("algorithms", "shown"), [(1, 12), (2, 16), (3, 15), (6, 12)])
def test_what_is_not_shown_is_told(algorithms: int, shown: int) -> None:
    """Rows are shown whole, up to sixteen maps."""
    axes = {"seed": [0, 1, 2], "task.outputs": [1, 2, 3], "task.inputs": [7, 8], "network.init_range": [0.1]}
    axes |= {"network.hidden": [[1], [2], [3], [4]], "training.batch_size": [1, 2]}
    names = [f"a{number}" for number in range(algorithms)]
    canvas = drawn(made_up(axes, algorithms=names, trials=1))
    assert len(heat(canvas)) == shown
    total = 12 * algorithms
    told = f"{total - shown} of {total} maps are not shown, but in the CSV"
    assert canvas.get_suptitle() == (told if shown < total else "")


def test_long_names_stand_beside_rows_and_all_of_them_are_written() -> None:
    blocks = [{"rule": "feedback_alignment", "learning_rate": n / 100, "feedback_range": n / 7} for n in range(1, 13)]
    canvas = drawn(made_up({"algorithms.backprop": blocks, "seed": [0, 1]}, algorithms=["backprop"]))
    (ax,) = heat(canvas)
    named = [tick.get_text().replace("\n", " ") for tick in ax.get_yticklabels()]
    assert named == [f"learning_rate={n / 100:g}, feedback_range={n / 7:.3g}" for n in range(1, 13)]
    assert ax.get_xlabel() == "seed"
    assert unfit(canvas) == []


def test_logarithmic_colours_span_four_decades_at_most() -> None:
    saved = made_up(
        {"seed": [0, 1], "task.inputs": [3, 4]}, value=lambda _, __, seed, n: 1e-9 if seed + n == 3 else 0.1
    )
    low, high = heat(drawn(saved))[0].get_images()[0].get_clim()
    assert (low, high) == pytest.approx((1e-5, 0.1))


# ---- divergence ----


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


def test_a_cell_without_runs_is_not_said_to_have_diverged() -> None:
    saved = made_up({"task.inputs": [3, 4], "seed": [0, 1]}, algorithms=["backprop"])
    gone = (saved.table["task.inputs"] == 3) & (saved.table["seed"] == 1)
    ax = heat(drawn(replace(saved, table=saved.table[~gone])))[0]
    assert sorted(text.get_text() for text in ax.texts) == ["5.0e-1", "5.0e-1", "5.0e-1", "none"]
    fewer = (saved.table["task.inputs"] == 3) & (saved.table["seed"] == 1) & (saved.table["trial"] == 2)
    assert "some cells have only 2 of 3 trials" in drawn(replace(saved, table=saved.table[~fewer])).get_suptitle()


@pytest.mark.filterwarnings("error")
def test_where_words_do_not_fit_a_cross_stands_in_each_cell_that_diverged() -> None:
    axes = {RATE: [n / 100 for n in range(1, 31)], "seed": list(range(30))}
    saved = made_up(axes, lost=lambda _, trial, rate, seed: rate > 0.25 and seed > 27 and trial == 1, trials=2,
                    algorithms=["backprop", "shallow"], value=lambda _, __, rate, seed: 1 + rate + seed)  # fmt: skip
    canvas = drawn(saved)
    ax = heat(canvas)[0]
    marks = {line.get_marker(): line.get_xydata().tolist() for line in ax.get_lines()}
    assert sorted(map(tuple, marks["x"])) == [(x, y) for x in range(25, 30) for y in (28, 29)]
    assert marks["o"] == [[0, 0]]
    assert not ax.texts
    assert unfit(canvas) == []
    assert canvas.get_suptitle() == "circle: the best; cross: a run diverged"


@pytest.mark.filterwarnings("error")
def test_a_cell_without_runs_is_told_where_there_is_no_room_for_words() -> None:
    saved = made_up({"task.inputs": list(range(1, 13)), "seed": list(range(12))}, trials=1)
    gone = (saved.table["task.inputs"] == 3) & (saved.table["seed"] == 1)
    canvas = drawn(replace(saved, table=saved.table[~gone]))
    assert canvas.get_suptitle() == "circle: the best; grey without a cross: no result"
    assert unfit(canvas) == []


def test_a_sweep_of_which_every_run_diverged_has_no_scale_of_colours() -> None:
    canvas = drawn(made_up({RATE: [1.0, 2.0], "seed": [0, 1]}, lost=lambda *_: True, algorithms=["backprop"]))
    (ax,) = canvas.axes
    assert ax.get_title() == "backprop\nevery run diverged"
    assert [text.get_text() for text in ax.texts] == ["diverged"] * 4
    assert canvas.get_suptitle() == "NSE, after 10 examples, n = 3"


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
def test_of_very_many_values_some_are_drawn_and_that_is_told(points: int) -> None:
    axes = {RATE: [float(n) for n in range(1, points + 1)]}
    canvas = drawn(made_up(axes, algorithms=["backprop"], value=lambda _a, _t, rate: rate / 1000))
    panel, bar = canvas.axes
    ends = [float(line.get_ydata()[-1]) for line in panel.get_lines()]
    assert len(ends) == 50
    assert (min(ends), max(ends)) == pytest.approx((1e-3, points / 1000))
    assert np.diff(np.sort(ends)).max() <= 1e-3 * (points / 49 + 1)
    assert (f"(50 of {points} values are drawn)" in bar.get_ylabel().replace("\n", " ")) == (points > 50)


def test_of_very_many_angles_some_are_drawn_and_that_is_told() -> None:
    saved = made_up({RATE: [float(n) for n in range(1, 61)]}, figure="angle", column="angle_backprop_deg")
    table = saved.table.assign(angle_pseudobackprop_deg=1.0)
    canvas = drawn(replace(saved, table=table, extra={"online": table.head(0)}))
    assert len(canvas.axes[1].get_lines()) == 2 * 50  # two algorithms
    assert "(50 of 60 values are drawn)" in canvas.axes[-1].get_ylabel().replace("\n", " ")


def test_equal_names_do_not_hide_lines() -> None:
    ax, bar = drawn(made_up({"network.init_range": [0.1, 0.10000001, 0.10000002]}, algorithms=["backprop"])).axes
    assert len(ax.get_lines()) == 3
    assert [tick.get_text() for tick in bar.get_yticklabels()] == ["0.1", "0.10000001", "0.10000002"]


# ---- names ----


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ([10.0, 9.0, 0.5, 1e-5], ["1e-05", "0.5", "9", "10"]),
        ([0.1333521, 0.0013335, 1.0], ["0.00133", "0.133", "1"]),
        ([1_000_002, 1_000_001], ["1000001", "1000002"]),
        ([True, False], ["false", "true"]),
        ([np.True_, np.False_], ["false", "true"]),
        (["tanh", "linear"], ["linear", "tanh"]),
        (["[100]", "[20, 15]", "[20]", "[8]"], ["[8]", "[20]", "[20, 15]", "[100]"]),
        (["[0.1, 0.2]", "0.5", "0.25"], ["0.25", "0.5", "[0.1, 0.2]"]),
        (
            ['{"rule": "backprop", "learning_rate": 0.1}', '{"rule": "backprop", "learning_rate": 0.01}'],
            ["learning_rate=0.01", "learning_rate=0.1"],
        ),
        (
            [json.dumps(BLOCKS[2]), json.dumps(BLOCKS[0])],
            ["default", "network.hidden=[4, 3], network.init_range=0.2"],
        ),
        ([json.dumps(BLOCKS[0])], ["rule=backprop, learning_rate=0.006"]),
        ([json.dumps({"a": 9.0}), json.dumps({"a": 10.0})], ["a=9", "a=10"]),
        ([], []),
    ],
)
def test_values_are_named_shortly_and_stand_in_order(given: list[Any], named: list[str]) -> None:
    assert list(labels.value_names(given).values()) == named


def test_long_names_are_cut_and_stay_different() -> None:
    found = list(labels.value_names([json.dumps([20] * 40), json.dumps([20] * 41)]).values())
    assert len(set(found)) == 2
    assert max(map(len, found)) <= labels.MOST_NAME + 4
    assert all("…" in name for name in found)


def test_points_are_named_by_their_values() -> None:
    table = pd.DataFrame({"a": [2, 1], "b": ["x", "y"]})
    assert [name for name, _ in labels.sweep_points(table, ["a", "b"])] == ["1, y", "2, x"]


def test_text_is_broken_between_words_and_loses_nothing() -> None:
    assert labels.wrap("initial range ω of W0 and W", 15) == "initial range ω\nof W0 and W"
    assert labels.wrap("rule=feedback_alignment, a=1", 15) == "rule=feedback_\nalignment, a=1"
    for width in range(1, 30):
        text = "rule=feedback_alignment, learning_rate=0.007 abcdefghijklmnopqrstuvwxyz"
        lines = labels.wrap(text, width).split("\n")
        assert max(map(len, lines)) <= width
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_numbers_are_short() -> None:
    words = [Quantity("nse", "", logarithmic=True).number(value) for value in (0.1, 1.04, 12345.0, 9.99e-10)]
    assert words == ["1.0e-1", "1.0", "1.2e4", "1.0e-9"]


# ---- room ----


SWEEPS: dict[str, dict[str, Any]] = {
    "seeds": {"sweep": {"seed": [0, 1, 2]}},
    "layers": {"sweep": {"network.hidden": [[20], [10], [20, 15]]}},
    "two axes": {"sweep": {"network.init_range": [0.001, 0.01, 0.1], BETA: [0.1, 0.5, 1.0]}},
    "three axes": {"sweep": {"network.init_range": [0.001, 0.01, 0.1], BETA: [0.1, 0.5, 1.0], "seed": [0, 1, 2]}},
    "blocks": {"sweep": {"algorithms.backprop": BLOCKS}},
    "blocks and words": {"sweep": {"algorithms.backprop": BLOCKS, "network.activation": ["tanh", "linear"]}},
    "blocks of two": {"sweep": {"algorithms.backprop": BLOCKS, "algorithms.feedback_alignment": BLOCKS[:2]}},
    "blocks over maps": {
        "sweep": {"algorithms.backprop": BLOCKS[:2], "seed": [0, 1, 2], "network.hidden": [[2], [3], [4]]}
    },
    "flags": {"sweep": {"network.bias": [True, False], "network.activation": ["tanh", "logistic", "linear"]}},
    "divergence": {"sweep": {RATE: [0.001, 0.01, 1.0, 5.0], "seed": [0, 1]}, "settings": {"training.examples": 300}},
    "divergence of lines": {"sweep": {RATE: [0.001, 0.01, 0.17, 5.0]}, "settings": {"training.examples": 300}},
    "all diverged": {
        "sweep": {RATE: [9.0, 5.0], "seed": [0, 1]},
        "settings": {"training.examples": 300},
        "only": ["backprop"],
    },
    "one trial": {"sweep": {"network.init_range": [0.1, 0.3], "seed": [1, 2]}, "settings": {"trials": 1}},
    "long ranges": {
        "sweep": {"network.init_range": LONG, "algorithms.feedback_alignment.learning_rate": LONG},
        "settings": {"trials": 1},
        "only": ["feedback_alignment"],
    },
    "a long range of lines": {"sweep": {"network.init_range": LONG}, "settings": {"trials": 1}},
    "long names": {
        "sweep": {"network.hidden": [[3] * 20, [3] * 21, [3] * 22], "seed": [1, 2]},
        "settings": {"trials": 1},
    },
    "many panels": {
        "sweep": {
            "network.init_range": [0.1, 0.2],
            "seed": [*range(6)],
            "network.hidden": [[3], [4]],
            BETA: [1.0, 2.0],
        },
        "settings": {"trials": 1},
    },
}


OTHERS = [("nse", "blocks"), *(("angle", case) for case in ("blocks", "two axes", "blocks of two", "long ranges"))]


@pytest.mark.parametrize(("name", "case"), [*(("linear", case) for case in SWEEPS), *OTHERS])
@pytest.mark.filterwarnings("error")
def test_no_text_is_cut_or_lies_over_another(place: Path, name: str, case: str) -> None:
    options = dict(SWEEPS[case])
    sweep = {key: [own] if isinstance(own, dict) else own for key, own in options.pop("sweep").items()}
    result = run(name, {**PROBES, **options.pop("settings", {})}, sweep=sweep, **options)
    assert unfit(result.figure) == []


def test_saved_results_are_drawn_as_fresh_ones(place: Path) -> None:
    sweep = {"algorithms.backprop": BLOCKS, "network.bias": [True, False], "seed": [1, 2, 3]}
    result = run("linear", {"training.examples": 30}, sweep=sweep)
    first = (result.directory / "linear.png").read_bytes()
    saved = directory.load(result.directory)
    assert save_figure(drawn(saved)) == first


# ---- a search along one key ----


def searched(axis: str, own: list[Any], **keys: Any) -> FigureResults:
    return made_up({axis: own}, "search", "validation_nse", **keys)


def curve(ax: Axes, label: str) -> Any:
    return next(line for line in ax.get_lines() if str(line.get_label()).startswith(label))


def words(saved: FigureResults) -> list[str]:
    return list(registry.module("figures", "search").FIGURE.remarks(saved))


def test_a_search_along_one_key_of_every_algorithm_is_a_line_of_each() -> None:
    def value(algorithm: str, trial: int, rate: float) -> float:
        return (1 + trial) * (rate if algorithm == "backprop" else 0.01 / rate)

    saved = searched(EVERY, [0.1, 0.001, 0.01], value=value)
    canvas = drawn(saved)
    (ax,) = canvas.axes
    assert (ax.get_xscale(), ax.get_yscale(), ax.get_xlabel()) == ("log", "log", "learning rate η")
    geometric = 6 ** (1 / 3)
    np.testing.assert_allclose(curve(ax, "backprop").get_xdata(), [0.001, 0.01, 0.1])
    np.testing.assert_allclose(curve(ax, "backprop").get_ydata(), geometric * np.array([0.001, 0.01, 0.1]))
    np.testing.assert_allclose(curve(ax, "feedback").get_ydata(), geometric * np.array([10, 1, 0.1]))
    stars = [line for line in ax.get_lines() if line.get_marker() == "*" and len(line.get_xdata())]
    assert [float(line.get_xdata()[0]) for line in stars] == [0.001, 0.1]
    bars = ax.collections[0].get_segments()
    np.testing.assert_allclose(bars[0], [[0.001, 0.001], [0.001, 0.003]])
    assert [text.get_text() for text in canvas.legends[0].get_texts()] == [
        "backprop (1.8e-3 at 0.001)",
        "feedback alignment (1.8e-1 at 0.1)",
        "best",
    ]
    assert "after 10 examples, n = 3" in canvas.get_suptitle()
    assert not unfit(canvas)
    assert words(saved) == [
        "backprop: best 1.8e-3 at learning rate η = 0.001; at the edge of the grid: learning rate η",
        "feedback alignment: best 1.8e-1 at learning rate η = 0.1; at the edge of the grid: learning rate η",
    ]


def test_a_line_against_a_key_shows_what_diverged_and_averages_none_of_it() -> None:
    def lost(algorithm: str, trial: int, rate: float) -> bool:
        return algorithm == "backprop" and (rate > 0.5 or (rate > 0.2 and trial == 1))

    saved = searched(EVERY, [0.1, 0.2, 0.3, 0.6], lost=lost, value=lambda _, __, rate: abs(rate - 0.2) + 0.1)
    above, ax = drawn(saved).axes
    assert ax.get_xscale() == "linear"
    marks = {float(line.get_xdata()[0]): line.get_marker() for line in above.get_lines()}
    assert marks == {0.3: "+", 0.6: "x"}  # some trials, all of them
    np.testing.assert_allclose(curve(ax, "backprop").get_ydata(), [0.2, 0.1, np.nan, np.nan])
    assert words(saved) == [
        "backprop: best 1.0e-1 at learning rate η = 0.2; a trial diverged at 2 of 4 points",
        "feedback alignment: best 1.0e-1 at learning rate η = 0.2",
    ]
    nothing = searched(EVERY, [0.1, 0.2], lost=lambda *_: True)
    assert [line.get_marker() for line in drawn(nothing).axes[0].get_lines()] == ["x"] * 4
    assert words(nothing)[0] == "backprop: no point without divergence"


def test_a_search_along_the_key_of_one_algorithm_shows_the_others_as_level() -> None:
    saved = searched(RATE, [0.1, 0.2], value=lambda name, _, rate: rate if name == "backprop" else 0.15)
    (ax,) = drawn(saved).axes
    assert list(curve(ax, "feedback").get_ydata()) == pytest.approx([0.15, 0.15])
    assert curve(ax, "feedback").get_label() == "feedback alignment (1.5e-1, not swept)"
    assert words(saved)[1] == "feedback alignment: best 1.5e-1, not swept"


def test_a_search_over_words_or_pairs_stays_a_heat_map_and_names_the_best() -> None:
    layers = searched("network.hidden", [[4], [20], [10]], value=lambda _, __, hidden: 1 / hidden[0])
    assert len(heat(drawn(layers))) == 2
    assert words(layers)[0] == "backprop: best 5.0e-2 at network.hidden = [20]"
    pairs = made_up({EVERY: [0.1, 0.2, 0.3], "seed": [0, 1, 2]}, "search", "validation_nse",
                    value=lambda _, __, rate, seed: 1 + abs(rate - 0.2) + seed)  # fmt: skip
    assert len(heat(drawn(pairs))) == 2
    assert words(pairs)[0] == "backprop: best 1.0 at learning rate η = 0.2, seed = 0"
    wide = made_up({EVERY: [0.1, 0.2, 0.3], "training.examples": [5, 9]}, "search", "validation_nse",
                   value=lambda _, __, rate, examples: 1 + abs(rate - 0.2) - examples / 100)  # fmt: skip
    assert words(wide)[0].endswith("; at the edge of the grid: training.examples")


def test_many_algorithms_are_told_apart_by_colour_and_line() -> None:
    from fa_repro.plotting import style

    rules = {"backprop": "backprop", "shallow": "shallow", "mine": "feedback_alignment", "deep": "feedback_alignment"}
    rules |= {"reinforcement": "node_perturbation", **dict.fromkeys("abcdefghijkl", "kolen_pollack")}
    names = list(rules)
    for count in range(1, len(names) + 1):
        looks = style.looks({name: rules[name] for name in names[:count]})
        assert len({(look["color"], str(look["linestyle"])) for look in looks.values()}) == count
        for name in names[: min(count, 5)]:
            assert looks[name]["color"] == style.colour("reinforcement" if name == "reinforcement" else rules[name])
    assert looks["backprop"]["linestyle"] == looks["shallow"]["linestyle"] == "-"
    assert looks["mine"]["linestyle"] != looks["deep"]["linestyle"]
    from matplotlib.colors import to_rgb

    assert all(max(to_rgb(look["color"])) < 1 for look in looks.values())


def test_a_search_of_many_algorithms_fits_its_canvas() -> None:
    names = [
        "backprop",
        "shallow",
        "feedback_alignment",
        "reinforcement",
        *(f"another_rule_called_{c}" for c in "abcdefg"),
    ]
    saved = searched(
        EVERY, [10.0**-n for n in range(7)], algorithms=names, lost=lambda name, trial, rate: rate > 0.5 and trial != 0,
        value=lambda name, trial, rate: len(name) * (1 + trial) + rate,
    )  # fmt: skip
    canvas = drawn(saved)
    assert not unfit(canvas)
    assert canvas.get_figheight() < 9
