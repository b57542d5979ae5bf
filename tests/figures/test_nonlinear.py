"""Fig. 2d: its tables, its t-tests and what is drawn."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from scipy.stats import t as student

from fa_repro import run
from fa_repro.claims import published
from fa_repro.config.locate import read_config, shipped_folder
from fa_repro.config.resolve import resolve_config
from fa_repro.errors import ConfigError
from fa_repro.figures import nonlinear
from fa_repro.plotting import style
from fa_repro.plotting.depth_tests import compare_depths
from fa_repro.results import directory
from fa_repro.results.tables import read_table
from tests.support.drawing import draw
from tests.support.nonlinear import ends


def test_the_table_is_the_contracts(nonlinear_workplace: Path) -> None:
    result = run("nonlinear")
    table = read_table((nonlinear_workplace / "results/nonlinear/nonlinear.csv").read_bytes())
    assert list(table) == ["algorithm", "trial", "example", "nse"]
    assert list(table["algorithm"].unique()) == [
        "backprop_3",
        "backprop_4",
        "feedback_alignment_3",
        "feedback_alignment_4",
        "shallow_3",
    ]
    assert table[["algorithm", "trial", "example"]].apply(tuple, axis=1).is_monotonic_increasing
    assert set(table["example"]) >= {0, 1, 600}
    assert (table["nse"] > 0).all()
    starts = table[table["example"] == 0].pivot(index="trial", columns="algorithm", values="nse")
    # Nets of one depth start from the same weights and see the same examples.
    assert (starts["backprop_3"] == starts["feedback_alignment_3"]).all()
    assert (starts["backprop_4"] == starts["feedback_alignment_4"]).all()
    assert result.table["nse"].tolist() == table["nse"].tolist()


def test_angles_have_one_row_per_hidden_layer(nonlinear_workplace: Path) -> None:
    angles = run("nonlinear").extra["angles"]
    assert list(angles) == ["algorithm", "trial", "example", "layer", "angle_backprop_deg"]
    assert set(angles["algorithm"]) == {"feedback_alignment_4"}
    assert angles.groupby("layer").size().nunique() == 1
    assert set(angles["layer"]) == {1, 2}
    assert angles["angle_backprop_deg"].between(0, 180).all()
    first, second = (angles[angles["layer"] == layer]["angle_backprop_deg"].to_numpy() for layer in (1, 2))
    assert not np.allclose(first, second)


def test_t_tests_are_students(nonlinear_workplace: Path) -> None:
    """Against the formulas, computed by hand."""
    result = run("nonlinear")
    table, summary = result.table, result.extra["summary"].set_index("rule")
    assert list(summary.index) == ["backprop", "feedback_alignment"]
    ends = table[table["example"] == 600].pivot(index="trial", columns="algorithm", values="nse")
    for rule, row in summary.iterrows():
        three, four = ends[f"{rule}_3"].to_numpy(), ends[f"{rule}_4"].to_numpy()
        difference = np.log10(three) - np.log10(four)
        assert row["t_paired"] == pytest.approx(difference.mean() / (difference.std(ddof=1) / 2))
        pooled = (three.var(ddof=1) + four.var(ddof=1)) / 2
        assert row["t"] == pytest.approx((three.mean() - four.mean()) / np.sqrt(pooled * 2 / 4))
        assert (row["three"], row["four"]) == pytest.approx((three.mean(), four.mean()))
        assert row["four_better"] == (four < three).sum()
        assert (row["example"], row["trials"], row["diverged"]) == (600, 4, 0)
        assert row["p_paired"] == pytest.approx(2 * student.sf(abs(row["t_paired"]), 3))
        assert row["p"] == pytest.approx(2 * student.sf(abs(row["t"]), 6))
        told = f"four layers {four.mean():.2e}, of three {three.mean():.2e}"
        better = f"four are better in {(four < three).sum()} of 4 trials, paired t-test p = {row['p_paired']:.0e}"
        assert any(told in line and better in line and "example 600" in line for line in result.remarks)


NETWORKS = {("backprop_3",): ("backprop", 3), ("backprop_4",): ("backprop", 4)}


def test_diverged_trial_is_lost_and_voids_t_test() -> None:
    (row,) = compare_depths(ends([2.0, 2.1, 2.2], [1.0, np.inf, 1.2]), NETWORKS, []).to_dict("records")
    assert (row["trials"], row["diverged"], row["four_better"]) == (3, 1, 2)
    assert row["four"] == np.inf
    assert np.isnan(row["p_paired"])
    assert np.isnan(row["p"])


def test_errors_are_compared_at_the_common_end() -> None:
    (row,) = compare_depths(ends([2.0, 2.1, 2.2], [1.0, 1.1, 1.3], at=70), NETWORKS, []).to_dict("records")
    assert row["example"] == 50
    unequal = compare_depths(ends([2.0, 2.1, 2.2, 9.0], [1.0, 1.1, 1.3, 1.0]), NETWORKS, []).iloc[0]
    # Student's test of two samples, not Welch's, which gives another p where variances differ.
    assert unequal["p"] == pytest.approx(2 * student.sf(abs(unequal["t"]), 6))


def test_t_statistic_and_p_match_the_table() -> None:
    """Twenty trials, four layers at half the error of three with a spread of 10 %: far beyond chance, and positive."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        [
            {
                "algorithm": f"backprop_{layers}",
                "trial": trial,
                "example": at,
                "nse": scale * np.exp(0.1 * rng.normal()),
            }
            for layers, scale in ((3, 2e-3), (4, 1e-3))
            for trial in range(20)
            for at in (0, 100)
        ]
    )
    (row,) = compare_depths(rows, NETWORKS, []).to_dict("records")
    assert row["t_paired"] > 10
    assert row["p_paired"] < 1e-12
    assert row["p"] < 1e-12
    assert row["four_better"] == 20
    turned = rows.assign(algorithm=rows["algorithm"].map({"backprop_3": "backprop_4", "backprop_4": "backprop_3"}))
    (row,) = compare_depths(turned, NETWORKS, []).to_dict("records")
    assert row["t_paired"] < -10
    assert row["four_better"] == 0


