"""Pseudobackprop: errors return through the pseudoinverse of the forward weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fa_repro.rules import Array, Rule, Signals, Step, cascade


@dataclass(frozen=True)
class Pseudobackprop(Rule):
    """`dh = pinv(W) e`, the Gauss-Newton step of the hidden activity up to a positive factor per unit.

    References
    ----------
    Lillicrap et al. 2014, Fig. 4c and supplementary proof 2.
    """

    def signals(self, step: Step, state: Any) -> tuple[Signals, Any]:
        return cascade(step, [_pinv(weights).mT for weights in step.upper_weights]), state


def _pinv(weights: Array) -> Array:
    """Pseudoinverses of stacked matrices; zero for one that is not finite, which no decomposition accepts."""
    finite = np.isfinite(weights).all(axis=(-2, -1), keepdims=True)
    # rtol=None cuts at the rounding error of this size and type, so that a matrix of rank one stays of rank one.
    return np.linalg.pinv(np.where(finite, weights, 0), rtol=None)  # type: ignore[call-overload]
