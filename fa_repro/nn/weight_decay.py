"""Weight decay that a type too coarse to express it at each update saves up."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fa_repro.typing import Array

LEAST = 256
"""Units of the last digit that are owed before anything is taken away: 3e-5 in float32 and 6e-14 in float64."""


def settle(owed: Array, dtype: npt.DTypeLike) -> tuple[Array | None, Array]:
    """What is due of the decay that is owed.

    The paper's 1e-6 for one example is eight units of a float32's last digit: multiplying by 1 - 1e-6 would round it by
    some 5 %, and a tenth of it would take twice its share from some weights and nothing from others. So weights stay as
    they are until `LEAST` units are owed.

    Parameters
    ----------
    owed : array, shape (R, 1, 1)
        Product of the factors that weights have not been multiplied by yet, in float64.
    dtype
        Type of the weights.

    Returns
    -------
    (array or None, array), shape (R, 1, 1)
        The factor to multiply the weights by now, in their type, or None if nothing is due; and what stays owed.
    """
    due = 1.0 - owed >= LEAST * np.finfo(dtype).eps
    if not due.any():
        return None, owed
    return np.where(due, owed, 1.0).astype(dtype), np.where(due, 1.0, owed)


class Decay:
    """Decay of one layer's weights, in place."""

    def __init__(self, weights: Array) -> None:
        self._weights = weights
        self._owed: Any = 1.0

    def apply(self, factor: Array) -> None:
        """Multiply the weights, shape (R, units_out, units_in), by a factor of shape (R, 1, 1), now or later."""
        now, self._owed = settle(self._owed * factor, self._weights.dtype)
        if now is not None:
            self._weights *= now