@pytest.mark.draws
def test_what_is_drawn(nonlinear_workplace: Path) -> None:
    result = run("nonlinear", {"training.examples": 8000, "trials": 3})
    left, right = result.figure.axes
    table = result.table
    for algorithm in table["algorithm"].unique():
        rule, layers = algorithm.rsplit("_", 1)
        wide = table[table["algorithm"] == algorithm].pivot(index="trial", columns="example", values="nse")
        mean = 10 ** np.log10(wide).mean(axis=0)
        colour, reference = style.colour(rule), published.published_curves("2d")[algorithm]
        own = [line for line in left.get_lines() if to_hex(line.get_color()) == colour.lower()]
        ours = [line for line in own if len(line.get_xdata()) == len(mean) and np.allclose(line.get_ydata(), mean)]
        assert len(ours) == 1
        assert (ours[0].get_linestyle() == "-") == (layers == "4")
        dotted = [line for line in own if line.get_linestyle() == ":"]
        shown = reference[reference["examples"] <= 8000]
        assert any(np.array_equal(line.get_ydata(), shown["value"]) for line in dotted)
    angles = result.extra["angles"]
    for layer, line in zip((1, 2), [line for line in right.get_lines() if len(line.get_xdata()) > 2], strict=True):
        part = angles[angles["layer"] == layer].groupby("example")["angle_backprop_deg"].mean()
        np.testing.assert_allclose(line.get_ydata(), part)
    legend = left.get_legend()
    told = {text.get_text() for text in legend.get_texts()}
    for row in result.extra["summary"].to_dict("records"):
        assert f"{style.label(row['rule'])} 4 (p = {row['p_paired']:.0e})" in told
        assert f"{style.label(row['rule'])} 3" in told
    assert "paired t-test" in legend.get_title().get_text()
    assert left.get_yscale() == "log"
    for layer, line in zip((1, 2), [line for line in right.get_lines() if len(line.get_xdata()) > 2], strict=True):
        assert line.get_label() == f"feedback alignment 4, hidden layer {layer}"
    assert len({line.get_linestyle() for line in right.get_lines() if len(line.get_xdata()) > 2}) == 2
    wide = angles[angles["layer"] == 1].pivot(index="trial", columns="example", values="angle_backprop_deg")
    vertices = right.collections[0].get_paths()[0].vertices
    at = wide.columns[5]
    band = sorted(set(vertices[vertices[:, 0] == at, 1].round(9)))
    middle, deviation = wide[at].mean(), wide[at].std(ddof=1)
    assert (band[0], band[-1]) == pytest.approx((middle - deviation, middle + deviation))
    rows = table[table["algorithm"] == "shallow_3"].pivot(index="trial", columns="example", values="nse")
    vertices = left.collections[0].get_paths()[0].vertices
    logs = np.log10(rows[600 if 600 in rows else rows.columns[-1]])
    half = student.ppf(0.975, 2) * logs.std(ddof=1) / np.sqrt(3)
    band = vertices[vertices[:, 0] == rows.columns[-1], 1]
    assert (band.min(), band.max()) == pytest.approx((10 ** (logs.mean() - half), 10 ** (logs.mean() + half)))


