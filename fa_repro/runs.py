"""Runs: what decides a run's numbers, the name it is stored under, and which runs can be trained together."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

from fa_repro.arrays import shape_of
from fa_repro.nn.network import Network
from fa_repro.nn.random import Streams
from fa_repro.rules import Rule
from fa_repro.schema import per_layer
from fa_repro.settings import NetworkSettings, Record, Training
from fa_repro.tasks import Task
from fa_repro.typing import Array

NUMERICS = 3
"""Raised by hand whenever a change of the code changes any number a run gives."""

BATCH_BYTES = 2 * 2**20
"""Most bytes of weights that are trained at once: more no longer fits the processor's caches and gains nothing."""


@dataclass(frozen=True)
class Setup:
    """All that decides what a run gives, but for its trial."""

    seed: int
    task: Task
    network: NetworkSettings
    training: Training
    record: Record
    learning_rate: float
    rule: Rule

    @property
    def examples(self) -> int:
        """Examples that a run sees."""
        return self.training.seen(self.task.epoch)

    def canonical(self) -> dict[str, Any]:
        """Plain data, equal exactly for setups whose runs give the same bits."""
        record = asdict(self.record) | {"probes": sorted(self.record.probes)}
        if self.record.grid in ("every", "epochs"):
            del record["points"]
        training = asdict(self.training) | {"examples": self.examples}
        del training["epochs"]
        data = self.task.fingerprint
        return {
            "numerics": NUMERICS,
            "seed": self.seed,
            "task": {"name": _module_name(self.task), **asdict(self.task)} | ({"data": data} if data else {}),
            "network": asdict(self.network),
            "training": training,
            "record": record,
            "learning_rate": self.learning_rate,
            "rule": {"name": _module_name(self.rule), **asdict(self.rule)},
        }


def initial_network(setup: Setup, streams: Streams) -> Network:
    """The network of a setup before its first example, drawn from the streams."""
    settings, (inputs, outputs) = setup.network, setup.task.sizes
    network = Network.initialise(
        (inputs, *settings.hidden, outputs),
        settings.activation,
        settings.output,
        per_layer("init_range", settings.init_range, len(settings.hidden) + 1),
        [settings.bias_range] * (len(settings.hidden) + 1) if settings.bias else None,
        streams,
        setup.training.dtype,
    )
    for weights, mask in zip(network.weights[1:], setup.rule.masks(network, streams) or (), strict=False):
        weights *= mask
    return network


@dataclass(frozen=True)
class Entry:
    """One algorithm at one sweep point."""

    algorithm: str
    axes: Mapping[str, Any]
    trials: int
    setup: Setup

    def __str__(self) -> str:
        return self.algorithm + "".join(f", {key}={value}" for key, value in self.axes.items())

    def runs(self) -> "list[Run]":
        """One run for each trial."""
        canonical = self.setup.canonical()
        return [Run(self, trial, _digest({**canonical, "trial": trial})) for trial in range(self.trials)]


@dataclass(frozen=True)
class Run:
    """One trial of one algorithm at one sweep point.

    Attributes
    ----------
    key : str
        The name it is stored under: the SHA-256 of all that decides its numbers. Names, comments, key order and the
        number of trials are not part of it, so figures share runs and more trials add to those there are.
    """

    entry: Entry
    trial: int
    key: str

    @property
    def labels(self) -> dict[str, Any]:
        """What tells the run from others in a table."""
        return {"algorithm": self.entry.algorithm, "trial": self.trial, **self.entry.axes}


@dataclass(frozen=True)
class Outcome:
    """What a run gave.

    Attributes
    ----------
    columns : mapping of str to array, shape (records,)
        `example` (examples seen before the measurement) and one column per probe.
    arrays : mapping of str to array
        Weights at the end and the task's target, where the config asks for them.
    diverged_at : int or None
        The example at which the output was no longer finite. From there on NSE is infinite, other columns are NaN.
    """

    columns: Mapping[str, Array]
    arrays: Mapping[str, Array]
    diverged_at: int | None = None


def batches(runs: Iterable[Run]) -> list[list[Run]]:
    """Group runs that can be trained together: equal in everything but floating-point settings, seed and trial.

    Runs with the same key are trained once.
    """
    groups: dict[Any, list[Run]] = {}
    for run in {run.key: run for run in runs}.values():
        groups.setdefault(shape_of(replace(run.entry.setup, seed=0)), []).append(run)
    result = []
    for group in groups.values():
        setup = group[0].entry.setup
        # What layers that never learn make of a finite number of examples is kept, and fills the memory by itself.
        alone = not setup.rule.teaches_hidden and setup.task.epoch is not None
        size = 1 if alone else max(1, BATCH_BYTES // _weight_bytes(setup))
        count = -(-len(group) // size)
        result += [group[i * len(group) // count : (i + 1) * len(group) // count] for i in range(count)]
    return result


def _weight_bytes(setup: Setup) -> int:
    inputs, outputs = setup.task.sizes
    sizes = (inputs, *setup.network.hidden, outputs)
    return sum(a * b for a, b in pairwise(sizes)) * (8 if setup.training.dtype == "float64" else 4)


def _digest(data: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _module_name(item: object) -> str:
    return type(item).__module__.rpartition(".")[2]
