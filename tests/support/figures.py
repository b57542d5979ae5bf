"""Every figure, plain and swept, by small results."""

from typing import Any

from fa_repro import registry
from tests.support.studies import FLOW_FIELD, THEOREMS

PROBES = {"record.probes": ["nse", "angle_backprop_deg", "angle_pseudobackprop_deg"]}

CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "linear": ("linear", {}, {}),
    "nse": ("nse", {}, {}),
    "angle": ("angle", PROBES, {}),
    "swept linear": ("linear", {}, {"network.init_range": [0.1, 0.3]}),
    "linear over two": ("linear", {}, {"network.init_range": [0.1, 0.3], "seed": [0, 1]}),
    "linear over three": ("linear", {}, {"network.init_range": [0.1, 0.3], "seed": [0, 1], "task.inputs": [5, 6]}),
    "angle over two": ("angle", PROBES, {"network.init_range": [0.1, 0.3], "seed": [0, 1]}),
    "diverging": ("linear", {"algorithms.backprop.learning_rate": 5.0, "training.examples": 200}, {}),
    "rules": ("rules", {}, {}),
    "nonlinear": ("nonlinear", {"trials": 2, "training.examples": 300, "task.test_examples": 50}, {}),
    "flow-field": ("flow-field", FLOW_FIELD, {}),
    "swept flow-field": ("flow-field", FLOW_FIELD, {"theory.flow_field.B": [-1.0, 1.0, 2.0, 3.0, 4.0]}),
    "theorems": ("theorems", THEOREMS, {}),
    "swept theorems": ("theorems", THEOREMS, {"theory.theorem_2.init_range": [0.1, 0.5]}),
}
"""The figure, its settings and what is swept."""


def figure_of(name: str) -> Any:
    return registry.module("figures", name).FIGURE