@pytest.mark.draws
@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"trials": 1}, {}),
        ({}, {"only": ["backprop_4"]}),
        ({}, {"only": ["shallow_3", "backprop_3"]}),
        ({}, {"sweep": {"network.init_range": [0.1, 0.2]}}),
        ({"algorithms.backprop_4.learning_rate": 50.0, "network.activation": "linear"}, {}),
        ({"algorithms": {"mine": {"rule": "backprop", "learning_rate": 0.01}}}, {}),
    ],
)
def test_other_settings_can_be_drawn(
    nonlinear_workplace: Path, settings: dict[str, Any], options: dict[str, Any]
) -> None:
    result = run("nonlinear", settings, **options)
    assert result._repr_png_().startswith(b"\x89PNG")
    saved = directory.load(nonlinear_workplace / "results/nonlinear")
    assert draw(nonlinear.FIGURE, saved) is not None
    if "sweep" in options:
        assert list(result.extra["summary"]["network.init_range"]) == [0.1, 0.1, 0.2, 0.2]
        assert result.remarks == ()
    for ax in result.figure.axes:
        assert not ax.get_legend() or not any("nan" in text.get_text() for text in ax.get_legend().get_texts())
    if settings.get("trials") == 1:
        assert result.extra["summary"]["p_paired"].isna().all()


@pytest.mark.draws
def test_swept_curves_are_all_in_sight(nonlinear_workplace: Path) -> None:
    """Also those far below the first panel's."""
    settings = {"training.examples": 6000, "task.target_range": 0.3, "task.target_bias_range": 1.0}
    result = run("nonlinear", settings, sweep={"seed": [0, 1]})
    panels = [ax for ax in result.figure.axes if ax.get_title()]
    lowest = min(line.get_ydata().min() for ax in panels for line in ax.get_lines())
    assert panels[0].get_ylim()[0] <= lowest
    assert panels[0].get_lines()[0].get_ydata().min() > 3 * lowest


