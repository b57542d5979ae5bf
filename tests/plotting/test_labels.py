"""Names of sweep points."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fa_repro.plotting import labels
from fa_repro.plotting.heatmaps import Quantity
from tests.support.sweeps import BLOCKS


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ([10.0, 9.0, 0.5, 1e-5], ["1e-05", "0.5", "9", "10"]),
        ([0.1333521, 0.0013335, 1.0], ["0.00133", "0.133", "1"]),
        ([1_000_002, 1_000_001], ["1000001", "1000002"]),
        ([True, False], ["false", "true"]),
        ([np.True_, np.False_], ["false", "true"]),
        (["tanh", "linear"], ["linear", "tanh"]),
        (["[100]", "[20, 15]", "[20]", "[8]"], ["[8]", "[20]", "[20, 15]", "[100]"]),
        (["[0.1, 0.2]", "0.5", "0.25"], ["0.25", "0.5", "[0.1, 0.2]"]),
        (
            ['{"rule": "backprop", "learning_rate": 0.1}', '{"rule": "backprop", "learning_rate": 0.01}'],
            ["learning_rate=0.01", "learning_rate=0.1"],
        ),
        (
            [json.dumps(BLOCKS[2]), json.dumps(BLOCKS[0])],
            ["default", "network.hidden=[4, 3], network.init_range=0.2"],
        ),
        ([json.dumps(BLOCKS[0])], ["rule=backprop, learning_rate=0.006"]),
        ([json.dumps({"a": 9.0}), json.dumps({"a": 10.0})], ["a=9", "a=10"]),
        ([], []),
    ],
)
def test_values_have_short_names_in_order(given: list[Any], named: list[str]) -> None:
    assert list(labels.value_names(given).values()) == named


def test_long_names_are_cut_and_stay_different() -> None:
    found = list(labels.value_names([json.dumps([20] * 40), json.dumps([20] * 41)]).values())
    assert len(set(found)) == 2
    assert max(map(len, found)) <= labels.MOST_NAME + 4
    assert all("…" in name for name in found)


def test_points_are_named_by_their_values() -> None:
    table = pd.DataFrame({"a": [2, 1], "b": ["x", "y"]})
    assert [name for name, _ in labels.sweep_points(table, ["a", "b"])] == ["1, y", "2, x"]


def test_wrapping_keeps_words_and_loses_nothing() -> None:
    assert labels.wrap("initial range ω of W0 and W", 15) == "initial range ω\nof W0 and W"
    assert labels.wrap("rule=feedback_alignment, a=1", 15) == "rule=feedback_\nalignment, a=1"
    for width in range(1, 30):
        text = "rule=feedback_alignment, learning_rate=0.007 abcdefghijklmnopqrstuvwxyz"
        lines = labels.wrap(text, width).split("\n")
        assert max(map(len, lines)) <= width
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_numbers_are_short() -> None:
    words = [Quantity("nse", "", logarithmic=True).number(value) for value in (0.1, 1.04, 12345.0, 9.99e-10)]
    assert words == ["1.0e-1", "1.0", "1.2e4", "1.0e-9"]
