"""Kinds of claims, on made-up results."""

from dataclasses import replace

import numpy as np
import pytest

from fa_repro.claims import criteria, evidence, published
from fa_repro.claims.claim import Claim, Verdict, judge_claim
from fa_repro.results.figure_results import FigureResults
from fa_repro.statistics import mean_interval
from tests.support.claims import saved

NSE = evidence.Endpoint("nse", at=1000, last=10, logarithmic=True)


ERROR = evidence.Endpoint("nse", at=1000, unit=" %")


LEVEL = ("2a", "test_error", "backprop")  # 2.4 %


def verdict(claim: Claim, results: FigureResults) -> Verdict:
    return judge_claim("made-up", claim, results).verdict


def level(how: str, quantity: evidence.Endpoint = ERROR) -> Claim:
    return criteria.level_claim("level", "It ends there", "Fig. 2a", LEVEL, quantity, how)


@pytest.mark.parametrize(
    ("how", "ends", "expected"),
    [
        ("printed", [2.4, 2.41, 2.39, 2.4, 2.4], Verdict.REPRODUCED),
        ("printed", [2.62, 2.62, 2.63, 2.62, 2.63], Verdict.REPRODUCED),
        ("printed", [2.66, 2.66, 2.65, 2.65, 2.65], Verdict.NOT_REPRODUCED),
        ("printed", [2.1, 2.1, 2.1, 2.1, 2.1], Verdict.NOT_REPRODUCED),
        ("printed", [2.0, 2.8, 2.2, 2.6, 2.4], Verdict.NOT_ENOUGH),
        ("printed", [2.4, 2.4, 2.4, 2.4], Verdict.NOT_ENOUGH),
        ("printed", [2.4, 2.4, 2.4, 2.4, np.inf], Verdict.NOT_REPRODUCED),
        ("read", [3.5, 3.5, 3.5, 3.51, 3.5], Verdict.REPRODUCED),
        ("read", [3.7, 3.7, 3.7, 3.71, 3.7], Verdict.NOT_REPRODUCED),
        ("single", [1.0, 2.0, 4.0, 8.0, 2.0], Verdict.REPRODUCED),
        ("single", [1.0, 1.1, 1.2, 1.1, 1.0], Verdict.NOT_REPRODUCED),
    ],
)
def test_a_level_is_held_to_the_published_one(how: str, ends: list[float], expected: Verdict) -> None:
    quantity = replace(ERROR, logarithmic=how == "single")
    assert verdict(level(how, quantity), saved({"backprop": ends})) is expected


def test_measurement_has_interval_and_trials() -> None:
    ends = np.array([2.3, 2.5, 2.4, 2.45, 2.38])
    found = judge_claim("made-up", level("printed"), saved({"backprop": ends}))
    assert found.measured is not None
    mean, low, high = mean_interval(ends)
    assert (found.measured.value, found.measured.low, found.measured.high) == pytest.approx((mean, low, high))
    assert found.measured.trials == 5
    assert found.as_data()["published"] == "2.4 %"


def test_longer_results_are_judged_at_papers_end() -> None:
    curves = np.tile([90.0, 2.4, 1.0], (5, 1))
    assert verdict(level("printed"), saved({"backprop": curves}, (0, 1000, 2000))) is Verdict.REPRODUCED


def test_end_is_the_mean_of_the_last_examples() -> None:
    curves = np.tile([1.0, 1e-2, 1e-4, 1.0], (5, 1))
    table = saved({"backprop": curves}, (0, 991, 1000, 2000)).table
    assert evidence.end_values(table, NSE).to_numpy() == pytest.approx(np.full(5, -3.0))


@pytest.mark.parametrize(
    ("results", "expected", "reason"),
    [
        (saved({"backprop": [2.4] * 4}), Verdict.NOT_ENOUGH, "4 of at least 5 trials"),
        (saved({"backprop": [2.4] * 5}, (0, 300, 600)), Verdict.NOT_ENOUGH, "up to example 600 of 1,000"),
        (saved({"backprop": [2.4] * 5}, sweep={"seed": [1, 2]}), Verdict.NOT_RUN, "a sweep over seed"),
        (saved({"shallow": [2.4] * 5}), Verdict.NOT_RUN, "backprop is not among the algorithms"),
        (saved({"backprop": [np.inf, 2.4, 2.4, np.nan, 2.4]}), Verdict.NOT_REPRODUCED, "in 2 of 5 trials"),
    ],
)
def test_what_is_missing_or_diverged_is_reported(results: FigureResults, expected: Verdict, reason: str) -> None:
    found = judge_claim("made-up", level("printed"), results)
    assert (found.verdict, found.measured) == (expected, None)
    assert reason in found.reason


