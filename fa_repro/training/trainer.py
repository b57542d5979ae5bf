"""The training loop: the only code that changes weights."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from fa_repro import isolation
from fa_repro.nn.losses import LOSSES
from fa_repro.nn.network import Activity, Network
from fa_repro.nn.random import Streams
from fa_repro.nn.weight_decay import Decay
from fa_repro.rules import Signals, Step
from fa_repro.training.input_layer import DELAY, InputLayer
from fa_repro.training.recorder import Recorder
from fa_repro.training.replicas import stack
from fa_repro.training.runs import Outcome, Run, Setup, initial_network
from fa_repro.typing import Array

BLOCK = 128
"""Number of examples that are drawn, and whose measurements are evaluated, at once; at least one batch."""


@isolation.one_thread
def train(runs: Sequence[Run], on_progress: Callable[[int], None] = lambda _: None) -> list[Outcome]:
    """Train runs together, each a replica along the leading axis.

    Every replica gives the same bits as it would alone. Matrix products use one thread, so the bits do not depend on
    the number of cores either. Several cores train several batches of runs, see `fa_repro.execution.processes`.

    Parameters
    ----------
    runs : sequence of R runs
        Equal except for floating-point settings, seed and trial, see `fa_repro.execution.batching.form_batches`.
    on_progress : callable
        Called regularly with the number of examples seen since the last call, summed over all runs.

    Returns
    -------
    list of R outcomes
    """
    # A diverging replica is recorded and does not affect the others.
    with np.errstate(over="ignore", invalid="ignore"):
        return _train(runs, on_progress)


def _train(runs: Sequence[Run], on_progress: Callable[[int], None]) -> list[Outcome]:
    _keep_freed_memory()
    setups = [run.condition.setup for run in runs]
    setup = stack([replace(each, seed=0) for each in setups], setups[0].training.dtype)
    streams = Streams([(each.seed, run.trial) for each, run in zip(setups, runs, strict=True)])
    task, task_state = setup.task, setup.task.init(streams, setup.training.dtype)
    whole = network = initial_network(setup, streams)
    if not setup.rule.trains_hidden:
        through = task.precompute(task_state, network.last_hidden)
        if through is not None:
            task_state, network = through, network.output_layer
    learner = Learner(
        network, setup, setup.rule.init(network, streams), _decay(setups), setup.rule.masks(network, streams)
    )
    recorder = Recorder(setup, network, streams, len(runs), partial(task.examples, task_state))
    for first, inputs, targets in _blocks(setup, task_state, recorder.measures_end):
        for start, step, signals in learner.steps(inputs, targets, learn=first < setup.examples):
            recorder.observe(first + start, step, signals, learner.current_network)
        recorder.flush()
        on_progress(inputs.shape[1] * len(runs))
        if recorder.all_diverged:
            break
    kept = network_arrays(whole) | task.keep(task_state) if setup.record.weights else {}
    return recorder.outcomes(kept)


def network_arrays(network: Network) -> dict[str, Array]:
    """Weights and biases by name, shape (R, ...)."""
    named = {f"weights_{layer}": weights for layer, weights in enumerate(network.weights)}
    return named | {f"biases_{layer}": biases for layer, biases in enumerate(network.biases)}


class Learner:
    """Updates the weights of a network in place, from the teaching signals of its layers.

    `W += sum(rate * signal input' - decay * W)`, summed over the examples of the batch.

    Parameters
    ----------
    network : Network
    setup : Setup
    state
        State of the setup's rule before the first step; the attribute holds the current state.
    decay : array, shape (R, 1, 1), optional
        Weight decay in float64: the fraction of a weight that decays per example.
    masks : sequence of arrays, shape (R, units_out, units_in), optional
        Zero where a weight of a layer above the first does not exist.
    """

    def __init__(
        self,
        network: Network,
        setup: Setup,
        state: Any = None,
        decay: Array | None = None,
        masks: Sequence[Array] | None = None,
    ) -> None:
        self.state = state
        self._network, self._rule, self._loss = network, setup.rule, LOSSES[setup.training.loss]
        self._rate: Any = setup.learning_rate
        self._decay = decay
        self._decays = [Decay(weights) for weights in network.weights[1:]]
        self._size = setup.training.batch_size
        self._window = max(1, DELAY // self._size) * self._size
        self._first = InputLayer(network, decay)
        self._update = [np.empty_like(weights) for weights in network.weights[1:]]
        self._masks = masks

    def steps(self, inputs: Array, targets: Array, learn: bool = True) -> Iterator[tuple[int, Step, Signals]]:
        """Learn from examples, shapes (R or 1, n, units), batch by batch.

        Yields
        ------
        (int, Step, signals)
            For each batch its first example, the step before the update, and the signals of that update. The update is
            applied when the next batch is requested.
        """
        for part in self.batches(inputs):
            target, activity = targets[:, part], self._network.forward(self.pre_activation(part))
            error = self._loss.signal(target, activity.output, self._network.output)
            step = Step(self._network, activity, target, error, self._loss, self._rate, self._decay)
            signals, self.state = self._rule.signals(step, self.state)
            yield part.start, step, signals
            if learn:
                self.apply(activity, signals)

    def batches(self, inputs: Array) -> Iterator[slice]:
        """The batches of a block of inputs, shape (R or 1, n, units_in); call `apply` once for each, or not at all."""
        end = inputs.shape[1]
        for start in range(0, end, self._window):
            stop = min(start + self._window, end)
            self._first.open(inputs[:, start:stop], start, alone=stop - start <= self._size)
            for at in range(start, stop, self._size):
                yield slice(at, min(at + self._size, stop))
            self._first.close()

    def pre_activation(self, part: slice) -> Array:
        """Pre-activation of the first layer in a batch, including all earlier updates: shape (R, batch, units)."""
        return self._first.pre_activation(part)

    def apply(self, activity: Activity, signals: Signals) -> None:
        """Apply one update; layers whose signal is None are unchanged."""
        for layer, signal in enumerate(signals):
            if signal is None:
                continue
            scaled = np.multiply(self._rate, signal, out=self._first.update_buffer(signal) if layer == 0 else None)
            if self._network.biases:
                self._network.biases[layer] += scaled.sum(axis=1)
            if layer == 0:
                self._first.record_update()
                continue
            product = np.multiply if signal.shape[1] == 1 else np.matmul  # one example: an outer product
            product(scaled.mT, activity.hidden[layer - 1], out=self._update[layer - 1])
            weights = self._network.weights[layer]
            if self._decay is not None:
                self._decays[layer - 1].apply(1.0 - self._decay * signal.shape[1])
            weights += self._update[layer - 1]
            if self._masks is not None:
                weights *= self._masks[layer - 1]

    def current_network(self) -> Network:
        """The network before the update of the current batch, with an up-to-date first layer."""
        return replace(self._network, weights=[self._first.current_weights(), *self._network.weights[1:]])


def _decay(setups: Sequence[Setup]) -> Array | None:
    """Weight decay of each replica, shape (R, 1, 1), or None if there is none."""
    decay = np.array([setup.training.weight_decay for setup in setups])[:, None, None]
    return decay if decay.any() else None


def _keep_freed_memory() -> None:
    """Make the allocator reuse arrays of some 100 kB instead of returning each to the system.

    Until it has seen a larger block freed, the GNU allocator maps each large block anew (mallopt(3), M_MMAP_THRESHOLD:
    "dynamic"), at a page fault per 4 kB and here a sixth of the time. The block below is never written to, so it costs
    nothing; other allocators are not affected.
    """
    np.empty(31 * 2**20, dtype=np.uint8)


def _blocks(setup: Setup, task_state: Any, extra: bool) -> Iterator[tuple[int, Array, Array]]:
    """(examples seen before, inputs, targets) of each block; with `extra`, one more batch after the last update."""
    size, end = setup.training.batch_size, setup.examples
    block = max(1, BLOCK // size) * size
    for first in range(0, end, block):
        yield first, *setup.task.draw(task_state, min(block, end - first))
    if extra:
        yield end, *setup.task.draw(task_state, min(size, end))
