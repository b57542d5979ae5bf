"""Runs: the settings that determine a run, the key it is stored under, and its outcome."""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fa_repro import source_code
from fa_repro.nn.network import Network
from fa_repro.nn.random import Streams
from fa_repro.rules import Rule
from fa_repro.schema import per_layer
from fa_repro.tasks import Task
from fa_repro.training import numerics, probes
from fa_repro.training.settings import NetworkSettings, Record, Training
from fa_repro.typing import Array


@dataclass(frozen=True)
class Setup:
    """Everything that determines the outcome of a run, except the trial."""

    seed: int
    task: Task
    network: NetworkSettings
    training: Training
    record: Record
    learning_rate: float
    rule: Rule

    @property
    def examples(self) -> int:
        """Number of examples that a run trains on."""
        return self.training.seen(self.task.epoch)

    @property
    def rule_name(self) -> str:
        """Name of the rule in a config."""
        return _module_name(self.rule)

    @property
    def layers(self) -> int:
        """Number of layers of units, including input and output."""
        return len(self.network.hidden) + 2

    @property
    def sources(self) -> dict[str, str]:
        """Fingerprints of the source of the rule and the task, and of the rules that the run's angles refer to."""
        return {name: source_code.fingerprint(name, file) for name, file in self._modules().items()}

    def _modules(self) -> dict[str, Path]:
        """Names and files of the modules of these."""
        parts = (self.task, self.rule, *probes.rules_of(self.record.probes))
        names = sorted({type(each).__module__ for each in parts})
        return {name: Path(str(sys.modules[name].__file__)) for name in names}

    def canonical(self) -> dict[str, Any]:
        """The settings as plain data, equal exactly for setups whose runs give the same bits with the same source."""
        record = asdict(self.record) | {"probes": sorted(self.record.probes)}
        if self.record.grid in ("every", "epochs"):
            del record["points"]
        training = asdict(self.training) | {"examples": self.examples}
        del training["epochs"]
        data = self.task.fingerprint
        return {
            "numerics": numerics.VERSION,
            "seed": self.seed,
            "task": {"name": _module_name(self.task), **asdict(self.task)} | ({"data": data} if data else {}),
            "network": asdict(self.network),
            "training": training,
            "record": record,
            "learning_rate": self.learning_rate,
            "rule": {"name": self.rule_name, **asdict(self.rule)},
        }

    def keys(self, trials: Iterable[int]) -> list[str]:
        """The key of the run of each of these trials, see `Run`."""
        data = {**self.canonical(), "sources": self.sources}
        return [_digest({**data, "trial": trial}) for trial in trials]


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
class Condition:
    """One algorithm at one sweep point."""

    algorithm: str
    swept: Mapping[str, Any]
    trials: int
    setup: Setup

    def __str__(self) -> str:
        return self.algorithm + "".join(f", {key}={value}" for key, value in self.swept.items())

    def runs(self) -> "list[Run]":
        """One run for each trial."""
        keys = self.setup.keys(range(self.trials))
        return [Run(self, trial, key) for trial, key in enumerate(keys)]


@dataclass(frozen=True)
class Run:
    """One trial of one algorithm at one sweep point.

    Attributes
    ----------
    key : str
        Key that it is stored under: the SHA-256 of everything that determines its numbers, including the source of
        its rule and task. Names, comments, key order and the number of trials are not part of it, so figures share
        runs, and more trials reuse the stored ones.
    """

    condition: Condition
    trial: int
    key: str

    @property
    def is_current(self) -> bool:
        """Whether this process computes the run by the source that its key was made for."""
        return self.condition.setup.keys([self.trial]) == [self.key]

    @property
    def labels(self) -> dict[str, Any]:
        """Labels that identify the run in a table."""
        return {"algorithm": self.condition.algorithm, "trial": self.trial, **self.condition.swept}


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run.

    Attributes
    ----------
    columns : mapping of str to array, shape (records,)
        `example` (examples seen before the measurement) and one column per probe.
    arrays : mapping of str to array
        Final weights and the task's target, if the config asks for them.
    diverged_at : int or None
        The example at which the output was no longer finite. From there on NSE is infinite and other columns are NaN.
    """

    columns: Mapping[str, Array]
    arrays: Mapping[str, Array]
    diverged_at: int | None = None


def _digest(data: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _module_name(item: object) -> str:
    return type(item).__module__.rpartition(".")[2]
