"""Averages over trials and their uncertainty."""

import numpy as np
import pytest
from scipy import stats

from fa_repro.claims import evidence
from fa_repro.claims.claim import Measured
from fa_repro.statistics import p_below_zero, prediction_interval


def test_p_below_zero_is_students_paired_t() -> None:
    apart = np.random.default_rng(1).normal(-0.4, 1.0, 12)
    assert p_below_zero(apart) == pytest.approx(stats.ttest_1samp(apart, 0.0, alternative="less").pvalue)
    assert p_below_zero(np.full(5, -0.5)) == 0.0
    assert p_below_zero(np.zeros(5)) == 1.0


def test_prediction_interval_has_its_coverage() -> None:
    draws = np.random.default_rng(2).normal(3.0, 2.0, (4000, 8))
    inside = [low <= row[-1] <= high for row in draws for low, high in [prediction_interval(row[:-1])]]
    assert np.mean(inside) == pytest.approx(0.95, abs=4 * (0.95 * 0.05 / len(draws)) ** 0.5)


@pytest.mark.parametrize(
    ("value", "below", "above", "expected"),
    [(1.0, 0.9, 1.1, True), (1.0, 0.4, 1.1, None), (1.0, 0.9, 2.1, None), (2.1, 1.9, 2.3, False), (0.4, 0, 3, False)],
)
def test_bounds_are_tested_on_the_whole_interval(
    value: float, below: float, above: float, expected: bool | None
) -> None:
    assert evidence.within(value, below, above, 0.5, 2.0) is expected


def test_the_weakest_measurement_decides() -> None:
    holds, fails, opens = (Measured(str(each), each) for each in (True, False, None))
    assert evidence.weakest([holds, fails, opens]) is fails
    assert evidence.weakest([holds, opens]) is opens
    assert evidence.weakest([Measured("", True, p=1e-9), weakest := Measured("", True, p=1e-3)]) is weakest
