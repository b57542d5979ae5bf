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

BLOCK = 250
"""Steps whose examples are drawn, and whose measurements are worked out, at once."""


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
    setups = [run.entry.setup for run in runs]
    setup = stack([replace(each, seed=0) for each in setups], setups[0].training.dtype)
    streams = Streams([(each.seed, run.trial) for each, run in zip(setups, runs, strict=True)])
    task, task_state = setup.task, setup.task.init(streams, setup.training.dtype)
    network = initial_network(setup, streams)
    state = setup.rule.init(network, streams)
    loss = LOSSES[setup.training.loss]
    learner = Learner(network, setup)
    recorder = Recorder(setup, network, streams, len(runs))
    with np.errstate(over="ignore", invalid="ignore"):  # a diverging replica is noted, and disturbs no other
        for example, inputs, target in _batches(setup, task_state, recorder.measures_end):
            activity = network.forward(inputs)
            error = loss.signal(target, activity.output, network.output)
            step = Step(network, activity, target, error, loss)
            signals, state = setup.rule.signals(step, state)
            recorder.observe(example, step, signals)
            if example < setup.training.examples:
                learner.apply(activity, signals)
            if recorder.pending == BLOCK:
                recorder.flush()
                tick(BLOCK * setup.training.batch_size * len(runs))
                if recorder.all_diverged:
                    break
        tick(recorder.pending * setup.training.batch_size * len(runs))
        recorder.flush()
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
    """Changes the weights of a network by the signals that its layers receive.

    `W += rate * sum(signal input' - decay * W)`, summed over the examples of the batch, in place.
    """

    def __init__(self, network: Network, setup: Setup) -> None:
        self._network = network
        self._rate: Any = setup.learning_rate
        self._decay: Any = setup.learning_rate * setup.training.weight_decay
        self._decays = bool(np.any(self._decay))
        self._update = [np.empty_like(weights) for weights in network.weights]

    def apply(self, activity: Activity, signals: Signals) -> None:
        """One update; layers whose signal is None stay as they are."""
        for layer, signal in enumerate(signals):
            if signal is None:
                continue
            weights, update, inputs = self._network.weights[layer], self._update[layer], activity.inputs[layer]
            scaled = self._rate * signal
            product = np.multiply if signal.shape[1] == 1 else np.matmul  # one example: an outer product
            product(scaled.mT, inputs, out=update)
            if self._decays:
                weights *= 1.0 - self._decay * signal.shape[1]
            weights += update
            if self._network.biases:
                self._network.biases[layer] += scaled.sum(axis=1)


def _batches(setup: Setup, task_state: Any, extra: bool) -> Iterator[tuple[int, Array, Array]]:
    """(examples seen before, inputs, targets) of each step; with `extra` one more, after the last update."""
    size, end = setup.training.batch_size, setup.training.examples
    for first in range(0, end, BLOCK * size):
        inputs, targets = setup.task.draw(task_state, min(BLOCK * size, end - first))
        for start in range(0, inputs.shape[1], size):
            yield first + start, inputs[:, start : start + size], targets[:, start : start + size]
    if extra:
        yield end, *setup.task.draw(task_state, size)
