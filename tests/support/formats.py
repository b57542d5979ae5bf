"""Shared by the tests of formats."""

from typing import Any

from fa_repro import registry


def figure_of(name: str) -> Any:
    return registry.module("figures", name).FIGURE


CASES = [
    "linear", "nse", "angle", "swept linear", "linear over two", "linear over three", "angle over two", "diverging",
    "rules", "nonlinear", "flow-field", "swept flow-field", "theorems", "swept theorems",
]  # fmt: skip
