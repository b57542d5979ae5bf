"""Classification of handwritten digits."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field, Strict

from fa_repro.datasets import mnist as dataset
from fa_repro.nn.random import Orders, Streams
from fa_repro.tasks import Task
from fa_repro.typing import Array

PART = 500
"""Examples that a network evaluates at once outside training."""

MOST_KEPT = 2**29
"""Maximum size in bytes of the precomputed activity of layers that never learn, per replica."""

_MEAN, _DEVIATION = 0.1307, 0.3081  # of all pixels of the training images, black 0 and white 1


class _Examples(NamedTuple):
    """Inputs, shape (R or 1, n, units): pixels from 0 to 255 or hidden activity; and classes, shape (n,)."""

    inputs: Array
    classes: Array


class _State(NamedTuple):
    learned: _Examples
    held_out: dict[str, _Examples]
    order: Orders
    pixel: Array | None
    """Factor and offset that turn a grey level into an input; None if the inputs are hidden activity."""
    one_hot: Array


@dataclass(frozen=True)
class Mnist(Task):
    """MNIST: 60,000 training images, shuffled anew for each pass, and 10,000 test images; one-hot targets.

    Attributes
    ----------
    pixels : str
        `standardised`: by mean and standard deviation of all pixels of the training images, 0.1307 and 0.3081 if
        white is 1. `unit`: from 0 to 1.
    validation : int
        Number of images, the last of the training set, that are held out for choosing settings.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner 1998, Proceedings of the IEEE 86; Lillicrap et al. 2014, Fig. 2a.
    """

    pixels: Literal["standardised", "unit"] = "standardised"
    validation: Annotated[int, Strict(), Field(ge=0, le=50_000)] = 0

    @property
    def sizes(self) -> tuple[int, int]:
        return 784, 10

    @property
    def epoch(self) -> int:
        return dataset.TRAINING - self.validation

    @property
    def held_out(self) -> tuple[str, ...]:
        return ("test", "validation") if self.validation else ("test",)

    @property
    def fingerprint(self) -> str:
        return dataset.DIGEST

    def prepare(self) -> None:
        dataset.prepare()

    def init(self, streams: Streams, dtype: npt.DTypeLike) -> _State:
        mnist = dataset.load()
        end = self.epoch
        images, classes = mnist.train_images[None], mnist.train_labels
        held_out = {
            "test": _Examples(mnist.test_images[None], mnist.test_labels),
            "validation": _Examples(images[:, end:], classes[end:]),
        }
        deviation, mean = (_DEVIATION, _MEAN) if self.pixels == "standardised" else (1.0, 0.0)
        pixel = np.array([1 / (255 * deviation), -mean / deviation], dtype)
        order = streams.orders("examples", end)
        learned = _Examples(images[:, :end], classes[:end])
        return _State(learned, held_out, order, pixel, np.eye(10, dtype=dtype))

    def draw(self, state: _State, count: int) -> tuple[Array, Array]:
        numbers = state.order.draw(count)
        inputs, classes = state.learned
        if len(inputs) == 1:
            chosen = inputs[0].take(numbers, axis=0)
        else:
            chosen = inputs[np.arange(len(inputs))[:, None], numbers]
        return _seen(state, chosen), state.one_hot[classes[numbers]]

    def examples(self, state: _State, name: str) -> Iterator[tuple[Array, Array]]:
        return _parts(state, state.held_out[name])

    def precompute(self, state: _State, function: Callable[[Array], Array]) -> _State | None:
        first = function(_seen(state, state.learned.inputs[:, :1]))

        def through(examples: _Examples) -> _Examples:
            outputs = np.empty((len(first), len(examples.classes), first.shape[2]), first.dtype)
            start = 0
            for inputs, _ in _parts(state, examples):
                outputs[:, start : start + inputs.shape[1]] = function(inputs)
                start += inputs.shape[1]
            return _Examples(outputs, examples.classes)

        sets = {name: state.held_out[name] for name in self.held_out}
        if first[0].nbytes * sum(len(each.classes) for each in (state.learned, *sets.values())) > MOST_KEPT:
            return None
        held_out = {name: through(examples) for name, examples in sets.items()}
        return state._replace(learned=through(state.learned), held_out=held_out, pixel=None)


def _seen(state: _State, inputs: Array) -> Array:
    """Inputs as the network sees them."""
    if state.pixel is None:
        return inputs
    factor, offset = state.pixel
    seen: Array = np.multiply(inputs, factor, dtype=factor.dtype)
    seen += offset
    return seen


def _parts(state: _State, examples: _Examples) -> Iterator[tuple[Array, Array]]:
    for start in range(0, len(examples.classes), PART):
        part = slice(start, start + PART)
        yield _seen(state, examples.inputs[:, part]), state.one_hot[examples.classes[part]][None]
