"""Settings of the network, of training and of what is recorded: frozen dataclasses whose fields are the YAML keys."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, Strict

from fa_repro.schema import Count, Flag, Layers, Listed, NonNegative, NotEmpty, Positive, Scale, Settings, per_layer


@dataclass(frozen=True)
class NetworkSettings(Settings):
    """Layers of the student network. Ranges are half-widths of uniform distributions around 0."""

    hidden: Layers
    init_range: Scale
    activation: Literal["linear", "tanh", "logistic"] = "linear"
    output: Literal["linear", "tanh", "logistic"] = "linear"
    bias: Flag = False
    bias_range: NonNegative = 0.0

    def __post_init__(self) -> None:
        per_layer("init_range", self.init_range, len(self.hidden) + 1)
        if isinstance(self.bias_range, float) and self.bias_range > 0 and not self.bias:
            raise ValueError("bias_range: the network has no biases; set bias: true")


@dataclass(frozen=True)
class Training(Settings):
    """How a network is trained, and for how long.

    The updates of a mini-batch are summed over its examples:
    `W += sum(learning_rate * signal input' - weight_decay * W)`. Biases do not decay. The learning rate does not
    multiply the decay: in this form the paper's 1e-6 reproduces its test errors (README).

    Attributes
    ----------
    examples : int
        Number of training examples.
    epochs : float
        The same in passes through the data, for a task with a finite number of examples.
    """

    examples: Count | None = None
    epochs: Annotated[Positive, Field(le=1e9)] | None = None
    batch_size: Count = 1
    weight_decay: NonNegative = 0.0
    loss: Literal["squared_error", "cross_entropy"] = "squared_error"
    dtype: Literal["float32", "float64"] = "float64"

    def __post_init__(self) -> None:
        if (self.examples is None) == (self.epochs is None):
            found = "neither" if self.examples is None else "both; set one of them to null"
            raise ValueError(f"examples: expected either examples or epochs, got {found}")

    def seen(self, epoch: int | None) -> int:
        """Number of training examples, given the number of examples in an epoch of the task.

        Raises
        ------
        ValueError
            If `epochs` is set, but the task has none.
        """
        if self.examples is not None:
            return self.examples
        if epoch is None or self.epochs is None:
            raise ValueError("epochs: this task has no epochs: set training.examples instead")
        return max(1, round(self.epochs * epoch))


@dataclass(frozen=True)
class Record(Settings):
    """What is measured during training, and when.

    Attributes
    ----------
    grid : str
        `every`: before each update. `linear`, `log`: at `points` numbers of examples from 0 to the end, both included.
        `epochs`: after 0, 1/64, 1/32, ... 1/2 epoch, after each epoch, and at the end.
    probes : tuple of str
        Names of measured columns, see `fa_repro.training.probes`.
    weights : bool
        Whether to store the final weights and the task's target.
    """

    grid: Literal["every", "linear", "log", "epochs"] = "every"
    points: Annotated[int, Strict(), Field(ge=2, le=10**6)] = 201
    probes: Annotated[tuple[str, ...], Listed, NotEmpty] = ("nse",)
    weights: Flag = False
