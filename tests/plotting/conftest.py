"""Fixtures of the tests beside."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure as Canvas

import fa_repro
from fa_repro.results import directory
from tests.support.configs import SMALL
from tests.support.drawing import draw
from tests.support.formats import figure_of
from tests.support.studies import FLOW_FIELD, THEOREMS


@pytest.fixture
def place(workplace: Path) -> Path:
    for name in ("nse", "angle"):
        (workplace / f"configs/{name}.yaml").write_text(SMALL.replace("figure: linear", f"figure: {name}"))
    return workplace


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Callable[[], Canvas]]:
    """Every figure, of small results; each call draws it anew."""
    folder = tmp_path_factory.mktemp("drawings")
    made: dict[str, Callable[[], Canvas]] = {}
    probes = {"record.probes": ["nse", "angle_backprop_deg", "angle_pseudobackprop_deg"]}
    requests: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "linear": ("linear", {}, {}),
        "nse": ("nse", {}, {}),
        "angle": ("angle", probes, {}),
        "swept linear": ("linear", {}, {"network.init_range": [0.1, 0.3]}),
        "linear over two": ("linear", {}, {"network.init_range": [0.1, 0.3], "seed": [0, 1]}),
        "linear over three": ("linear", {}, {"network.init_range": [0.1, 0.3], "seed": [0, 1], "task.inputs": [5, 6]}),
        "angle over two": ("angle", probes, {"network.init_range": [0.1, 0.3], "seed": [0, 1]}),
        "diverging": ("linear", {"algorithms.backprop.learning_rate": 5.0, "training.examples": 200}, {}),
        "rules": ("rules", {}, {}),
        "nonlinear": ("nonlinear", {"trials": 2, "training.examples": 300, "task.test_examples": 50}, {}),
        "flow-field": ("flow-field", FLOW_FIELD, {}),
        "swept flow-field": ("flow-field", FLOW_FIELD, {"theory.flow_field.B": [-1.0, 1.0, 2.0, 3.0, 4.0]}),
        "theorems": ("theorems", THEOREMS, {}),
        "swept theorems": ("theorems", THEOREMS, {"theory.theorem_2.init_range": [0.1, 0.5]}),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "configs").mkdir()
        for name in ("linear", "nse", "angle", "rules"):
            (folder / f"configs/{name}.yaml").write_text(SMALL.replace("figure: linear", f"figure: {name}"))
        for number, (case, (name, settings, sweep)) in enumerate(requests.items()):
            result = fa_repro.run(name, settings, sweep=sweep, results=folder / str(number))
            saved = directory.load(result.directory)
            made[case] = lambda name=name, saved=saved: draw(figure_of(name), saved)  # type: ignore[misc]
    return made
