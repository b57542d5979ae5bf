"""Probes: measurements during training.

A `Probe` takes cheap samples of single steps and evaluates many samples at once, so that 2,000 examples need a few
array operations instead of 2,000 small ones. A `HeldOut` measurement evaluates the network on examples that it never
learns from.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

from fa_repro import registry
from fa_repro.nn.network import Network
from fa_repro.nn.random import Streams
from fa_repro.rules import Rule, Signals, Step
from fa_repro.suggestions import suggest
from fa_repro.tasks import Task
from fa_repro.training import metrics
from fa_repro.typing import Array

HELD_OUT = ("test", "validation")
"""Sets of examples that a task may hold out."""

Sample = tuple[Array, ...]


class Column(ABC):
    """One measured column."""

    diverged: float = np.nan
    """Value of the column from the example at which a run diverged."""

    def check(self, task: Task, hidden_layers: int) -> None:
        """Raise ValueError if it cannot be measured in this task or for this number of hidden layers."""


class Probe(Column):
    """Measured on the examples of a step, before its update."""

    def init(self, network: Network, streams: Streams) -> None:
        """Prepare for a network before its first step."""

    @abstractmethod
    def sample(self, step: Step, signals: Signals) -> Sample:
        """What to keep of one step: arrays of shape (R or 1, batch, units), which are not modified afterwards."""

    @abstractmethod
    def reduce(self, samples: Sequence[Array]) -> Array:
        """Samples of n steps, each stacked to (n, R or 1, batch, units) -> values of shape (n, R)."""


class HeldOut(Column):
    """Measured on a held-out set of examples, before the update of a step.

    Attributes
    ----------
    name : str
        Name of the set, one of those in `Task.held_out`.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def check(self, task: Task, hidden_layers: int) -> None:
        if self.name not in task.held_out:
            known = f"; it holds out {', '.join(task.held_out)}" if task.held_out else ""
            raise ValueError(f"the task holds out no {self.name} examples{known}")

    @abstractmethod
    def measure(self, network: Network, parts: Iterable[tuple[Array, Array]]) -> Array:
        """Inputs and targets in parts, shapes (R or 1, n, units) -> values of shape (R,)."""


class ErrorPercent(HeldOut):
    """Percentage of held-out examples whose largest output is not that of their class."""

    def measure(self, network: Network, parts: Iterable[tuple[Array, Array]]) -> Array:
        wrong, seen = np.zeros(1), 0
        for inputs, target in parts:
            wrong = wrong + metrics.misclassified(target, network.predict(inputs))
            seen += inputs.shape[1]
        return 100.0 * wrong / seen


class HeldOutNse(HeldOut):
    """Normalised squared error of the held-out examples, summed over all of them before it is normalised."""

    diverged = np.inf

    def measure(self, network: Network, parts: Iterable[tuple[Array, Array]]) -> Array:
        error, power = np.zeros(1), np.zeros(1)
        for inputs, target in parts:
            error = error + metrics.power(target - network.predict(inputs))
            power = power + metrics.power(target)
        return error / power


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

    The signals of several hidden layers are concatenated to one vector, unless one `layer` is given. The angle is
    averaged over the examples of a step, except those whose error is 0, which have no angle. It is NaN where either
    rule gives a hidden layer no signal.
    """

    def __init__(self, reference: Rule, layer: int | None = None) -> None:
        self.reference, self._layer = reference, layer
        self._state: Any = None

    def check(self, task: Task, hidden_layers: int) -> None:
        if self._layer is not None and not 1 <= self._layer <= hidden_layers:
            raise ValueError(f"there is no hidden layer {self._layer}; the network has {hidden_layers}")

    def init(self, network: Network, streams: Streams) -> None:
        self._state = self.reference.init(network, streams)

    def sample(self, step: Step, signals: Signals) -> Sample:
        expected, self._state = self.reference.signals(step, self._state)
        ours, theirs = self._vector(signals), self._vector(expected)
        if ours is None or theirs is None:
            nothing = np.zeros((*step.error.shape[:2], 1), step.error.dtype)
            return nothing, nothing
        return ours, theirs

    def _vector(self, signals: Signals) -> Array | None:
        """The signals of the hidden layers as one vector, or None if a layer has none."""
        hidden = signals[:-1] if self._layer is None else signals[:-1][self._layer - 1 : self._layer]
        found = [signal for signal in hidden if signal is not None]
        if not found or len(found) < len(hidden):
            return None
        return found[0] if len(found) == 1 else np.concatenate(found, axis=-1)

    def reduce(self, samples: Sequence[Array]) -> Array:
        angles = metrics.angle_deg(*samples)
        known = ~np.isnan(angles)
        count = known.sum(axis=-1)
        total = np.where(known, angles, 0.0).sum(axis=-1)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


_HELD_OUT: dict[str, type[HeldOut]] = {"nse": HeldOutNse, "error_percent": ErrorPercent}


@cache
def known() -> tuple[str, ...]:
    """Names of all probes: `nse`, `SET_nse`, `SET_error_percent`, and `angle_RULE_deg` for each rule without settings.

    An angle can be restricted to one hidden layer, counted from 1 at the bottom: `angle_RULE_layer1_deg`.
    """
    angles = [f"angle_{name}_deg" for name in registry.names("rules") if _reference(name) is not None]
    return ("nse", *(f"{name}_{end}" for end in _HELD_OUT for name in HELD_OUT), *angles)


def make(name: str) -> Probe | HeldOut:
    """Create the probe of this name.

    Raises
    ------
    KeyError
        If there is none of this name; the message lists the known ones.
    """
    angle = re.fullmatch(r"(angle_\w+?)_layer(0|[1-9]\d{0,2})(_deg)", name)
    whole = angle[1] + angle[3] if angle else name
    if whole not in known():
        raise KeyError(f"unknown probe {name!r}{suggest(name, known())}")
    if name == "nse":
        return Nse()
    which, _, end = name.partition("_")
    if which in HELD_OUT and end in _HELD_OUT:
        return _HELD_OUT[end](which)
    reference = _reference(whole.removeprefix("angle_").removesuffix("_deg"))
    assert reference is not None  # `known` lists no others
    return Angle(reference, int(angle[2]) if angle else None)


def rules_of(names: Iterable[str]) -> list[Rule]:
    """The other rules to which the probes of these names refer."""
    return [probe.reference for probe in map(make, names) if isinstance(probe, Angle)]


def _reference(name: str) -> Rule | None:
    kind = registry.find("rules", name, Rule)  # type: ignore[type-abstract]
    try:
        return kind()
    except TypeError:  # its settings have no defaults
        return None
