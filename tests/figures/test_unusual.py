"""Unusual results can be drawn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fa_repro import run
from fa_repro.figures.linear import representative
from fa_repro.plotting import style
from tests.support.configs import SMALL
from tests.support.shipped import figure, lines

ALL_PROBES = {"record.probes": ["nse", "angle_backprop_deg", "angle_pseudobackprop_deg"]}


CASES: dict[str, Callable[[], dict[str, Any]]] = {
    "one trial": lambda: {"settings": {"trials": 1}},
    "one example": lambda: {"settings": {"training.examples": 1}},
    "other sizes": lambda: {"settings": {"task.inputs": 23, "network.hidden": [17], "seed": 4711}},
    "two hidden layers": lambda: {"settings": {"network.hidden": [5, 4]}},
    "nonlinear units and biases": lambda: {
        "settings": {"network.activation": "tanh", "network.bias": True, "network.bias_range": 0.1}
    },
    "no weights kept": lambda: {"settings": {"record.weights": False}},
    "a sweep": lambda: {"sweep": {"network.init_range": [0.1, 0.2]}},
    "a sweep of words": lambda: {"sweep": {"network.activation": ["tanh", "linear"]}},
    "two axes": lambda: {"sweep": {"network.hidden": [[3], [4, 4]], "seed": [1, 2]}},
    "one algorithm": lambda: {"only": ["shallow"]},
    "some trials diverge": lambda: {"settings": {"algorithms.backprop.learning_rate": 0.16, "training.examples": 200}},
    "all diverge at once": lambda: {"settings": {"algorithms.backprop.learning_rate": 1e100}, "only": ["backprop"]},
    "a sweep of rules that diverges": lambda: {
        "sweep": {"algorithms.backprop": [{"rule": "backprop", "learning_rate": 5}]},
        "only": ["backprop"],
    },
    "a sweep that diverges": lambda: {
        "sweep": {"algorithms.backprop.learning_rate": [0.01, 5.0]},
        "only": ["backprop"],
    },
}


@pytest.mark.draws
@pytest.mark.parametrize("name", ["linear", "nse", "angle"])
@pytest.mark.parametrize("case", CASES)
def test_unusual_results_are_drawn(workplace: Path, name: str, case: str) -> None:
    (workplace / f"configs/{name}.yaml").write_text(SMALL.replace("figure: linear", f"figure: {name}"))
    options = CASES[case]()
    result = run(name, {**ALL_PROBES, **options.pop("settings", {})}, **options)
    if name == "linear":
        result.figure.draw_without_rendering()
    assert bool(result.diverged) == ("diverge" in case)
    curves = [line for ax in result.figure.axes for line in ax.get_lines() if np.isfinite(line.get_ydata()).any()]
    cells = sum(image.get_array().size for ax in result.figure.axes for image in ax.get_images() if ax.get_title())
    points = len(result.table.drop(columns=["trial", "example", *figure(name).probes]).drop_duplicates())
    assert len(curves) + cells >= points or case == "all diverge at once"
    if result.diverged:
        notes = [
            words for ax in result.figure.axes for words in (ax.get_title(), *(text.get_text() for text in ax.texts))
        ]
        assert any("diverged" in note for note in notes), notes


@pytest.mark.draws
def test_a_line_ends_where_its_trial_diverged(workplace: Path) -> None:
    result = run("linear", {"algorithms.backprop.learning_rate": 0.14, "training.examples": 900}, only=["backprop"])
    (line,) = lines(result.figure.axes[0], style.colour("backprop"))[:1]
    finite = line.get_xdata()[np.isfinite(line.get_ydata())]
    at = {one.trial: example for one, example in result.diverged}[representative(result.table)]
    assert finite[-1] == at - 25 + 25 // 2  # the centre of the last window that ends before the divergence


def test_equal_results_give_equal_pictures(workplace: Path) -> None:
    first, second = (run("linear", results=folder).directory / "linear.png" for folder in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.draws
@pytest.mark.usefixtures("workplace")
def test_wide_interval_does_not_flatten_curves() -> None:
    result = run(
        "linear", {"trials": 2, "training.examples": 600}, sweep={"network.init_range": [0.1, 0.3]}, only=["backprop"]
    )
    ax = result.figure.axes[0]
    lowest = min(line.get_ydata().min() for line in ax.lines)
    assert 0.05 * lowest < ax.get_ylim()[0] <= lowest
