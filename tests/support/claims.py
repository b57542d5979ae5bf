"""Shared by the tests of claims."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from fa_repro.results.figure_results import FigureResults


def saved(values: dict[str, Any], examples: Sequence[int] = (0, 500, 1000), sweep: Any = None) -> FigureResults:
    """Results with these values for each algorithm: one number for each trial, or curves (trials, examples)."""
    parts = []
    for algorithm, rows in values.items():
        for trial, row in enumerate(np.asarray(rows, dtype=float)):
            curve = np.broadcast_to(row, len(examples))
            part = {"algorithm": algorithm, "trial": trial, "example": examples, "nse": curve}
            parts.append(pd.DataFrame(part))
    config = {"sweep": sweep or {}, "algorithms": dict.fromkeys(values), "trials": 5}
    return FigureResults(pd.concat(parts, ignore_index=True), {}, config, {"diverged": []})
