"""Learning from a few examples in turn, with the rules and the training code of all nets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fa_repro.nn.network import Network
from fa_repro.nn.random import Streams
from fa_repro.rules import Rule, Signals, Step
from fa_repro.tasks import Task
from fa_repro.training.runs import Condition, Outcome, Run, Setup, initial_network
from fa_repro.training.settings import NetworkSettings, Record, Training
from fa_repro.training.trainer import Learner, train
from fa_repro.typing import Array


class _Cycle:
    """Rows, shape (R, n, width), that are drawn in turn."""

    def __init__(self, rows: Array) -> None:
        self._rows, self._next = rows, 0

    def draw(self, count: int) -> Array:
        places = (self._next + np.arange(count)) % self._rows.shape[1]
        self._next += count
        return self._rows[:, places]


@dataclass(frozen=True)
class InTurn(Task):
    """`y* = T x` for orthogonal `x` in random directions that are presented in turn; `|x|^2` is the number of inputs.

    If there are as many examples as inputs, the mean of `x x'` over a round is the identity, as for `x ~ N(0, I)`.

    Attributes
    ----------
    inputs, outputs : int
        Units of `x` and of `y*`.
    count : int
        Examples in a round, at most `inputs`.
    target_range : float
        Elements of `T` are drawn from U[-target_range, target_range].
    """

    inputs: int
    outputs: int
    count: int
    target_range: float = 1.0

    @property
    def sizes(self) -> tuple[int, int]:
        return self.inputs, self.outputs

    def init(self, streams: Streams, dtype: npt.DTypeLike) -> Any:
        target = self.target_range * streams.uniform("target", (self.outputs, self.inputs), dtype)
        directions = np.linalg.qr(streams.normals("inputs", self.inputs).draw(self.inputs)).Q
        return target, _Cycle(np.sqrt(self.inputs) * directions.mT[:, : self.count].astype(dtype))

    def draw(self, state: Any, count: int) -> tuple[Array, Array]:
        target, cycle = state
        inputs = cycle.draw(count)
        return inputs, inputs @ target.mT

    def keep(self, state: Any) -> dict[str, Array]:
        return {"target": state[0]}


def small_net(seed: int, task: Task, hidden: int, rule: Rule, rate: float, examples: int, **keys: Any) -> Setup:
    """Setup of a net with one hidden layer of linear units that starts from zero; its final weights are recorded.

    `keys` are further network settings, which take precedence over these.
    """
    network = NetworkSettings(**{"hidden": (hidden,), "init_range": (0.0,), **keys})
    return Setup(seed, task, network, Training(examples=examples), Record("linear", 2, ("nse",), True), rate, rule)


def learned(setup: Setup, trials: int) -> list[Outcome]:
    """Train all trials of a setup together, as for a figure, but store nothing.

    Raises
    ------
    ArithmeticError
        If a trial diverges.
    """
    runs = [Run(Condition("theory", {}, trials, setup), trial, "") for trial in range(trials)]
    outcomes = train(runs)
    for trial, outcome in enumerate(outcomes):
        if outcome.diverged_at is not None:
            text = f"trial {trial} diverged at example {outcome.diverged_at}"
            raise ArithmeticError(f"{text}: lower the learning rate (now {setup.learning_rate:g})")
    return outcomes


def feedback_of(setup: Setup, trial: int) -> Array:
    """`B` of one trial of feedback alignment, shape (hidden, outputs)."""
    streams = Streams([(setup.seed, trial)])
    (kept,) = setup.rule.init(initial_network(setup, streams), streams)
    return kept[0].T


class TracedStep(NamedTuple):
    """One step of learning, from a single example."""

    network: Network
    """A copy of the network before the update."""
    inputs: Array
    """Shape (R, 1, units_in)."""
    step: Step
    signals: Signals
    state: Any
    """The state of the rule."""


def traced_steps(setup: Setup, trials: Sequence[int]) -> Iterator[TracedStep]:
    """Learn from the examples of a setup, one at a time, in all trials together; yield each step."""
    streams = Streams([(setup.seed, trial) for trial in trials])
    inputs, targets = setup.task.draw(setup.task.init(streams, setup.training.dtype), setup.examples)
    network = initial_network(setup, streams)
    learner = Learner(network, setup, setup.rule.init(network, streams))
    for at, step, signals in learner.steps(inputs, targets):
        now = learner.current_network()
        copy = replace(now, weights=[weights.copy() for weights in now.weights])
        yield TracedStep(copy, inputs[:, at : at + 1], step, signals, learner.state)
