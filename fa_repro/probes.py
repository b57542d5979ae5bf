"""What is measured while training.

A probe takes cheap samples of single steps, and turns many samples into numbers at once: the arithmetic of 2,000
examples is then a few array operations, not 2,000 small ones.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from fa_repro import metrics, registry
from fa_repro.arrays import Array
from fa_repro.network import Network
from fa_repro.rules import Rule, Signals, Step
from fa_repro.streams import Streams

Sample = tuple[Array, ...]


class Probe(ABC):
    """One measured column."""

    diverged: float = np.nan
    """What the column says of a run from the example on at which it diverged."""

    def init(self, network: Network, streams: Streams) -> None:
        """Prepare for a network before its first step."""

    @abstractmethod
    def sample(self, step: Step, signals: Signals) -> Sample:
        """What to keep of one step: arrays of shape (R or 1, batch, units), which nothing changes afterwards."""

    @abstractmethod
    def reduce(self, samples: Sequence[Array]) -> Array:
        """Samples of n steps, each stacked to (n, R or 1, batch, units) -> values of shape (n, R)."""


class Nse(Probe):
    """Normalised squared error of the examples of a step, before its update."""

    diverged = np.inf

    def sample(self, step: Step, signals: Signals) -> Sample:
        return step.target, step.activity.output

    def reduce(self, samples: Sequence[Array]) -> Array:
        target, output = samples
        return metrics.nse(np.broadcast_to(target, output.shape), output)


class Angle(Probe):
    """Angle between the hidden layers' teaching signals and those another rule would send in the same step.

    With several hidden layers their signals are joined to one vector. Averaged over the examples of a step. NaN
    where either rule leaves a hidden layer without a signal.
    """

    def __init__(self, reference: Rule) -> None:
        self._reference = reference
        self._state: Any = None

    def init(self, network: Network, streams: Streams) -> None:
        self._state = self._reference.init(network, streams)

    def sample(self, step: Step, signals: Signals) -> Sample:
        expected, self._state = self._reference.signals(step, self._state)
        ours, theirs = _joined(signals), _joined(expected)
        if ours is None or theirs is None:
            nothing = np.zeros((*step.error.shape[:2], 1), step.error.dtype)
            return nothing, nothing
        return ours, theirs

    def reduce(self, samples: Sequence[Array]) -> Array:
        return metrics.angle_deg(*samples).mean(axis=-1)


def _joined(signals: Signals) -> Array | None:
    """The signals of all hidden layers as one vector, or None if a layer has none."""
    hidden = [signal for signal in signals[:-1] if signal is not None]
    if len(hidden) < len(signals) - 1:
        return None
    return hidden[0] if len(hidden) == 1 else np.concatenate(hidden, axis=-1)


@cache
def known() -> tuple[str, ...]:
    """Names of all probes: `nse`, and `angle_RULE_deg` for each rule that has no settings."""
    angles = [f"angle_{name}_deg" for name in registry.names("rules") if _reference(name) is not None]
    return ("nse", *angles)


def make(name: str) -> Probe:
    """A new probe.

    Raises
    ------
    KeyError
        If there is none of this name; the message lists those there are.
    """
    if name not in known():
        raise KeyError(f"unknown probe {name!r}{registry.did_you_mean(name, known())} Known: {', '.join(known())}.")
    if name == "nse":
        return Nse()
    reference = _reference(name.removeprefix("angle_").removesuffix("_deg"))
    assert reference is not None  # `known` lists no others
    return Angle(reference)


def _reference(name: str) -> Rule | None:
    kind = registry.find("rules", name, Rule)  # type: ignore[type-abstract]
    try:
        return kind()
    except TypeError:  # its settings have no defaults
        return None
