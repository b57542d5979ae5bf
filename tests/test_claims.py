"""What decides whether a claim is reproduced."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fa_repro import registry
from fa_repro.claims import criteria, evidence, published
from fa_repro.claims.claim import Claim, Judgement, Measured, NotMeasurableError, Verdict, judge_claim
from fa_repro.experiment.check import figures_with_claims
from fa_repro.figures import receptive_fields
from fa_repro.results.figure_results import FigureResults
from fa_repro.statistics import mean_interval, p_below_zero, prediction_interval

NSE = evidence.Endpoint("nse", at=1000, last=10, logarithmic=True)
ERROR = evidence.Endpoint("nse", at=1000, unit=" %")
LEVEL = ("2a", "test_error", "backprop")  # 2.4 %


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


def verdict(claim: Claim, results: FigureResults) -> Verdict:
    return judge_claim("made-up", claim, results).verdict


# ---- statistics ----


def test_the_test_of_paired_differences_is_students() -> None:
    apart = np.random.default_rng(1).normal(-0.4, 1.0, 12)
    assert p_below_zero(apart) == pytest.approx(stats.ttest_1samp(apart, 0.0, alternative="less").pvalue)
    assert p_below_zero(np.full(5, -0.5)) == 0.0
    assert p_below_zero(np.zeros(5)) == 1.0


def test_a_prediction_interval_holds_a_further_trial_as_often_as_it_says() -> None:
    draws = np.random.default_rng(2).normal(3.0, 2.0, (4000, 8))
    inside = [low <= row[-1] <= high for row in draws for low, high in [prediction_interval(row[:-1])]]
    assert np.mean(inside) == pytest.approx(0.95, abs=4 * (0.95 * 0.05 / len(draws)) ** 0.5)


@pytest.mark.parametrize(
    ("value", "below", "above", "expected"),
    [(1.0, 0.9, 1.1, True), (1.0, 0.4, 1.1, None), (1.0, 0.9, 2.1, None), (2.1, 1.9, 2.3, False), (0.4, 0, 3, False)],
)
def test_a_number_is_within_bounds_if_its_interval_is(
    value: float, below: float, above: float, expected: bool | None
) -> None:
    assert evidence.within(value, below, above, 0.5, 2.0) is expected


def test_of_several_measurements_the_one_that_fails_counts() -> None:
    holds, fails, opens = (Measured(str(each), each) for each in (True, False, None))
    assert evidence.weakest([holds, fails, opens]) is fails
    assert evidence.weakest([holds, opens]) is opens
    assert evidence.weakest([Measured("", True, p=1e-9), weakest := Measured("", True, p=1e-3)]) is weakest


# ---- kinds of claims ----


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


def test_what_is_measured_has_its_interval_and_number_of_trials() -> None:
    ends = np.array([2.3, 2.5, 2.4, 2.45, 2.38])
    found = judge_claim("made-up", level("printed"), saved({"backprop": ends}))
    assert found.measured is not None
    mean, low, high = mean_interval(ends)
    assert (found.measured.value, found.measured.low, found.measured.high) == pytest.approx((mean, low, high))
    assert found.measured.trials == 5
    assert found.as_data()["published"] == "2.4 %"


def test_results_that_go_on_for_longer_are_judged_where_the_paper_ends() -> None:
    curves = np.tile([90.0, 2.4, 1.0], (5, 1))
    assert verdict(level("printed"), saved({"backprop": curves}, (0, 1000, 2000))) is Verdict.REPRODUCED


def test_what_is_before_the_end_is_averaged_over_the_last_examples_only() -> None:
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
def test_what_is_missing_or_diverged_is_told(results: FigureResults, expected: Verdict, reason: str) -> None:
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
def test_a_curve_on_a_logarithmic_axis_is_compared_in_decades(window: int) -> None:
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


def test_with_as_many_trials_as_the_paper_an_order_by_chance_is_not_reproduced() -> None:
    apart = np.random.default_rng(0).normal(size=20)
    assert evidence.is_below(apart - apart.mean() - 0.1).holds is False


def test_trials_are_paired_by_number_and_not_by_position() -> None:
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


# ---- claims of the figures ----


def claims_of(figure: str) -> tuple[Claim, ...]:
    return registry.module("figures", figure).FIGURE.claims


def test_every_figure_of_the_paper_has_claims() -> None:
    least = {"linear": 4, "angle": 3, "nse": 2, "mnist": 7, "nonlinear": 4, "flow-field": 3, "receptive-fields": 2}
    least |= {"theorems": 6}
    assert set(figures_with_claims()) == set(least)
    for figure, count in least.items():
        assert len(claims_of(figure)) >= count


@pytest.mark.parametrize("figure", figures_with_claims())
def test_claims_say_what_decides(figure: str) -> None:
    claims = claims_of(figure)
    assert len({claim.name for claim in claims}) == len(claims)
    for claim in claims:
        assert claim.name.replace("_", "").isalnum()
        assert claim.published_text
        for text in (claim.statement, claim.criterion, claim.where):
            assert text == text.strip()
            assert not text.endswith(".")


def test_every_published_value_and_curve_is_claimed() -> None:
    """But for the p of the t-tests, which are held to a bound."""
    references = {claim.reference for figure in figures_with_claims() for claim in claims_of(figure) if claim.reference}
    assert references == set(published._values())
    curves = {(figure, str(name)) for figure in ("1d", "2a", "2d") for name in published.published_curves(figure)}
    own = {"1d": "linear", "2a": "mnist", "2d": "nonlinear"}
    for figure, name in curves:
        assert f"{name}_curve" in {claim.name for claim in claims_of(own[figure])}


def test_a_quick_look_has_too_few_trials_to_be_judged() -> None:
    for figure in ("linear", "nse", "angle", "mnist", "nonlinear", "theorems"):
        assert registry.module("figures", figure).FIGURE.quick["trials"] < evidence.FEWEST


# ---- Fig. S1 ----


def fields(kind: str, seed: int, units: int = 40) -> np.ndarray:
    """Images of 12 x 12 pixels: blobs at random places near the middle, or noise."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(units, 144))
    if kind == "noise":
        return noise
    y, x = np.indices((12, 12))
    places = generator.uniform(3, 9, (units, 2, 3))
    blobs = [
        sum(sign * np.exp(-((y - a) ** 2 + (x - b) ** 2) / 4) for sign, a, b in zip((1, -1, 1), *place, strict=True))
        for place in places
    ]
    return np.reshape(blobs, (units, 144)) + 0.05 * noise


