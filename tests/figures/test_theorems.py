"""The picture of the theorems."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fa_repro import run
from fa_repro.config.locate import find_config, read_config
from fa_repro.config.resolve import resolve_config
from fa_repro.figures import theorems
from fa_repro.io import yaml
from fa_repro.results.figure_results import FigureResults
from tests.support.drawing import draw
from tests.support.studies import THEOREMS

SmallResults = Callable[[str], FigureResults]


@pytest.mark.draws
def test_v_panel_shows_the_first_size(small_results: SmallResults) -> None:
    results = small_results("theorems")
    panel = next(ax for ax in draw(theorems.FIGURE, results).axes if ax.get_title() == "1: V")
    assert {text.get_text() for text in panel.get_legend().get_texts()} == {"zero", "random", "opposed"}
    table = results.table
    part = table[table["quantity"] == "V/6-5-3/opposed"].pivot(index="time", columns="trial", values="value")
    line = next(line for line in panel.get_lines() if line.get_label() == "opposed")
    np.testing.assert_allclose(line.get_ydata(), (part / part.iloc[0]).median(axis=1))


@pytest.mark.draws
def test_statements_have_numbers_and_verdicts(small_results: SmallResults) -> None:
    results = small_results("theorems")
    summary = results.extra["summary"]
    texts = [text.get_text() for ax in draw(theorems.FIGURE, results).axes for text in ax.texts]
    for row in summary.itertuples():
        assert row.statement in texts
        assert f"{row.measured:.2g}" in texts
    assert texts.count("holds") == summary["holds"].sum() == len(summary)
    assert "FAILS" not in texts


@pytest.mark.draws
def test_a_statement_that_fails_is_reported(small_results: SmallResults) -> None:
    saved = small_results("theorems")
    saved.extra["summary"].loc[3, "holds"] = False
    fig = draw(theorems.FIGURE, saved)
    marked = [text for ax in fig.axes for text in ax.texts if text.get_text() == "FAILS"]
    assert len(marked) == 1
    assert marked[0].get_fontweight() == "bold"
    titles = [ax.get_title(loc="left") for ax in fig.axes]
    assert any(
        title.startswith(f"{len(saved.extra['summary']) - 1} of {len(saved.extra['summary'])}") for title in titles
    )


@pytest.mark.draws
def test_lines_are_the_median_over_trials(small_results: SmallResults) -> None:
    results = small_results("theorems")
    table = results.table
    part = table[table["quantity"] == "error/6-5-3/zero"].pivot(index="time", columns="trial", values="value")
    line = next(line for line in draw(theorems.FIGURE, results).axes[0].get_lines() if line.get_label() == "6-5-3")
    np.testing.assert_array_equal(line.get_xdata(), part.index)
    np.testing.assert_allclose(line.get_ydata(), part.median(axis=1))


@pytest.mark.draws
@pytest.mark.parametrize("only", [["theorem_1"], ["theorem_2"], ["theorem_3", "theorem_2"]])
def test_some_theorems_can_be_drawn_alone(workplace: Path, only: list[str]) -> None:
    result = run("theorems", THEOREMS, only=only)
    assert set(result.table["theorem"]) == {int(name[-1]) for name in only}
    assert result._repr_png_().startswith(b"\x89PNG")


@pytest.mark.draws
def test_theorem_sweep_shows_what_holds_where(workplace: Path) -> None:
    result = run("theorems", THEOREMS, sweep={"theory.theorem_2.init_range": [0.1, 0.5]}, only=["theorem_2"])
    (image,) = result.figure.axes[0].get_images()
    assert image.get_array().shape == (5, 2)
    assert [text.get_text() for text in result.figure.axes[0].get_xticklabels()] == ["0.1", "0.5"]
    told = [text.get_text() for text in result.figure.axes[0].texts]
    summary = result.extra["summary"]
    assert sorted(told) == sorted(f"{value:.2g}" for value in summary["measured"])


def test_shipped_configs_state_study_defaults() -> None:
    for name in ("flow-field", "theorems"):
        written = read_config(find_config(name)).data["theory"]
        bare = yaml.load(yaml.dump({"figure": name, "theory": {key: {} for key in written}}), "bare.yaml")
        assert resolve_config(bare).data["theory"] == written


def test_criteria_of_claims_are_whole_statements(small_results: SmallResults) -> None:
    texts = {text.rpartition(" (")[0] for text in small_results("theorems").extra["summary"]["statement"]}
    named = [claim.criterion.partition(" within its bound: ")[2].split("; ") for claim in theorems.FIGURE.claims]
    assert set().union(*named) == texts
    assert sum(map(len, named)) == len(texts)
