"""What the interactive flow field is given."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd

from fa_repro.report import flow_field
from fa_repro.results.figure_results import FigureResults


def test_the_basin_comes_as_lengths_of_runs() -> None:
    bad = np.array([[0, 0, 1], [1, 1, 0], [0, 1, 1]])
    ends = pd.DataFrame({"kind": "basin", "id": range(9), "step": 1, "w": np.where(bad, -1.0, 1.0).ravel()})
    settings = {"T": 1.0, "B": 2.0, "range": 2.0, "grid": 99}
    saved = FigureResults(
        ends.sample(frac=1, random_state=0), {}, {"theory": {"flow_field": settings}, "sweep": {}}, {}
    )
    found = flow_field.field(saved)
    assert found == {"T": 1.0, "B": 2.0, "range": 2.0, "grid": 25, "basin": {"side": 3, "runs": [2, 3, 2, 2]}}
    json.dumps(found, allow_nan=False)
    for config in ({"theory": {"flow_field": settings}, "sweep": {"theory.flow_field.B": [1, 2]}}, {}, {"theory": 3},
                   {"theory": {"flow_field": {**settings, "T": float("nan")}}}):  # fmt: skip
        assert flow_field.field(replace(saved, config=config)) is None
    assert (flow_field.field(replace(saved, table=ends.drop(columns="w"))) or {})["basin"] is None
