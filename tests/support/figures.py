"""Every figure by small results; swept ones are in `tests/plotting/test_text_fitting.py`."""

from typing import Any

from fa_repro import registry
from tests.support.studies import FLOW_FIELD, THEOREMS

PROBES = {"record.probes": ["nse", "angle_backprop_deg", "angle_pseudobackprop_deg"]}

CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "linear": ("linear", {}, {}),
    "nse": ("nse", {}, {}),
    "angle": ("angle", PROBES, {}),
    "linear over two": ("linear", {}, {"network.init_range": [0.1, 0.3], "seed": [0, 1]}),
    "rules": ("rules", {}, {}),
    "nonlinear": ("nonlinear", {"trials": 2, "training.examples": 300, "task.test_examples": 50}, {}),
    "flow-field": ("flow-field", FLOW_FIELD, {}),
    "swept flow-field": ("flow-field", FLOW_FIELD, {"theory.flow_field.B": [-1.0, 1.0, 2.0, 3.0, 4.0]}),
    "theorems": ("theorems", THEOREMS, {}),
}
"""The figure, its settings and what is swept."""


def figure_of(name: str) -> Any:
    return registry.module("figures", name).FIGURE
