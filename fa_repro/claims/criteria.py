"""Kinds of claims, and their criteria.

All claims of a kind have the same tolerance, which is defined here and not with the claim. Tolerances depend on how the
published number was given, not on what was measured. A claim of no recurring kind has its bound in its figure's module.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fa_repro.claims import evidence
from fa_repro.claims.claim import Claim, Measured, NotMeasurableError, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from fa_repro.results.figure_results import FigureResults

PRINTED = 0.10
"""Largest relative difference between a mean and a printed number."""

READ = 1.5
"""Largest factor between a mean and a level that was read off a logarithmic axis."""

DECADES, SHARE = 0.25, 0.1
"""Largest median distance from a published curve on a logarithmic axis: the larger of `DECADES` decades and the
fraction `SHARE` of the decades that the curve spans."""

POINTS = 0.5
"""Largest median distance from a published curve of test errors, in points: five times the error of reading it off."""

AS_GOOD = 1.25
"""Largest factor by which an algorithm that is "as good" may be worse."""

STATEMENTS = {"theorem": int, "statement": str, "measured": float, "low": float, "high": float, "holds": bool}
"""Columns of the table of statements, with their types."""

RESAMPLED = 1000
"""Number of bootstrap samples of the trials for the interval of a curve's distance."""


def fitted(setting: str, *claims: Claim) -> tuple[Claim, ...]:
    """Claims marked as having published numbers to which `setting` was fitted."""
    return tuple(replace(claim, fitted=setting) for claim in claims)


def level_claim(
    name: str,
    statement: str,
    where: str,
    reference: tuple[str, str, str],
    quantity: evidence.Endpoint,
    published_as: str,
) -> Claim:
    """A claim that the level at the end of training is near the published one.

    `published_as` is `printed` (a mean over trials), `read` (a mean read off a logarithmic axis) or `single` (one run).
    """
    algorithm = reference[2]
    criteria = {
        "printed": f"mean over trials, with its 95 % interval, within {PRINTED:.0%} of the printed number",
        "read": f"mean over trials, with its 95 % interval, within a factor of {READ:g} of the level read off",
        "single": "the published run ends where 95 % of trials are expected to (prediction interval of the logarithm)",
    }

    def judge(results: "FigureResults") -> Measured:
        from fa_repro.claims.published import published_value
        from fa_repro.statistics import prediction_interval

        published, part = float(published_value(*reference)), evidence.rows(results, algorithm)
        if published_as == "printed":
            tolerance = PRINTED * published
            values = evidence.end_values(part, quantity).to_numpy()
            return evidence.mean_within(values, published - tolerance, published + tolerance, quantity.unit)
        if published_as == "read":
            values = evidence.end_values(part, replace(quantity, logarithmic=False)).to_numpy()
            return evidence.mean_within(values, published / READ, published * READ, quantity.unit)
        values = evidence.end_values(part, quantity).to_numpy()
        low, high = (10**each for each in prediction_interval(values))
        middle = float(10 ** values.mean())
        expected = f"{evidence.format_number(low)} .. {evidence.format_number(high)}"
        text = f"{evidence.format_number(middle, quantity.unit)} (95 % of trials: {expected})"
        return Measured(text, low <= published <= high, middle, low, high, trials=len(values))

    return Claim(name, statement, where, criteria[published_as], judge, reference=reference)


