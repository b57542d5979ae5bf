"""The claims of the figures."""

import numpy as np
import pandas as pd
import pytest

from fa_repro import registry
from fa_repro.claims import evidence, published
from fa_repro.claims.claim import Claim, Judgement, NotMeasurableError, Verdict, judge_claim
from fa_repro.experiment.check import figures_with_claims
from fa_repro.figures import receptive_fields
from fa_repro.results.figure_results import FigureResults
from tests.support.claims import saved


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


def test_every_published_value_has_a_claim() -> None:
    """But for the p of the t-tests, which are held to a bound."""
    references = {claim.reference for figure in figures_with_claims() for claim in claims_of(figure) if claim.reference}
    assert references == set(published._values())
    curves = {(figure, str(name)) for figure in ("1d", "2a", "2d") for name in published.published_curves(figure)}
    own = {"1d": "linear", "2a": "mnist", "2d": "nonlinear"}
    for figure, name in curves:
        assert f"{name}_curve" in {claim.name for claim in claims_of(own[figure])}


def test_quick_has_too_few_trials_for_a_verdict() -> None:
    for figure in ("linear", "nse", "angle", "mnist", "nonlinear", "theorems"):
        assert registry.module("figures", figure).FIGURE.quick["trials"] < evidence.FEWEST


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


def test_alike_feature_detectors_are_recognised() -> None:
    found = verdicts(of_units({"backprop": fields("blobs", 1), "feedback_alignment": fields("blobs", 2)}))
    assert found["feedback_alignment_structured"].verdict is Verdict.REPRODUCED
    assert found["feedback_alignment_alike"].verdict is Verdict.REPRODUCED
    assert found["sparse_feedback_alignment_alike"].verdict is Verdict.NOT_RUN


@pytest.mark.parametrize("kind", ["noise", "untrained", "elsewhere"])
def test_random_or_shifted_filters_are_not_alike(kind: str) -> None:
    other = {
        "noise": fields("noise", 3),
        "untrained": 0.1 * fields("noise", 9),
        "elsewhere": np.random.default_rng(0).permuted(fields("blobs", 2), axis=1),
    }[kind]
    found = verdicts(of_units({"backprop": fields("blobs", 1), "feedback_alignment": other}))
    assert found["feedback_alignment_structured"].verdict is Verdict.NOT_REPRODUCED
    assert found["feedback_alignment_alike"].verdict is Verdict.NOT_REPRODUCED


def test_one_epoch_is_not_enough_to_judge_units() -> None:
    results = of_units({"backprop": fields("blobs", 1), "feedback_alignment": fields("blobs", 2)}, epochs=1.0)
    assert verdicts(results)["feedback_alignment_alike"].verdict is Verdict.NOT_ENOUGH


def test_non_numeric_ranges_are_not_judged() -> None:
    results = saved({"feedback_alignment": [1.0] * 5}, sweep={"network.init_range": ["[0.1, 0.2]"]})
    results.table["network.init_range"] = "[0.1, 0.2]"
    with pytest.raises(NotMeasurableError, match="not single numbers"):
        evidence.by_init_range(results, "feedback_alignment", evidence.is_small)
