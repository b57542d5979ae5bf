"""Averages over trials, with their uncertainty."""

import numpy as np

from fa_repro.arrays import Array


def bootstrap_mean(values: Array, level: float = 0.95, resamples: int = 2000) -> tuple[Array, Array, Array]:
    """Mean over trials and its percentile bootstrap interval.

    Parameters
    ----------
    values : array, shape (trials, ...)
    level : float
        Coverage of the interval, between 0 and 1.
    resamples : int
        Number of resampled sets of trials; the stream is fixed, so equal values give equal intervals.

    Returns
    -------
    mean, low, high : arrays, shape (...)
        All equal where there is one trial. NaN where a value is not finite.

    References
    ----------
    Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter 13.
    """
    trials = len(values)
    flat = np.where(np.isfinite(values), values, np.nan).reshape(trials, -1)
    generator = np.random.default_rng(0)
    counts = generator.multinomial(trials, np.full(trials, 1 / trials), size=resamples)
    means = (counts / trials) @ flat
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    shape = values.shape[1:]
    return flat.mean(axis=0).reshape(shape), low.reshape(shape), high.reshape(shape)


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