def curve_claim(
    name: str, statement: str, where: str, figure: str, algorithm: str, quantity: evidence.Endpoint, window: int = 1
) -> Claim:
    """A claim that a whole curve, smoothed over `window` points, is near the published one.

    On a logarithmic axis the mean over trials is geometric if a window is given, because the published curve is a
    single run; otherwise it is arithmetic.
    """
    allowed = (
        f"{DECADES:g} decades, or {SHARE:.0%} of those that it spans" if quantity.logarithmic else f"{POINTS:g} points"
    )
    unit = " decades" if quantity.logarithmic else " points"

    def judge(results: "FigureResults") -> Measured:
        import numpy as np

        from fa_repro.claims import published
        from fa_repro.statistics import sliding

        curve = published.published_curves(figure)[algorithm]
        at, target = curve["examples"].to_numpy(), curve["value"].to_numpy()
        trials, examples, values = evidence.trial_curves(
            evidence.rows(results, algorithm), replace(quantity, logarithmic=window > 1)
        )
        values = sliding(evidence.finite(values), min(window, len(examples)))[0]
        centres = examples[window // 2 : window // 2 + values.shape[1]]
        known = (at >= centres[0]) & (at <= centres[-1]) if len(centres) else np.zeros(len(at), bool)
        if not known.any():
            raise NotMeasurableError(Verdict.NOT_ENOUGH, f"measured at too few examples: {len(examples)}")
        there = np.stack([np.interp(at[known], centres, each) for each in values])
        tolerance = POINTS
        if quantity.logarithmic:
            target = np.log10(target)
            tolerance = max(DECADES, SHARE * float(np.ptp(target)))
        chosen = np.random.default_rng(0).integers(len(trials), size=(RESAMPLED, len(trials)))
        means = np.concatenate([there.mean(axis=0)[None], there[chosen].mean(axis=1)])
        if quantity.logarithmic and window == 1:
            means = np.log10(means)
        distance, *others = np.median(np.abs(means - target[known]), axis=1)
        low, high = np.quantile(others, [0.025, 0.975])
        shown, bottom, top = map(evidence.format_number, (distance, low, high))
        text = f"{shown}{unit} away ({bottom} .. {top})"
        holds = evidence.within(distance, low, high, 0.0, tolerance)
        return Measured(text, holds, float(distance), float(low), float(high), trials=len(trials))

    criterion = (
        f"median distance of the mean curve from the published one at most {allowed}, with its 95 % bootstrap interval"
    )
    return Claim(name, statement, where, criterion, judge, published="the curve")


def order_claim(
    name: str,
    statement: str,
    where: str,
    better: str,
    worse: Sequence[str],
    quantity: evidence.Endpoint,
    published: str = "",
) -> Claim:
    """A claim that one algorithm is below another, or below each of several, in a paired test over trials."""

    def judge(results: "FigureResults") -> Measured:
        return evidence.weakest(
            evidence.is_below(
                evidence.trial_differences(results, better, each, lambda part: evidence.end_values(part, quantity)),
                quantity.unit,
                quantity.logarithmic,
            )
            for each in worse
        )

    what = " of the logarithm" if quantity.logarithmic else ""
    criterion = f"paired one-sided t-test over trials{what}, p < {evidence.LEVEL:g}"
    return Claim(name, statement, where, criterion, judge, published)


def as_good_claim(
    name: str,
    statement: str,
    where: str,
    algorithm: str,
    other: str,
    measure: "Callable[[pd.DataFrame], pd.Series]",
    what: str,
    published: str = "",
) -> Claim:
    """A claim that one algorithm is not much worse than another.

    `measure` returns the logarithm of a quantity that should be small, for each trial.
    """

    def judge(results: "FigureResults") -> Measured:
        found = evidence.mean_within(
            evidence.trial_differences(results, algorithm, other, measure), 0.0, AS_GOOD, logarithmic=True
        )
        return replace(found, text=f"times {found.text}")

    criterion = f"{what}: at most {AS_GOOD:g} times the other's, mean over paired trials with its 95 % interval"
    return Claim(name, statement, where, criterion, judge, published)


def statements_claim(name: str, theorem: int, statement: str, starts: Sequence[str], published: str = "") -> Claim:
    """A claim that holds if all statements whose text begins with one of `starts` hold."""

    def judge(results: "FigureResults") -> Measured:
        evidence.require_unswept(results)
        summary, trials = results.extra["summary"], int(results.config["trials"])
        chosen = (summary["theorem"] == theorem) & summary["statement"].str.startswith(tuple(starts))
        found = list(summary[chosen].itertuples())
        if not found:
            raise NotMeasurableError(Verdict.NOT_RUN, f"theorem {theorem} is not among these results")
        if trials < evidence.FEWEST:
            raise NotMeasurableError(Verdict.NOT_ENOUGH, f"{trials} of at least {evidence.FEWEST} trials")
        text = "; ".join(f"{row.measured:.2g} ({bound_text(row)})" for row in found)
        return Measured(text, all(row.holds for row in found), trials=trials)

    criterion = "the worst trial of each statement within its bound: " + "; ".join(starts)
    return Claim(name, statement, f"Supplementary proof {theorem}", criterion, judge, published)


def bound_text(row: Any) -> str:
    """Bounds of a statement as text, such as `≤ 1e-08`."""
    if row.low == float("-inf"):
        return f"≤ {row.high:.3g}"
    return f"≥ {row.low:.3g}" if row.high == float("inf") else f"{row.low:.3g} to {row.high:.3g}"
