"""Outcomes of runs, compared."""

from typing import Any

import numpy as np


def assert_same(one: Any, other: Any) -> None:
    assert one.diverged_at == other.diverged_at
    for ours, theirs in ((one.columns, other.columns), (one.arrays, other.arrays)):
        assert ours.keys() == theirs.keys()
        for name in ours:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
