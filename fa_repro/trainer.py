"""The training loop: the only code that changes weights."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fa_repro.arrays import Array, stack
from fa_repro.losses import LOSSES
from fa_repro.network import Activity, Network
from fa_repro.recorder import Recorder
from fa_repro.rules import Signals, Step
from fa_repro.runs import Outcome, Run, Setup
from fa_repro.settings import per_layer
from fa_repro.streams import Streams

BLOCK = 128
"""Examples that are drawn, and whose measurements are worked out, at once; at least one batch."""

DELAY = 16
"""Examples, at most, by which updates of the first layer are delayed."""


@np.errstate(over="ignore", invalid="ignore")  # a diverging replica is noted, and disturbs no other
def train(runs: Sequence[Run], tick: Callable[[int], None] = lambda _: None) -> list[Outcome]:
    """Train runs together, each a replica along the leading axis.

    Every replica gives the same bits as it would alone.

    Parameters
    ----------
    runs : sequence of R runs
        Equal but for floating-point settings, seed and trial, see `fa_repro.runs.batches`.
    tick : callable
        Called now and then with the number of examples seen since the last call, all runs added.

    Returns
    -------
    list of R outcomes
    """
    _keep_freed_memory()
    setups = [run.entry.setup for run in runs]
    setup = stack([replace(each, seed=0) for each in setups], setups[0].training.dtype)
    streams = Streams([(each.seed, run.trial) for each, run in zip(setups, runs, strict=True)])
    task, task_state = setup.task, setup.task.init(streams, setup.training.dtype)
    network = initial_network(setup, streams)
    state = setup.rule.init(network, streams)
    loss = LOSSES[setup.training.loss]
    learner = Learner(network, setup)
    recorder = Recorder(setup, network, streams, len(runs))
    for first, inputs, targets in _blocks(setup, task_state, recorder.measures_end):
        for part in learner.parts(inputs):
            target = targets[:, part]
            activity = network.propagate(learner.total(part))
            step = Step(network, activity, target, loss.signal(target, activity.output, network.output), loss)
            signals, state = setup.rule.signals(step, state)
            recorder.observe(first + part.start, step, signals)
            if first < setup.training.examples:
                learner.apply(activity, signals)
        recorder.flush()
        tick(inputs.shape[1] * len(runs))
        if recorder.all_diverged:
            break
    kept = network_arrays(network) | task.keep(task_state) if setup.record.weights else {}
    return recorder.outcomes(kept)


def initial_network(setup: Setup, streams: Streams) -> Network:
    """The network of a setup before its first example, drawn from the streams."""
    settings, (inputs, outputs) = setup.network, setup.task.sizes
    return Network.initialise(
        (inputs, *settings.hidden, outputs),
        settings.activation,
        settings.output,
        per_layer("init_range", settings.init_range, len(settings.hidden) + 1),
        settings.bias_range if settings.bias else None,
        streams,
        setup.training.dtype,
    )


def network_arrays(network: Network) -> dict[str, Array]:
    """Weights and biases by name, shape (R, ...)."""
    named = {f"weights_{layer}": weights for layer, weights in enumerate(network.weights)}
    return named | {f"biases_{layer}": biases for layer, biases in enumerate(network.biases)}


class Learner:
    """Changes the weights of a network by the signals that its layers receive, in place.

    `W += rate * sum(signal input' - decay * W)`, summed over the examples of the batch.
    """

    def __init__(self, network: Network, setup: Setup) -> None:
        self._network = network
        self._rate: Any = setup.learning_rate
        decay: Any = setup.learning_rate * setup.training.weight_decay
        self._decay = decay if np.any(decay) else None
        self._size = setup.training.batch_size
        delay = DELAY if self._decay is None else 1  # a decay between two updates would have to be undone
        self._window = max(1, delay // self._size) * self._size
        self._first = InputLayer(network)
        self._update = [np.empty_like(weights) for weights in network.weights[1:]]

    def parts(self, inputs: Array) -> Iterator[slice]:
        """The batches of a block of inputs, shape (R or 1, n, units_in); for each, `apply` its update, or none."""
        end = inputs.shape[1]
        for start in range(0, end, self._window):
            stop = min(start + self._window, end)
            self._first.open(inputs[:, start:stop], start, alone=stop - start <= self._size)
            for at in range(start, stop, self._size):
                yield slice(at, min(at + self._size, stop))
            self._first.close()

    def total(self, part: slice) -> Array:
        """Total input of the first layer in a batch, all earlier updates included: shape (R, batch, units)."""
        return self._first.total(part)

    def apply(self, activity: Activity, signals: Signals) -> None:
        """One update; layers whose signal is None stay as they are."""
        for layer, signal in enumerate(signals):
            if signal is None:
                continue
            weights = self._network.weights[layer]
            if self._decay is not None:
                weights *= 1.0 - self._decay * signal.shape[1]
            scaled = np.multiply(self._rate, signal, out=self._first.delayed(signal) if layer == 0 else None)
            if self._network.biases:
                self._network.biases[layer] += scaled.sum(axis=1)
            if layer == 0:
                continue
            product = np.multiply if signal.shape[1] == 1 else np.matmul  # one example: an outer product
            product(scaled.mT, activity.hidden[layer - 1], out=self._update[layer - 1])
            weights += self._update[layer - 1]


class InputLayer:
    """The layer that sees the examples, its updates delayed to the end of a window of examples.

    The examples of a window are known beforehand, so that within it `W0 x_t`, with the updates `d_s x_s'` of the
    examples before, is `W0 x_t + sum_s d_s (x_s' x_t)`: the first terms of all examples are one matrix product, their
    inner products another, and so is the update of the whole window at its end. Equal to updating after each example
    but for rounding, and less work the larger the layer: the net's largest matrix is read and written once a window.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._update = np.empty_like(network.weights[0])
        self._start = self._seen = 0
        self._learns = False

    def open(self, inputs: Array, start: int, alone: bool) -> None:
        """Begin a window of inputs, shape (R or 1, n, units_in), whose first is example `start` of its block.

        A window that is one batch is `alone`: it needs no inner products.
        """
        weights = self._network.weights[0]
        self._inputs, self._start, self._learns = inputs, start, False
        self._drive = inputs @ weights.mT
        self._overlap = None if alone else inputs @ inputs.mT
        self._delayed = np.zeros((len(weights), inputs.shape[1], weights.shape[1]), weights.dtype)

    def total(self, part: slice) -> Array:
        """Total input in a batch, a slice of the block, the delayed updates included."""
        part = slice(part.start - self._start, part.stop - self._start)
        self._seen = part.start
        total = self._drive[:, part]
        if self._learns and self._overlap is not None:
            total = total + self._overlap[:, part, : part.start] @ self._delayed[:, : part.start]
        if self._network.biases:
            total = total + self._network.biases[0][:, None, :]
        return total

    def delayed(self, signal: Array) -> Array:
        """Where the update of the batch last asked for is to be noted: its signal times the rate, same shape.

        Batches for which it is not asked keep zeros there: no update.
        """
        self._learns = True
        return self._delayed[:, self._seen : self._seen + signal.shape[1]]

    def close(self) -> None:
        """End the window: the weights take all its updates."""
        if self._learns:
            product = np.multiply if self._inputs.shape[1] == 1 else np.matmul
            product(self._delayed.mT, self._inputs, out=self._update)
            self._network.weights[0] += self._update


def _keep_freed_memory() -> None:
    """Have the allocator reuse arrays of some 100 kB instead of returning each to the system.

    The GNU allocator maps large blocks afresh, which costs a page fault per 4 kB and here a sixth of the time, until
    it has seen a larger one freed (mallopt(3), M_MMAP_THRESHOLD: "dynamic"). This one is never touched, so it costs
    nothing; other allocators do not mind.
    """
    np.empty(31 * 2**20, dtype=np.uint8)


def _blocks(setup: Setup, task_state: Any, extra: bool) -> Iterator[tuple[int, Array, Array]]:
    """(examples seen before, inputs, targets) of each block; with `extra` one batch more, after the last update."""
    size, end = setup.training.batch_size, setup.training.examples
    block = max(1, BLOCK // size) * size
    for first in range(0, end, block):
        yield first, *setup.task.draw(task_state, min(block, end - first))
    if extra:
        yield end, *setup.task.draw(task_state, min(size, end))
