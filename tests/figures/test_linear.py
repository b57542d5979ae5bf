"""Fig. 1d, 1e, 4a, 4b and 4c."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fa_repro import registry
from fa_repro.claims import published
from fa_repro.figures.linear import representative
from fa_repro.plotting import style
from fa_repro.results import directory
from fa_repro.statistics import mean_interval, sliding
from tests.support.drawing import draw
from tests.support.shipped import figure, lines

FIGURES = registry.names("figures")


def drawn(folder: Path) -> Figure:
    saved = directory.load(folder)
    return draw(figure(str(saved.config["figure"])), saved)


def edges(ax: Axes, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper edge of a drawn band."""
    vertices = ax.collections[number].get_paths()[0].vertices
    columns = [vertices[vertices[:, 0] == x, 1] for x in np.unique(vertices[:, 0])]
    return np.array([column.min() for column in columns]), np.array([column.max() for column in columns])


def test_there_are_figures_to_draw() -> None:
    assert {"linear", "nse", "angle"} <= set(FIGURES)


def test_linear_draws_trial_band_and_reference(
    shipped_results: Path,
) -> None:
    table = pd.read_csv(shipped_results / "linear/linear.csv")
    fig = drawn(shipped_results / "linear")
    ax = fig.axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("examples", "NSE", "log")
    chosen = representative(table)
    for algorithm in ("shallow", "reinforcement", "backprop", "feedback_alignment"):
        ours, reference = lines(ax, style.colour(algorithm))
        one = table[(table["algorithm"] == algorithm) & (table["trial"] == chosen)]["nse"].to_numpy()
        np.testing.assert_allclose(ours.get_ydata(), 10 ** sliding(np.log10(one), 25)[0], rtol=1e-12)
        np.testing.assert_array_equal(reference.get_ydata(), published.published_curves("1d")[algorithm]["value"])
        assert reference.get_linestyle() == ":"
    assert len(ax.collections) == 4  # the bands
    every = table[table["algorithm"] == "shallow"].pivot(index="trial", columns="example", values="nse").to_numpy()
    smooth = 10 ** sliding(np.log10(every), 25)[0]
    np.testing.assert_allclose(edges(ax, 0), (smooth.min(axis=0), smooth.max(axis=0)), rtol=1e-9)
    assert ax.get_ylim()[0] <= min(edges(ax, number)[0].min() for number in range(4)), "every trial is in sight"
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["shallow", "reinforcement", "backprop", "feedback alignment", "published"]


def test_linear_draws_maps_on_one_colour_scale(shipped_results: Path) -> None:
    fig = drawn(shipped_results / "linear")
    images = [ax.get_images()[0] for ax in fig.axes[1:] if ax.get_images()]
    assert [image.axes.get_title() for image in images] == [
        "target T",
        "W W₀, shallow",
        "W W₀, reinforcement",
        "W W₀, backprop",
        "W W₀, feedback alignment",
    ]
    assert len({image.get_clim() for image in images}) == 1
    np.testing.assert_allclose(images[3].get_array(), images[0].get_array(), atol=1e-4)
    assert np.abs(images[1].get_array() - images[0].get_array()).max() > 0.3


def test_representative_trial_is_nearest_median() -> None:
    rows = [(t, e, 10.0**-end) for t, end in enumerate([3, 9, 5, 4, 8]) for e in range(3)]
    table = pd.DataFrame(rows, columns=["trial", "example", "nse"]).assign(algorithm="a")
    assert representative(table) == 2
    table.loc[table["trial"] == 2, "nse"] = np.inf
    assert representative(table) == 3


def test_nse_draws_one_mean_line_per_range(shipped_results: Path) -> None:
    table = pd.read_csv(shipped_results / "nse/nse.csv")
    ax, bar = drawn(shipped_results / "nse").axes
    assert ax.get_yscale() == "log"
    assert [text.get_text() for text in bar.get_yticklabels()][:3] == ["0.0001", "0.001", "0.01"]
    drawn_lines = [line for line in ax.get_lines() if len(line.get_xdata()) > 1]
    assert len(drawn_lines) == 9
    part = table[table["network.init_range"] == 0.25]
    low, high = edges(ax, 8)
    one = np.log10(part.pivot(index="trial", columns="example", values="nse").to_numpy())
    np.testing.assert_allclose((low, high), [10**bound for bound in mean_interval(one)[1:]], rtol=1e-9)
    assert (low < high).all()
    expected = 10 ** np.log10(part["nse"]).groupby(part["example"]).mean()
    np.testing.assert_allclose(drawn_lines[-1].get_ydata(), expected, rtol=1e-10)
    assert len({tuple(line.get_color()) for line in drawn_lines}) == 9


def test_angle_draws_its_three_panels(shipped_results: Path) -> None:
    online, to_bp, to_pbp, _ = drawn(shipped_results / "angle").axes
    assert "1e" in online.get_title()
    assert "4b" in to_bp.get_title()
    assert "4c" in to_pbp.get_title()
    table = pd.read_csv(shipped_results / "angle/angle_online.csv")
    one = table[table["trial"] == 0]["angle_backprop_deg"].to_numpy()
    (line,) = lines(online, style.colour("feedback_alignment"))
    mean, deviation = sliding(one, 10)
    np.testing.assert_allclose(line.get_ydata(), mean)
    np.testing.assert_allclose(edges(online, 0), (mean - 2 * deviation, mean + 2 * deviation))
    assert "trial 0" in online.get_title()
    for ax in (to_bp, to_pbp):
        assert len(ax.get_lines()) == 9
        assert ax.get_ylim() == (0, 120)


@pytest.mark.parametrize("name", ["linear", "nse", "angle"])
def test_text_is_large_enough_to_read_in_print(shipped_results: Path, name: str) -> None:
    fig = drawn(shipped_results / name)
    texts = [text for ax in fig.axes for text in ax.findobj(lambda artist: hasattr(artist, "get_fontsize"))]
    assert min(text.get_fontsize() for text in texts if text.get_text()) >= 7
