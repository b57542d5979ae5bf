"""Fig. 2d: its tables, its t-tests and what is drawn; and the search for its settings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from matplotlib.colors import to_hex

from fa_repro import published, results, run, style
from fa_repro.drawing import draw
from fa_repro.errors import ConfigError
from fa_repro.figures import nonlinear

CONFIG = """\
figure: nonlinear
trials: 4
task:
  {name: nonlinear, inputs: 6, outputs: 3, hidden: [5, 4], target_range: 0.7, target_bias_range: 0.4, test_examples: 60}
network: {hidden: [5], activation: tanh, bias: true, init_range: 0.3}
training: {examples: 600}
record: {grid: log, points: 12, probes: [test_nse]}
algorithms:
  shallow_3: {rule: shallow, learning_rate: 0.01}
  backprop_3: {rule: backprop, learning_rate: 0.02}
  feedback_alignment_3: {rule: feedback_alignment, learning_rate: 0.02, feedback_range: 0.5}
  backprop_4: {rule: backprop, learning_rate: 0.02, network: {hidden: [5, 4]}}
  feedback_alignment_4:
    rule: feedback_alignment
    learning_rate: 0.02
    feedback_range: [0.5, 0.8]
    network: {hidden: [5, 4]}
    record: {probes: [test_nse, angle_backprop_layer1_deg, angle_backprop_layer2_deg]}
"""


@pytest.fixture
def place(workplace: Path) -> Path:
    (workplace / "configs/nonlinear.yaml").write_text(CONFIG)
    return workplace


def test_the_table_is_the_contracts(place: Path) -> None:
    result = run("nonlinear")
    table = pd.read_csv(place / "results/nonlinear/nonlinear.csv")
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


def test_angles_have_one_row_for_each_hidden_layer(place: Path) -> None:
    angles = run("nonlinear").extra["angles"]
    assert list(angles) == ["algorithm", "trial", "example", "layer", "angle_backprop_deg"]
    assert set(angles["algorithm"]) == {"feedback_alignment_4"}
    assert angles.groupby("layer").size().nunique() == 1
    assert set(angles["layer"]) == {1, 2}
    assert angles["angle_backprop_deg"].between(0, 180).all()
    first, second = (angles[angles["layer"] == layer]["angle_backprop_deg"].to_numpy() for layer in (1, 2))
    assert not np.allclose(first, second)


def test_t_tests_are_students(place: Path) -> None:
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
        assert row["trials"] == 4
        assert 0 < row["p_paired"] <= 1


def test_the_t_statistics_sign_and_p_are_as_tabulated() -> None:
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
    (row,) = nonlinear._summary(rows, []).to_dict("records")
    assert row["t_paired"] > 10
    assert row["p_paired"] < 1e-12
    assert row["p"] < 1e-12
    assert row["four_better"] == 20
    turned = rows.assign(algorithm=rows["algorithm"].map({"backprop_3": "backprop_4", "backprop_4": "backprop_3"}))
    (row,) = nonlinear._summary(turned, []).to_dict("records")
    assert row["t_paired"] < -10
    assert row["four_better"] == 0


def test_what_is_drawn(place: Path) -> None:
    result = run("nonlinear", {"training.examples": 8000, "trials": 3})
    left, right = result.figure.axes
    table = result.table
    for algorithm in table["algorithm"].unique():
        rule, layers = algorithm.rsplit("_", 1)
        wide = table[table["algorithm"] == algorithm].pivot(index="trial", columns="example", values="nse")
        mean = 10 ** np.log10(wide).mean(axis=0)
        colour, reference = style.colour(rule), published.curves("2d")[algorithm]
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
    told = " ".join(text.get_text() for text in left.get_legend().get_texts())
    for row in result.extra["summary"].to_dict("records"):
        assert f"p = {row['p_paired']:.0e}" in told


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
def test_other_settings_can_be_drawn(place: Path, settings: dict[str, Any], options: dict[str, Any]) -> None:
    result = run("nonlinear", settings, **options)
    assert result._repr_png_().startswith(b"\x89PNG")
    saved = results.load(place / "results/nonlinear")
    assert draw(nonlinear.FIGURE, saved) is not None
    if "sweep" in options:
        assert list(result.extra["summary"]["network.init_range"]) == [0.1, 0.1, 0.2, 0.2]
    if settings.get("trials") == 1:
        assert result.extra["summary"]["p_paired"].isna().all()


def test_feedback_ranges_must_fit_the_layers(place: Path) -> None:
    with pytest.raises(ConfigError, match=r"feedback_range: expected one number or 1 \(one per hidden layer\), got 2"):
        run("nonlinear", {"algorithms.feedback_alignment_3.feedback_range": [0.5, 0.8]})


# ---- the search for its settings ----


def test_a_search_over_the_error_of_held_out_examples(place: Path, command: Callable[..., Result]) -> None:
    text = CONFIG.replace("figure: nonlinear", "figure: search").replace(
        "probes: [test_nse]", "probes: [validation_nse]"
    )
    text = text[: text.index("  backprop_4:")].replace("grid: log, points: 12", "grid: linear, points: 2")
    (place / "configs/seek.yaml").write_text(
        text + "sweep:\n  task.target_range: [0.3, 0.7]\n  algorithms.backprop_3.learning_rate: [0.01, 0.05, 50.0]\n"
    )
    result = run("seek", {"network.activation": "linear"})
    table = result.table
    assert list(table)[:4] == ["algorithm", "trial", "example", "validation_nse"]
    titles = [ax.get_title() for ax in result.figure.axes]
    panel = next(ax for ax in result.figure.axes if ax.get_title().startswith("backprop 3"))
    ends = table[(table["algorithm"] == "backprop_3") & (table["example"] == 600)]
    means = 10 ** np.log10(ends["validation_nse"]).groupby([ends[axis] for axis in list(ends)[4:]]).mean()
    drawn = np.ma.filled(panel.get_images()[0].get_array().astype(float), np.nan)
    np.testing.assert_allclose(drawn, means.unstack(0).replace(np.inf, np.nan), rtol=1e-9)
    texts = [text.get_text() for text in panel.texts]
    assert texts.count("none") == 2
    assert f"best: {means.min():.1e}".replace("e-0", "e-") in panel.get_title()
    assert len(titles) == 4  # shallow, backprop, feedback alignment, colours
    answer = command("run", "seek", "--set", "record.probes=[nse]")
    assert answer.exit_code == 2
    assert "the figure needs one of validation_error_percent, validation_nse" in answer.stderr
