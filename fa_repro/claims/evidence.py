"""Evidence for claims: values of trials, their intervals, and tests between them.

Functions raise `NotMeasurableError` if results are missing or a trial diverged.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fa_repro.claims.claim import Measured, NotMeasurableError, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from fa_repro.results.figure_results import FigureResults
    from fa_repro.typing import Array

FEWEST = 5
"""Minimum number of trials for a claim."""

LEVEL = 0.01
"""p value below which one algorithm counts as ahead of another."""

PAPER = 20
"""Number of trials in the paper, enough to see any order that it claims."""

SMALL, LARGE = 0.01, 0.2
"""Initial ranges of Fig. 4 count as small up to the first of these, and as large from the second on."""


def is_small(init_range: float) -> bool:
    """Whether an initial range counts as small."""
    return init_range <= SMALL


def is_large(init_range: float) -> bool:
    """Whether an initial range counts as large."""
    return init_range >= LARGE


@dataclass(frozen=True)
class Endpoint:
    """A quantity to compare, and when.

    Attributes
    ----------
    column : str
        Column of the main table.
    at : int
        Number of examples after which it is compared, as in the paper.
    last : int
        Number of examples before `at` over which it is averaged.
    logarithmic : bool
        Whether its logarithm is compared, so that differences are factors.
    unit : str
        Written after numbers.
    """

    column: str
    at: int
    last: int = 0
    logarithmic: bool = False
    unit: str = ""


def require_same_config(results: "FigureResults", algorithm: str = "") -> None:
    """Refuse results whose config is not the one that the claims are about, as far as it concerns this algorithm."""
    ours = f"algorithms.{algorithm}."
    wrong = [
        f"{key} is {value}, not {expected}"
        for key, (value, expected) in results.differences.items()
        if key.startswith(ours) or not key.startswith("algorithms.")
    ]
    if wrong:
        raise NotMeasurableError(Verdict.NOT_RUN, f"the claim is about another config: {'; '.join(wrong)}")


def require_unswept(results: "FigureResults") -> None:
    """Refuse results of a sweep, as claims are about a single setting, and those of another config."""
    require_same_config(results)
    if results.config["sweep"]:
        raise NotMeasurableError(
            Verdict.NOT_RUN, f"these are results of a sweep over {', '.join(results.config['sweep'])}"
        )


def rows(results: "FigureResults", algorithm: str) -> "pd.DataFrame":
    """Rows of one algorithm; results of a sweep are refused."""
    require_unswept(results)
    return _present(results, algorithm)


def by_init_range(results: "FigureResults", algorithm: str, keep: Callable[[float], bool]) -> "list[pd.DataFrame]":
    """Rows of one algorithm at each initial range that `keep` accepts, in results of a sweep over that key alone."""
    axis = "network.init_range"
    if list(results.config["sweep"]) != [axis]:
        raise NotMeasurableError(Verdict.NOT_RUN, f"these are not results of a sweep over {axis} alone")
    table = _present(results, algorithm)
    if table[axis].dtype.kind not in "if":
        raise NotMeasurableError(Verdict.NOT_RUN, f"the ranges in {axis} are not single numbers")
    found = [part for value, part in table.groupby(axis) if keep(float(str(value)))]
    if not found:
        raise NotMeasurableError(Verdict.NOT_RUN, f"none of the swept {axis} is one that the claim is about")
    return found


def _present(results: "FigureResults", algorithm: str) -> "pd.DataFrame":
    if algorithm not in results.config["algorithms"]:
        raise NotMeasurableError(Verdict.NOT_RUN, f"{algorithm} is not among the algorithms")
    require_same_config(results, algorithm)
    part = results.table[results.table["algorithm"] == algorithm]
    if part.empty:
        raise NotMeasurableError(Verdict.NOT_RUN, f"every run of {algorithm} failed")
    return part


def trial_curves(part: "pd.DataFrame", quantity: Endpoint) -> "tuple[Array, Array, Array]":
    """Trials, examples up to `quantity.at`, and values, shape (trials, examples); logarithms if it is logarithmic."""
    from fa_repro.results.tables import by_trial
    from fa_repro.statistics import log10

    trials, examples, values = by_trial(part, quantity.column)
    if len(trials) < FEWEST:
        raise NotMeasurableError(Verdict.NOT_ENOUGH, f"{len(trials)} of at least {FEWEST} trials")
    if examples[-1] < 0.99 * quantity.at - 1:
        raise NotMeasurableError(Verdict.NOT_ENOUGH, f"measured up to example {examples[-1]:,} of {quantity.at:,}")
    seen = examples <= quantity.at
    return trials, examples[seen], log10(values[:, seen]) if quantity.logarithmic else values[:, seen]


def finite(values: "Array") -> "Array":
    """Values of trials, shape (trials, ...), returned unchanged if all of them are finite."""
    import numpy as np

    lost = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if lost.any():
        raise NotMeasurableError(
            Verdict.NOT_REPRODUCED, f"diverged or not defined in {lost.sum()} of {len(values)} trials"
        )
    return values


def end_values(part: "pd.DataFrame", quantity: Endpoint) -> "pd.Series":
    """The quantity when it is compared, for each trial."""
    import pandas as pd

    trials, examples, values = trial_curves(part, quantity)
    late = examples >= min(examples[-1], quantity.at - quantity.last)
    return pd.Series(finite(values[:, late].mean(axis=1)), index=trials)


def mean_within(values: "Array", low: float, high: float, unit: str = "", logarithmic: bool = False) -> Measured:
    """The mean over trials and its 95 % interval, which must be between bounds; values may be logarithms of factors."""
    from fa_repro.statistics import mean_interval

    mean, below, above = (float(10**each if logarithmic else each) for each in mean_interval(values))
    text = format_number(mean, unit) + (f" ({format_number(below)} .. {format_number(above)})" if below < above else "")
    return Measured(text, within(mean, below, above, low, high), mean, below, above, trials=len(values))


def within(value: float, below: float, above: float, low: float, high: float) -> bool | None:
    """Whether a number is between bounds; None if it is, but not all of its interval."""
    if not low <= value <= high:
        return False
    return True if low <= below and above <= high else None


def weakest(found: Iterable[Measured]) -> Measured:
    """Of several measurements that must all hold, one that does not hold, or else the least certain one."""
    return min(found, key=lambda each: (each.holds is not False, each.holds is True, -(each.p or 0)))


def format_number(value: float, unit: str = "") -> str:
    """A number with three digits, or in scientific notation if it is very small or large."""
    text = f"{value:.3g}" if 0.01 <= abs(value) < 1e4 or value == 0 else f"{value:.1e}"
    return f"{text}{unit}"


def trial_differences(
    results: "FigureResults", first: str, second: str, measure: "Callable[[pd.DataFrame], pd.Series]"
) -> "Array":
    """Measure of the first algorithm minus that of the second, for each trial that both have."""
    return paired(measure(rows(results, first)), measure(rows(results, second)))


def paired(first: "pd.Series", second: "pd.Series") -> "Array":
    """Differences for the trials that both series have, shape (trials,)."""
    apart = (first - second).dropna().to_numpy()
    if len(apart) < FEWEST:
        raise NotMeasurableError(Verdict.NOT_ENOUGH, f"{len(apart)} of at least {FEWEST} trials in both")
    return apart


def is_below(apart: "Array", unit: str = "", logarithmic: bool = False, level: float = LEVEL) -> Measured:
    """Test whether paired differences, shape (trials,), are below 0.

    The outcome is open if their mean is below 0, but not significantly, and there are fewer trials than in the paper.
    """
    from fa_repro.statistics import p_below_zero

    p = p_below_zero(apart)
    found = mean_within(apart, float("-inf"), float("inf"), unit, logarithmic)
    below = f"below in {(apart < 0).sum()} of {len(apart)} trials"
    text = f"{'times' if logarithmic else 'by'} {found.text}, {below}, p = {p:.0e}"
    holds = p < level or (None if apart.mean() < 0 and len(apart) < PAPER else False)
    return replace(found, text=text, holds=holds, p=p)
