"""Data of the interactive flow field, from saved results: settings, and which starts flow to bad solutions."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from fa_repro.results.figure_results import FigureResults

ARROWS = 25
"""Maximum number of arrows along each side; more could not be distinguished on a page."""


def field(saved: "FigureResults") -> dict[str, Any] | None:
    """`T`, `B`, `range`, number of arrows and the basin, as data for JSON; None unless there is one flow field."""
    theory = saved.config.get("theory")
    settings = theory.get("flow_field") if isinstance(theory, Mapping) else None
    if not isinstance(settings, Mapping) or saved.config.get("sweep"):
        return None
    numbers: dict[str, Any] = {key: settings.get(key) for key in ("T", "B", "range", "grid")}
    if not all(type(value) in (int, float) and math.isfinite(value) and value for value in numbers.values()):
        return None  # another program changed the config
    return {
        **{key: float(numbers[key]) for key in ("T", "B", "range")},
        "grid": min(int(numbers["grid"]), ARROWS),
        "basin": _basin(saved.table, float(numbers["B"])),
    }


def _basin(table: "pd.DataFrame", B: float) -> dict[str, Any] | None:
    """Cells along a side, and lengths of runs, row by row: alternately cells that flow to good and to bad solutions."""
    if not {"kind", "id", "step", "w"} <= set(table.columns):
        return None
    ends = table[(table["kind"] == "basin") & (table["step"] == 1)].sort_values("id")
    side = math.isqrt(len(ends))
    if side < 1 or side * side != len(ends):
        return None
    runs, was = [0], False
    for bad in (B * ends["w"] < 0).tolist():
        if bad != was:
            runs.append(0)
            was = bad
        runs[-1] += 1
    return {"side": side, "runs": runs}
