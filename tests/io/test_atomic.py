"""Files that are old or new, never half."""

from pathlib import Path

import numpy as np
import pandas as pd

from fa_repro.results import directory
from fa_repro.results.figure_results import FigureResults


def test_table_round_trip_is_lossless(tmp_path: Path) -> None:
    values = np.array([1 / 3, 5e-324, 1.7976931348623157e308, np.inf, np.nan, 0.1 + 0.2])
    table = pd.DataFrame({"example": range(6), "nse": values, "rule": ["a"] * 6})
    saved = FigureResults(table, {"more": table}, {"figure": "linear"}, {})
    directory.save(tmp_path / "x", saved, {"png": b"png"})
    again = directory.load(tmp_path / "x").extra["more"]
    np.testing.assert_array_equal(again["nse"], values)
    assert list(again.columns) == list(table.columns)