def test_a_curve_is_held_to_the_published_one() -> None:
    reference = published.published_curves("2a")["backprop"]
    quantity = evidence.Endpoint("nse", at=1_800_000)
    claim = criteria.curve_claim("curve", "It is the same", "Fig. 2a", "2a", "backprop", quantity)
    examples = reference["examples"].to_numpy()
    for off, expected in ((0.0, Verdict.REPRODUCED), (0.4, Verdict.REPRODUCED), (0.6, Verdict.NOT_REPRODUCED)):
        curves = np.tile(reference["value"].to_numpy() + off, (5, 1))
        found = judge_claim("made-up", claim, saved({"backprop": curves}, [*examples[:-1], 1_800_000]))
        assert found.verdict is expected
        assert found.measured is not None
        assert found.measured.value == pytest.approx(off, abs=1e-9)


@pytest.mark.parametrize("window", [1, 3])
def test_log_curves_are_compared_in_decades(window: int) -> None:
    reference = published.published_curves("1d")["backprop"]  # over eleven decades: 1.1 are allowed
    quantity = evidence.Endpoint("nse", at=1990, logarithmic=True)
    claim = criteria.curve_claim("curve", "It is the same", "Fig. 1d", "1d", "backprop", quantity, window)
    examples, values = reference["examples"].to_numpy(), reference["value"].to_numpy()
    for off, expected in ((1.0, Verdict.REPRODUCED), (1.4, Verdict.NOT_REPRODUCED)):
        found = judge_claim(
            "made-up", claim, saved({"backprop": np.tile(values * 10**off, (5, 1))}, [*examples[:-1], 1990])
        )
        assert found.verdict is expected
        assert found.measured is not None
        assert found.measured.value == pytest.approx(off, abs=0.1 * window)


@pytest.mark.parametrize(
    ("better", "expected"),
    [
        ([1.0, 1.1, 0.9, 1.2, 1.0], Verdict.REPRODUCED),
        ([3.0, 3.1, 2.9, 3.2, 3.0], Verdict.NOT_REPRODUCED),
        ([1.0, 2.5, 0.5, 3.5, 2.0], Verdict.NOT_ENOUGH),  # below on the average, perhaps by chance
        ([2.0, 2.1, 1.9, 2.2, 2.0], Verdict.NOT_REPRODUCED),  # the same
    ],
)
def test_an_order_is_tested_over_paired_trials(better: list[float], expected: Verdict) -> None:
    claim = criteria.order_claim("order", "It is better", "Fig. 2a", "a", ["b"], ERROR)
    assert verdict(claim, saved({"a": better, "b": [2.0, 2.1, 1.9, 2.2, 2.0]})) is expected


def test_order_by_chance_is_not_reproduced() -> None:
    apart = np.random.default_rng(0).normal(size=20)
    assert evidence.is_below(apart - apart.mean() - 0.1).holds is False


def test_trials_are_paired_by_number() -> None:
    base = np.array([1.0, 10.0, 100.0, 1000.0, 10_000.0, 1e5])
    results = saved({"a": 0.9 * base, "b": base})
    shuffled = replace(results, table=results.table.sample(frac=1.0, random_state=0))
    claim = criteria.order_claim("order", "It is better", "Fig. 2a", "a", ["b"], replace(NSE, last=0))
    assert verdict(claim, results) is verdict(claim, shuffled) is Verdict.REPRODUCED


@pytest.mark.parametrize(
    ("factor", "expected"),
    [(0.8, Verdict.REPRODUCED), (1.2, Verdict.REPRODUCED), (1.3, Verdict.NOT_REPRODUCED)],
)
def test_what_is_as_good_may_be_a_quarter_worse(factor: float, expected: Verdict) -> None:
    base = np.array([1.0, 1.1, 0.9, 1.2, 1.0])
    claim = criteria.as_good_claim(
        "good", "It is as good", "Fig. 2d", "a", "b", lambda part: evidence.end_values(part, NSE), "NSE"
    )
    assert verdict(claim, saved({"a": factor * base, "b": base})) is expected
