"""Backpropagation: errors return through the transposed forward weights."""

from dataclasses import dataclass
from typing import Any

from fa_repro.rules import Rule, Signals, Step, cascade


@dataclass(frozen=True)
class Backprop(Rule):
    """The gradient of the loss: `dh = W' e`.

    References
    ----------
    Rumelhart, Hinton and Williams 1986; Lillicrap et al. 2014, Fig. 1b.
    """

    def signals(self, step: Step, state: Any) -> tuple[Signals, Any]:
        return cascade(step, step.upper_weights), state
