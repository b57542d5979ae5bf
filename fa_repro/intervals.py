"""Averages over trials, with their uncertainty."""

import numpy as np

from fa_repro.arrays import Array


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
