"""Shared by the tests of theory."""

from typing import Any

import pandas as pd

from fa_repro import theory
from fa_repro.theory.flow_field import FlowField

LINEAR = "linear units: their change is rate x'x times the Gauss-Newton step (relative deviation)"


def field(T: float = 1.0, B: float = 1.0, half: float = 2.0, **keys: Any) -> FlowField:
    return FlowField(T=T, B=B, range=half, **{"basin": 31, "steps": 100, **keys})


def of_kind(table: pd.DataFrame, kind: str, step: int | None = None) -> pd.DataFrame:
    part = table[table["kind"] == kind]
    return part if step is None else part[part["step"] == step].reset_index(drop=True)


def holds(study: theory.Theory, trials: int = 2) -> pd.Series:
    summary = study.compute(0, trials)["summary"]
    return summary.set_index("statement")["holds"]


def quantity(table: pd.DataFrame, name: str, trial: int = 0) -> pd.Series:
    part = table[(table["quantity"] == name) & (table["trial"] == trial)]
    return part.set_index("time")["value"]
