"""Recording of measurements on a grid of examples, and of the example at which a run diverged."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from fa_repro.nn.network import Network
from fa_repro.nn.random import Streams
from fa_repro.rules import Signals, Step
from fa_repro.training import probes
from fa_repro.training.runs import Outcome, Setup
from fa_repro.training.settings import Record
from fa_repro.typing import Array


def grid(record: Record, examples: int, batch_size: int, epoch: int | None = None) -> Array:
    """Numbers of examples seen before each measurement: ascending multiples of the batch size, from 0.

    `every` ends before the last update; the other grids end with the state after all examples.

    Raises
    ------
    ValueError
        If the grid is `epochs`, but the task has none.
    """
    if record.grid == "every":
        return np.arange(0, examples, batch_size)
    if record.grid == "epochs":
        if epoch is None:
            raise ValueError("grid: this task has no epochs; choose every, linear or log")
        points = epoch * np.concatenate([[0], 0.5 ** np.arange(6, 0, -1), np.arange(1, examples // epoch + 1)])
    elif record.grid == "linear":
        points = np.linspace(0, examples, record.points)
    else:
        points = np.concatenate([[0], np.geomspace(batch_size, max(examples, batch_size), record.points - 1)])
    points = np.unique(np.round(points / batch_size).astype(np.int64) * batch_size)
    return np.append(points[points < examples], examples)


class Recorder:
    """Collects samples of single steps and turns them into measurements a block at a time.

    Attributes
    ----------
    measures_end : bool
        Whether the grid includes the state after the last update.
    """

    def __init__(
        self,
        setup: Setup,
        network: Network,
        streams: Streams,
        replicas: int,
        held_out: Callable[[str], Iterator[tuple[Array, Array]]],
    ) -> None:
        self._grid = grid(setup.record, setup.examples, setup.training.batch_size, setup.task.epoch)
        self.measures_end = bool(self._grid[-1] == setup.examples)
        measured = {name: probes.make(name) for name in setup.record.probes}
        self._probes = {name: probe for name, probe in measured.items() if isinstance(probe, probes.Probe)}
        self._tests = {name: probe for name, probe in measured.items() if isinstance(probe, probes.HeldOut)}
        self._held_out = held_out
        for probe in self._probes.values():
            probe.init(network, streams)
        shape = (len(self._grid), replicas)
        self._values = {name: np.full(shape, probe.diverged) for name, probe in measured.items()}
        self._samples: dict[str, list[probes.Sample]] = {name: [] for name in self._probes}
        self._due = [*self._grid.tolist(), -1]
        self._done = self._next = 0
        self._errors: list[Array] = []
        self._starts: list[int] = []
        self._diverged_at = np.full(replicas, -1)

    @property
    def all_diverged(self) -> bool:
        """Whether all replicas have diverged."""
        return bool((self._diverged_at >= 0).all())

    def observe(self, example: int, step: Step, signals: Signals, current_network: Callable[[], Network]) -> None:
        """Observe a step before its update; `current_network` returns the network with an up-to-date first layer."""
        if self._errors and step.error.shape != self._errors[0].shape:  # the last batch may be shorter
            self.flush()
        self._starts.append(example)
        self._errors.append(step.error)
        if example == self._due[self._next]:
            self._next += 1
            for name, probe in self._probes.items():
                self._samples[name].append(probe.sample(step, signals))
            for name, test in self._tests.items():
                self._values[name][self._next - 1] = test.measure(current_network(), self._held_out(test.name))

    def flush(self) -> None:
        """Evaluate the pending samples."""
        if self._starts:
            self._find_diverged()
        if self._next > self._done:
            rows = slice(self._done, self._next)
            sound = (self._diverged_at < 0) | (self._grid[rows, None] < self._diverged_at)
            for name, probe in self._probes.items():
                stacked = [_stacked(part) for part in zip(*self._samples[name], strict=True)]
                self._values[name][rows] = np.where(sound, probe.reduce(stacked), probe.diverged)
                self._samples[name].clear()
            for name, test in self._tests.items():
                self._values[name][rows] = np.where(sound, self._values[name][rows], test.diverged)
            self._done = self._next
        self._errors.clear()
        self._starts.clear()

    def outcomes(self, kept: Mapping[str, Array]) -> list[Outcome]:
        """One outcome per replica; `kept` has arrays of shape (R, ...), which are dropped for diverged replicas."""
        return [
            Outcome(
                {"example": self._grid, **{name: values[:, replica] for name, values in self._values.items()}},
                {name: array[replica] for name, array in kept.items() if at < 0},
                int(at) if at >= 0 else None,
            )
            for replica, at in enumerate(self._diverged_at)
        ]

    def _find_diverged(self) -> None:
        """Find the first step of each replica whose squared error is not finite."""
        errors = _stacked(self._errors)
        finite = np.isfinite(np.vecdot(errors, errors).sum(axis=-1))
        fresh = ~finite.all(axis=0) & (self._diverged_at < 0)
        first = np.array(self._starts)[finite.argmin(axis=0)]
        self._diverged_at = np.where(fresh, first, self._diverged_at)


def _stacked(arrays: Sequence[Array]) -> Array:
    """Arrays of equal shape along a new first axis; several times as fast as `np.stack` for small ones."""
    return np.concatenate(arrays).reshape(len(arrays), *arrays[0].shape)
