"""The search for the settings of Fig. 2d."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from matplotlib.colors import LogNorm

from fa_repro import run
from tests.support.nonlinear import CONFIG


@pytest.mark.draws
def test_search_over_the_held_out_error(nonlinear_workplace: Path, command: Callable[..., Result]) -> None:
    text = CONFIG.replace("figure: nonlinear", "figure: search").replace(
        "probes: [test_nse]", "probes: [validation_nse]"
    )
    text = text[: text.index("  backprop_4:")].replace("grid: log, points: 12", "grid: linear, points: 2")
    (nonlinear_workplace / "configs/seek.yaml").write_text(
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
    assert texts.count("diverged") == 2
    assert f"best: {means.min():.1e}".replace("e-0", "e-") in panel.get_title()
    assert len(titles) == 4  # shallow, backprop, feedback alignment, colours
    answer = command("run", "seek", "--set", "record.probes=[nse]")
    assert answer.exit_code == 2
    assert "the figure needs validation_nse among record.probes" in answer.stderr
    answer = command("run", "seek", "--set", "record.probes=[validation_error_percent]")
    assert "needs validation_nse among record.probes, without validation_error_percent or nse" in answer.stderr
    bar = next(ax for ax in result.figure.axes if "held-out" in ax.get_ylabel())
    assert bar.get_ylabel() == "NSE of held-out examples, after 600 examples, n = 4"
    norm = panel.get_images()[0].norm
    sound = table[(table["example"] == 600) & np.isfinite(table["validation_nse"])]["validation_nse"]
    high = np.percentile(sound, 90)
    assert isinstance(norm, LogNorm)
    assert (norm.vmin, norm.vmax) == pytest.approx((max(sound.min(), high / 1e4), high))
    assert [tick.get_text() for tick in panel.get_xticklabels()] == ["0.3", "0.7"]
    assert [tick.get_text() for tick in panel.get_yticklabels()] == ["0.01", "0.05", "50"]
    assert panel.get_title().endswith(f"best: {means.min():.1e}".replace("e-0", "e-"))
