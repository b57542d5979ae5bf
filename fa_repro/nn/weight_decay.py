"""Weight decay, accumulated over updates until it is large compared with the rounding error of the weights."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fa_repro.typing import Array

LEAST = 256
"""Decay, in machine epsilons, that accumulates before it is applied: 3e-5 in float32 and 6e-14 in float64."""


def settle(owed: Array, dtype: npt.DTypeLike) -> tuple[Array | None, Array]:
    """Split accumulated weight decay into the part to apply now and the part to keep for later.

    The paper's decay of 1e-6 per example is eight machine epsilons of float32. Multiplying by 1 - 1e-6 would round it
    by some 5 %, and a tenth of it would decay some weights twice as much as it should and others not at all. So weights
    are left unchanged until the decay amounts to `LEAST` epsilons.

    Parameters
    ----------
    owed : array, shape (R, 1, 1)
        Product of the factors that are still to be applied to the weights, in float64.
    dtype
        Type of the weights.

    Returns
    -------
    (array or None, array), shape (R, 1, 1)
        The factor to multiply the weights by now, in their type, or None if there is none; and the remaining `owed`.
    """
    due = 1.0 - owed >= LEAST * np.finfo(dtype).eps
    if not due.any():
        return None, owed
    return np.where(due, owed, 1.0).astype(dtype), np.where(due, 1.0, owed)


class Decay:
    """Applies decay to one layer's weights, in place."""

    def __init__(self, weights: Array) -> None:
        self._weights = weights
        self._owed: Any = 1.0

    def apply(self, factor: Array) -> None:
        """Multiply the weights, shape (R, units_out, units_in), by a factor of shape (R, 1, 1), now or later."""
        now, self._owed = settle(self._owed * factor, self._weights.dtype)
        if now is not None:
            self._weights *= now
