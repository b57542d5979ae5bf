"""Pictures of sweeps: lines, heat maps, small multiples."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import LogNorm, to_hex

from fa_repro import run
from fa_repro.plotting import style
from fa_repro.results import directory
from tests.support.sweeps import BETA, EVERY, PROBES, RATE, drawn, heat, made_up, unfit, values


def bold(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"]


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
def test_number_of_axes_decides_the_plot(axes: dict[str, list[Any]], maps: int) -> None:
    fig = drawn(made_up(axes))
    assert len(heat(fig)) == maps
    if not maps:
        points = int(np.prod([len(own) for own in axes.values()]))
        assert [len(ax.get_lines()) for ax in fig.axes if ax.get_title()] == [points, points]


@pytest.mark.draws
def test_heat_maps_hold_the_final_geometric_mean(place: Path) -> None:
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


@pytest.mark.draws
def test_shared_key_is_one_axis_per_algorithm(place: Path) -> None:
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


def test_star_axis_results_can_be_repeated(place: Path, command: Any) -> None:
    words = ["--set", "algorithms.*.network.init_range=0.2", "--sweep", f"{EVERY}=0.01,0.02"]
    planned = command("run", "linear", *words, "--dry-run").output
    assert f"{EVERY}: 0.01, 0.02 (2 values)" in planned
    assert command("run", "linear", *words).exit_code == 0
    again = command("run", "--from", "results/linear")
    assert again.exit_code == 0, again.output
    assert command("list").exit_code == 0
    kept = command("run", "linear", "--config", "results/linear/config.yaml", "--results", "other").output
    assert (place / "other/linear/linear.csv").read_bytes() == (place / "results/linear/linear.csv").read_bytes(), kept


def test_end_of_a_run_is_its_own_last_example() -> None:
    saved = made_up({"training.examples": [20, 10], "seed": [0, 1]}, value=lambda _, __, examples, ___: 1 / examples)
    table = saved.table
    table.loc[(table["training.examples"] == 20) & (table["example"] == 10), "example"] = 20
    fig = drawn(saved)
    np.testing.assert_allclose(values(heat(fig)[0]), [[0.1, 0.05], [0.1, 0.05]])
    assert "after 10 to 20 examples" in fig.axes[-1].get_ylabel()


def test_percent_has_linear_mean_and_colours() -> None:
    saved = made_up({"seed": [0, 1], "network.init_range": [0.1, 0.2]}, "mnist", "test_error_percent",
                    value=lambda _, trial, seed, omega: 2.0 + trial**2 + seed + omega)  # fmt: skip
    fig = drawn(saved.__class__(saved.table.assign(epoch=saved.table["example"] / 5), {}, saved.config, saved.manifest))
    ax = heat(fig)[0]
    np.testing.assert_allclose(values(ax), [[2 + 5 / 3 + 0.1, 3 + 5 / 3 + 0.1], [2 + 5 / 3 + 0.2, 3 + 5 / 3 + 0.2]])
    assert not isinstance(ax.get_images()[0].norm, LogNorm)
    assert ax.get_title() == "backprop\nbest: 3.77 %"
    assert fig.axes[-1].get_ylabel() == "test error (%), after 2 epochs, n = 3"


@pytest.mark.draws
def test_two_axis_angles_are_final_heat_maps(place: Path) -> None:
    sweep = {"network.init_range": [0.1, 0.3], "seed": [0, 1, 2]}
    result = run("angle", PROBES, sweep=sweep, only=["feedback_alignment"])
    panels = heat(result.figure)
    assert [ax.get_title().split("\n")[1] for ax in panels] == ["Fig. 4b: to backprop", "Fig. 4c: to pseudobackprop"]
    last = result.table[result.table["example"] == result.table["example"].max()]
    for ax, column in zip(panels, ("angle_backprop_deg", "angle_pseudobackprop_deg"), strict=True):
        expected = last.pivot_table(index="seed", columns="network.init_range", values=column)
        np.testing.assert_allclose(values(ax), expected, rtol=1e-9)
    assert "Fig. 1e is drawn over one axis only" in result.figure.get_suptitle()


def test_shortest_axes_become_small_multiples() -> None:
    axes = {"seed": [1, 0], "network.init_range": [0.1, 0.2, 0.3], "task.inputs": [3, 4, 5, 6]}
    fig = drawn(made_up(axes, value=lambda name, _, seed, omega, n: (1 + len(name)) * omega * n * (1 + seed)))
    panels = heat(fig)
    assert [ax.get_title().split("\n")[:2] for ax in panels] == [
        [name, f"seed = {seed}"] for seed in (0, 1) for name in ("backprop", "feedback alignment")
    ]
    for ax, (seed, length) in zip(panels, itertools.product((0, 1), (9, 19)), strict=True):
        expected = np.outer([3, 4, 5, 6], [0.1, 0.2, 0.3]) * length * (1 + seed)
        np.testing.assert_allclose(values(ax), expected)
    rows = {round(ax.get_position().y0, 6) for ax in panels}
    assert len(rows) == 2, "a row for each seed"
    assert not fig.get_suptitle()


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


@pytest.mark.parametrize(("algorithms", "shown"), [(2, 16), (6, 12)])
def test_what_is_not_shown_is_reported(algorithms: int, shown: int) -> None:
    """Rows are shown whole, up to sixteen maps."""
    axes = {"seed": [0, 1, 2], "task.outputs": [1, 2, 3], "task.inputs": [7, 8], "network.init_range": [0.1]}
    axes |= {"network.hidden": [[1], [2], [3], [4]], "training.batch_size": [1, 2]}
    names = [f"a{number}" for number in range(algorithms)]
    fig = drawn(made_up(axes, algorithms=names, trials=1))
    assert len(heat(fig)) == shown
    total = 12 * algorithms
    told = f"{total - shown} of {total} maps are not shown, but in the CSV"
    assert fig.get_suptitle() == (told if shown < total else "")


def test_long_names_label_rows_in_full() -> None:
    blocks = [{"rule": "feedback_alignment", "learning_rate": n / 100, "feedback_range": n / 7} for n in range(1, 13)]
    fig = drawn(made_up({"algorithms.backprop": blocks, "seed": [0, 1]}, algorithms=["backprop"]))
    (ax,) = heat(fig)
    named = [tick.get_text().replace("\n", " ") for tick in ax.get_yticklabels()]
    assert named == [f"learning_rate={n / 100:g}, feedback_range={n / 7:.3g}" for n in range(1, 13)]
    assert ax.get_xlabel() == "seed"
    assert unfit(fig) == []


def test_log_colours_span_at_most_four_decades() -> None:
    saved = made_up(
        {"seed": [0, 1], "task.inputs": [3, 4]}, value=lambda _, __, seed, n: 1e-9 if seed + n == 3 else 0.1
    )
    low, high = heat(drawn(saved))[0].get_images()[0].get_clim()
    assert (low, high) == pytest.approx((1e-5, 0.1))


def test_unswept_algorithm_keeps_its_own_colour() -> None:
    """By its name first: the rule of `reinforcement` is called `node_perturbation`."""
    saved = made_up({RATE: [0.1, 0.2]}, algorithms=["reinforcement", "backprop"])
    saved.config["algorithms"]["reinforcement"]["rule"] = "node_perturbation"
    reinforcement = drawn(saved).axes[0]
    assert {to_hex(line.get_color()) for line in reinforcement.get_lines()} == {style.colour("reinforcement").lower()}


def test_texts_are_measured_by_few_renderers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has an image of the whole figure, of megabytes, and is kept in a cycle of references."""
    created: list[object] = []
    prepare = RendererAgg.__init__

    def counted(self: RendererAgg, *size: float) -> None:
        created.append(size)
        prepare(self, *size)

    monkeypatch.setattr(RendererAgg, "__init__", counted)
    drawn(made_up({"seed": [0, 1, 2], "network.init_range": [0.1, 0.2, 0.3]}))
    assert 1 <= len(created) <= 4
