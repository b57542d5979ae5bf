"""Averages over trials, with their uncertainty."""

import numpy as np

from fa_repro.typing import Array

EXPONENTS = (-40, 30)
"""Smallest and largest value that `log10` returns."""


def mean_interval(values: Array, level: float = 0.95) -> tuple[Array, Array, Array]:
    """Mean over trials and its Student's t interval, whose coverage holds even for a few trials.

    Parameters
    ----------
    values : array, shape (trials, ...)
    level : float
        Coverage of the interval, between 0 and 1, for normally distributed values.

    Returns
    -------
    mean, low, high : arrays, shape (...)
        All three are equal if there is only one trial. NaN where the value of any trial is not finite.

    References
    ----------
    Student 1908, "The probable error of a mean", Biometrika 6.
    """
    from scipy.special import stdtrit

    trials = len(values)
    finite = np.where(np.isfinite(values), values, np.nan)
    mean = finite.mean(axis=0)
    if trials == 1:
        return mean, mean, mean
    half = stdtrit(trials - 1, (1 + level) / 2) * finite.std(axis=0, ddof=1) / np.sqrt(trials)
    return mean, mean - half, mean + half


def prediction_interval(values: Array, level: float = 0.95) -> tuple[float, float]:
    """Interval that contains the value of one further trial with the given probability.

    Parameters
    ----------
    values : array, shape (trials,)
        At least two values, all finite.
    level : float
        Probability, between 0 and 1, for normally distributed values.

    Returns
    -------
    low, high : float
    """
    mean, _, high = mean_interval(values, level)
    half = float(high - mean) * np.sqrt(len(values) + 1)
    return float(mean - half), float(mean + half)


def p_below_zero(differences: Array) -> float:
    """p-value of Student's one-sided paired t-test; a small one means that the mean difference is below 0.

    Parameters
    ----------
    differences : array, shape (trials,)
        Differences between paired trials; at least two, all finite. If all are equal, the result is 0 or 1.

    References
    ----------
    Student 1908, "The probable error of a mean", Biometrika 6.
    """
    from scipy.special import stdtr

    mean, deviation = differences.mean(), differences.std(ddof=1)
    if deviation == 0:
        return float(mean >= 0)
    return float(stdtr(len(differences) - 1, mean / deviation * np.sqrt(len(differences))))


def sliding(values: Array, window: int) -> tuple[Array, Array]:
    """Mean and standard deviation over a centred sliding window along the last axis.

    Parameters
    ----------
    values : array, shape (..., n)
    window : int
        Number of neighbouring values, at most n.

    Returns
    -------
    mean, deviation : arrays, shape (..., n - window + 1)
    """
    windows = np.lib.stride_tricks.sliding_window_view(values, window, axis=-1)
    return windows.mean(axis=-1), windows.std(axis=-1)


def log10(values: Array) -> Array:
    """Decimal logarithm for drawing: NaN for values that are not finite, others limited to `EXPONENTS`."""
    low, high = EXPONENTS
    return np.where(np.isfinite(values), np.log10(np.clip(values, 10.0**low, 10.0**high)), np.nan)
