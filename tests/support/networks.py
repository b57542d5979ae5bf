"""Small networks in the midst of training, for tests of rules."""

from typing import Any

from pydantic import TypeAdapter

from fa_repro import registry
from fa_repro.nn.losses import LOSSES
from fa_repro.nn.network import Network
from fa_repro.nn.random import Streams
from fa_repro.rules import Rule, Step
from fa_repro.typing import Array
from tests.support.configs import needed_keys

NETS = [((5, 4, 3), "linear"), ((5, 4, 3), "tanh"), ((5, 6, 4, 3), "logistic")]


def make_rule(name: str) -> Rule:
    """A rule with 0.5 for every setting that has no default."""
    kind = registry.find("rules", name, Rule)
    return TypeAdapter(kind).validate_python(needed_keys(name))


def make_step(
    sizes: tuple[int, ...], activation: str = "linear", batch: int = 3, replicas: int = 2, **options: Any
) -> tuple[Step, Streams, Array]:
    """A step of a random network on random data, the streams for the rule's own state, and the examples."""
    streams = Streams([(7, trial) for trial in range(replicas)])
    output, loss = options.get("output", "linear"), LOSSES[options.get("loss", "squared_error")]
    dtype = options.get("dtype", "float64")
    network = Network.initialise(
        sizes, activation, output, [0.8] * (len(sizes) - 1), [0.3] * (len(sizes) - 1), streams, dtype
    )
    examples = streams.normals("inputs", sizes[0]).draw(batch).astype(dtype)
    target = streams.uniform("target", (batch, sizes[-1]), dtype)
    if output == "logistic":
        target = 0.5 * (target + 1)
    activity = network.forward(network.pre_activation(0, examples))
    error = loss.signal(target, activity.output, network.output)
    return Step(network, activity, target, error, loss), streams, examples


def total_loss(step: Step, examples: Array) -> Array:
    """Summed over the batch, per replica."""
    output = step.network.forward(step.network.pre_activation(0, examples)).output
    return step.loss.value(step.target, output).sum(axis=1)
