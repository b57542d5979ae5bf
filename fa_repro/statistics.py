"""Averages over trials, with their uncertainty."""

import numpy as np

from fa_repro.typing import Array

EXPONENTS = (-40, 30)
"""Decimal exponents between which `log10` keeps what it gives."""


def mean_interval(values: Array, level: float = 0.95) -> tuple[Array, Array, Array]:
    """Mean over trials and its t interval, which keeps its coverage for the few trials that long runs allow.

    Parameters
    ----------
    values : array, shape (trials, ...)
    level : float
        Coverage of the interval, between 0 and 1, for normally distributed values.

    Returns
    -------
    mean, low, high : arrays, shape (...)
        All equal where there is one trial. NaN where a value is not finite.

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
    """Where a further trial lies with this probability, by the trials there are.

    Parameters
    ----------
    values : array, shape (trials,)
        At least two, finite.
    level : float
        Between 0 and 1; holds for normally distributed values.

    Returns
    -------
    low, high : float
    """
    mean, _, high = mean_interval(values, level)
    half = float(high - mean) * np.sqrt(len(values) + 1)
    return float(mean - half), float(mean + half)


def p_below_zero(differences: Array) -> float:
    """p of Student's one-sided paired test: how likely differences this far below 0 are, were their mean 0 or more.

    Parameters
    ----------
    differences : array, shape (trials,)
        Between paired trials; at least two, finite. If all are equal, p is 0 or 1.

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
    """Decimal logarithm, for drawing: a diverged run's infinite error becomes NaN, very large and small ones bounds."""
    low, high = EXPONENTS
    return np.where(np.isfinite(values), np.log10(np.clip(values, 10.0**low, 10.0**high)), np.nan)