def of_units(after: dict[str, np.ndarray], epochs: float = 30.0) -> FigureResults:
    def rows(name: str, weights: np.ndarray) -> pd.DataFrame:
        unit, pixel = np.indices(weights.shape)
        columns = {"unit": unit.ravel(), "pixel": pixel.ravel(), "weight": weights.ravel()}
        return pd.DataFrame({"algorithm": name, **columns})

    parts = [rows("initial", 0.1 * fields("noise", 9)), *(rows(name, each) for name, each in after.items())]
    config = {"sweep": {}, "algorithms": dict.fromkeys(after), "training": {"epochs": epochs}}
    return FigureResults(pd.concat(parts, ignore_index=True), {}, config, {"diverged": []})


def verdicts(results: FigureResults) -> dict[str, Judgement]:
    return {claim.name: judge_claim("receptive-fields", claim, results) for claim in receptive_fields.CLAIMS}


def test_alike_feature_detectors_are_seen_to_be_alike() -> None:
    found = verdicts(of_units({"backprop": fields("blobs", 1), "feedback_alignment": fields("blobs", 2)}))
    assert found["feedback_alignment_structured"].verdict is Verdict.REPRODUCED
    assert found["feedback_alignment_alike"].verdict is Verdict.REPRODUCED
    assert found["sparse_feedback_alignment_alike"].verdict is Verdict.NOT_RUN


@pytest.mark.parametrize("kind", ["noise", "untrained", "elsewhere"])
def test_random_filters_and_those_of_other_places_are_not_alike(kind: str) -> None:
    other = {
        "noise": fields("noise", 3),
        "untrained": 0.1 * fields("noise", 9),
        "elsewhere": np.random.default_rng(0).permuted(fields("blobs", 2), axis=1),
    }[kind]
    found = verdicts(of_units({"backprop": fields("blobs", 1), "feedback_alignment": other}))
    assert found["feedback_alignment_structured"].verdict is Verdict.NOT_REPRODUCED
    assert found["feedback_alignment_alike"].verdict is Verdict.NOT_REPRODUCED


def test_units_that_learned_for_one_epoch_tell_nothing() -> None:
    results = of_units({"backprop": fields("blobs", 1), "feedback_alignment": fields("blobs", 2)}, epochs=1.0)
    assert verdicts(results)["feedback_alignment_alike"].verdict is Verdict.NOT_ENOUGH


def test_ranges_that_are_not_numbers_are_not_judged() -> None:
    results = saved({"feedback_alignment": [1.0] * 5}, sweep={"network.init_range": ["[0.1, 0.2]"]})
    results.table["network.init_range"] = "[0.1, 0.2]"
    with pytest.raises(NotMeasurableError, match="not single numbers"):
        evidence.by_init_range(results, "feedback_alignment", evidence.is_small)
