"""Fig. 2d."""

import numpy as np
import pytest

from fa_repro import run
from fa_repro.experiment.result import Result


@pytest.fixture(scope="module")
def nonlinear(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run("nonlinear", results=tmp_path_factory.mktemp("nonlinear"), jobs=None)


@pytest.mark.slow
def test_four_layers_beat_three(nonlinear: Result) -> None:
    summary = nonlinear.extra["summary"].set_index("rule")
    assert list(summary["trials"]) == [20, 20]
    assert (summary["t_paired"] > 0).all()
    assert (summary["p_paired"] < 1e-6).all()
    assert (summary["p"] < 1e-6).all()


@pytest.mark.slow
def test_nonlinear_errors_match_the_published(nonlinear: Result) -> None:
    """Within a factor of two; feedback alignment ahead of backprop until late."""
    table = nonlinear.table
    ends = table[table["example"] == 400_000].groupby("algorithm")["nse"].mean()
    assert ends["shallow_3"] > 0.05
    levels = {"shallow_3": 0.13, "backprop_3": 2.1e-3, "feedback_alignment_3": 2.0e-3}
    levels |= {"backprop_4": 1.06e-3, "feedback_alignment_4": 0.89e-3}
    for algorithm, published in levels.items():
        assert published / 2 < ends[algorithm] < 2 * published, algorithm
    curves = np.log10(table["nse"]).groupby([table["example"], table["algorithm"]]).mean().unstack()
    middle = curves[(curves.index >= 1000) & (curves.index <= 200_000)]
    assert (middle["feedback_alignment_4"] < middle["backprop_4"]).all()
    assert len(middle) > 20


@pytest.mark.slow
def test_both_hidden_layers_align_with_backprop(nonlinear: Result) -> None:
    angles = nonlinear.extra["angles"]
    for _, part in angles.groupby("layer"):
        mean = part.groupby("example")["angle_backprop_deg"].mean()
        assert 75 < mean[0] < 105
        assert mean[mean.index > 2000].max() < 65
