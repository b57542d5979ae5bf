"""Sizes of figures and type, and colours."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import fa_repro
from fa_repro import registry
from fa_repro.plotting import style
from tests.support.drawing import draw
from tests.support.figures import CASES
from tests.support.print import misprinted, texts
from tests.support.sweeps import made_up


@pytest.fixture
def digit_drawings(digits: Path, tmp_path: Path) -> dict[str, Figure]:
    small = {"network.hidden": [20], "training.epochs": 1, "trials": 2}
    drawn = {name: fa_repro.run(name, small, results=tmp_path / "r").figure for name in ("mnist", "receptive-fields")}
    search = made_up({"seed": [0, 1], "network.init_range": [0.1, 0.2]}, "search", "validation_error_percent")
    return {**drawn, "search": draw(registry.module("figures", "search").FIGURE, search)}


@pytest.mark.draws
@pytest.mark.parametrize("case", CASES)
def test_every_figure_fits_the_page(drawn_case: Callable[[str], Figure], case: str) -> None:
    fig = drawn_case(case)
    assert fig.get_figwidth() == style.WIDE
    assert fig.get_figheight() <= 9.5
    assert len(texts(fig)) > 5
    assert misprinted(fig) == []


@pytest.mark.draws
def test_digit_figures_fit_the_page(
    digit_drawings: dict[str, Figure],
) -> None:
    for name, fig in digit_drawings.items():
        assert fig.get_figwidth() == style.WIDE, name
        assert misprinted(fig) == [], name
    assert set(registry.names("figures")) <= {*CASES, *digit_drawings}, "every figure"


def test_small_type_would_be_found() -> None:
    fig = Figure()
    ax = fig.subplots()
    ax.text(0.5, 0.5, "small", fontsize=6)
    ax.set_title("$W_0$")
    ax.set_yscale("log")
    found = misprinted(fig)
    assert "6.0 points: 'small'" in found
    assert "smaller within: '$W_0$'" in found
    assert any("10^{" in each for each in found), "Matplotlib's own exponents"


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(1e-12, 1.0, {"10⁻¹²", "10⁰"}), (2e3, 8e3, {"2×10³", "6×10³"}), (1e9, 1e11, {"10⁹", "10¹⁰"})],  # noqa: RUF001
)
def test_powers_are_written_in_plain_characters(low: float, high: float, told: set[str]) -> None:
    fig = Figure()
    ax = fig.subplots()
    ax.set(yscale="log", ylim=(low, high))
    style.plain_powers(fig)
    assert told <= {text.get_text() for text in texts(fig)}


def test_negative_powers_are_in_plain_characters() -> None:
    fig = Figure()
    ax = fig.subplots()
    ax.set(xscale="symlog", xlim=(-100, 100))
    style.plain_powers(fig)
    assert {"\N{MINUS SIGN}10²", "0", "10²"} <= {text.get_text() for text in texts(fig)}


def test_figures_use_named_type_sizes() -> None:
    for path in (Path(fa_repro.__file__).parent / "figures").glob("*.py"):
        assert not re.search(r"(fontsize|labelsize|size)\"?\s*[=:]\s*\d", path.read_text().replace("markersize", "")), (
            path
        )


# Machado, Oliveira and Fernandes 2009: what is left of linear RGB without one kind of cone.
SEEN_WITHOUT = {
    "none missing": np.eye(3),
    "red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]),
    "blue": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]),
}


def lab(colour: str, seen: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of a colour as it is seen."""
    rgb = np.array(to_rgb(colour))
    linear = np.clip(seen @ np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ linear / np.array([0.9505, 1, 1.089])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


ALGORITHMS = ("shallow", "reinforcement", "backprop", "feedback_alignment", "sparse_feedback_alignment")


@pytest.mark.parametrize("missing", SEEN_WITHOUT)
@pytest.mark.parametrize(
    "colours",
    [[*map(style.colour, ALGORITHMS)], style.SERIES, [*style.PATHS, "#009E73"], [style.HOLDS, style.FAILS]],
)
def test_colours_are_safe_for_colour_blindness(colours: list[str], missing: str) -> None:
    """By 15 at least, where 2.3 is the least difference that can be seen."""
    for one, two in itertools.combinations(colours, 2):
        distance = np.linalg.norm(lab(one, SEEN_WITHOUT[missing]) - lab(two, SEEN_WITHOUT[missing]))
        assert distance >= 15, (one, two)


def test_colour_falls_back_to_that_of_the_rule() -> None:
    assert style.colour("reinforcement", rule="node_perturbation") == style.colour("reinforcement")
    assert style.colour("mine", rule="feedback_alignment") == style.colour("feedback_alignment")
    assert style.colour("backprop", rule="shallow") == style.colour("backprop")
    assert style.colour("mine", 1, "kolen_pollack") == style.colour("mine", 1) != style.colour("mine", 0)