@pytest.mark.draws
def test_depth_and_rule_come_from_the_config(nonlinear_workplace: Path) -> None:
    """The t-tests, colours and lines of algorithms with other names are those of the shipped names."""
    others = {"backprop_3": "ours", "backprop_4": "feedback_alignment_3", "feedback_alignment_4": "theirs_4"}
    document = read_config(Path("configs/nonlinear.yaml"))
    algorithms = {others.get(name, f"other_{name}"): block for name, block in document.data["algorithms"].items()}
    usual, renamed = run("nonlinear"), run("nonlinear", {"algorithms": algorithms})
    assert len(usual.extra["summary"]) == 2
    assert usual.extra["summary"].equals(renamed.extra["summary"])

    def curves(result: Any) -> list[tuple[str, str, bool]]:
        lines = [line for line in result.figure.axes[0].get_lines() if not line.get_label().startswith(("_", "pub"))]
        return [(line.get_color(), str(line.get_linestyle()), "p =" in line.get_label()) for line in lines]

    assert curves(renamed) == curves(usual)
    assert len(curves(usual)) == 5


def test_nets_of_equal_depth_are_not_compared(nonlinear_workplace: Path) -> None:
    result = run("nonlinear", {"algorithms.backprop_3.network": {"hidden": [20, 10]}})
    assert list(result.extra["summary"]["rule"]) == ["feedback_alignment"]


@pytest.mark.draws
def test_colours_depend_on_rule_not_depth(nonlinear_workplace: Path) -> None:
    result = run("nonlinear", sweep={"algorithms.backprop_4.learning_rate": [0.01, 0.02]})
    for ax in result.figure.axes[:5]:
        rule, layers = "_".join(ax.get_title().split()[:-3]).rsplit("_", 1)  # without "n = 4"
        if (rule, layers) != ("backprop", "4"):
            assert {to_hex(line.get_color()) for line in ax.get_lines()} == {style.colour(rule).lower()}


def test_other_angles_are_not_those_to_backprop(nonlinear_workplace: Path) -> None:
    key = "algorithms.feedback_alignment_4.record.probes"
    result = run("nonlinear", {key: ["test_nse", "angle_pseudobackprop_layer1_deg"]}, only=["feedback_alignment_4"])
    assert result.extra["angles"].empty


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"record.probes": ["nse"]}, "the figure needs test_nse"),
        ({"task.target_range": 0, "task.target_bias_range": 0}, "the target is 0 everywhere"),
        ({"task.target_range": [0.5, 0.0, 0.5], "task.target_bias_range": 0}, "the target is 0 everywhere"),
        (
            {"task.target_range": [0.5, 0.5, 0.0], "task.target_bias_range": [0.5, 0.5, 0.0]},
            "the target is 0 everywhere",
        ),
        ({"record.probes": ["test_nse", "angle_backprop_layer01_deg"]}, "unknown probe 'angle_backprop_layer01_deg'"),
    ],
)
def test_undrawable_settings_fail_early(nonlinear_workplace: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        run("nonlinear", settings)
    assert message in str(error.value)


def test_the_shipped_config_in_quick_is_quick() -> None:
    config = resolve_config(read_config(shipped_folder() / "nonlinear.yaml"), quick=True)
    assert {condition.setup.training.examples for condition in config.conditions} == {20_000}
    assert {condition.trials for condition in config.conditions} == {3}
    full = resolve_config(read_config(shipped_folder() / "nonlinear.yaml"))
    assert {(condition.setup.training.examples, condition.trials) for condition in full.conditions} == {(400_000, 20)}
    assert {condition.setup.network.hidden for condition in full.conditions} == {(20,), (20, 10)}


def test_algorithm_may_be_named_like_a_number(nonlinear_workplace: Path) -> None:
    own = {"rule": "backprop", "learning_rate": 0.01}
    run("nonlinear", {"algorithms": {"Inf": own, "NA": {**own, "network": {"hidden": [5, 4]}}}})
    saved = directory.load(nonlinear_workplace / "results/nonlinear")
    assert set(saved.table["algorithm"]) == {"Inf", "NA"}
    assert list(saved.extra["summary"]["rule"]) == ["backprop"]
    assert nonlinear.remarks(saved)


def test_feedback_ranges_must_fit_the_layers(nonlinear_workplace: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected one number \(one per hidden layer\), got a list of 2"):
        run("nonlinear", {"algorithms.feedback_alignment_3.feedback_range": [0.5, 0.8]})
