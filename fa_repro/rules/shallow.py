"""Shallow learning: only the output layer learns."""

from dataclasses import dataclass
from typing import Any, ClassVar

from fa_repro.rules import Rule, Signals, Step


@dataclass(frozen=True)
class Shallow(Rule):
    """The output weights learn from the error; the hidden layers keep their random initial weights.

    References
    ----------
    Lillicrap et al. 2014, Fig. 1d, "shallow".
    """

    trains_hidden: ClassVar[bool] = False

    def signals(self, step: Step, state: Any) -> tuple[Signals, Any]:
        return [*(None for _ in step.activity.hidden), step.error], state
