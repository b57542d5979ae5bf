"""The blocks of a config, as frozen dataclasses whose fields are the YAML keys."""

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Strict


def _not_empty(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if not value:
        raise ValueError("expected at least one value, got []")
    return value


def _one_or_more(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


Listed = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
"""A YAML list as the tuple that frozen settings hold."""
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=1, le=10**12)]
Units = Annotated[int, Strict(), Field(ge=1, le=10**6)]
Positive = Annotated[float, Strict(), Field(gt=0, le=1e100, allow_inf_nan=False)]
NonNegative = Annotated[float, Strict(), Field(ge=0, le=1e100, allow_inf_nan=False)]
Layers = Annotated[tuple[Units, ...], Field(max_length=100), Listed, AfterValidator(_not_empty)]
Share = Annotated[float, Strict(), Field(ge=0, lt=1)]
Scale = Annotated[tuple[NonNegative, ...], BeforeValidator(_one_or_more), AfterValidator(_not_empty)]
"""A number, or a list with one number per layer from the input up; `per_layer` gives each layer its own."""


def per_layer(name: str, values: Sequence[float], layers: int, what: str = "layer") -> Sequence[float]:
    """One value for each layer; a single value serves them all.

    Raises
    ------
    ValueError
        If there are several values, but not one per layer.
    """
    if len(values) not in (1, layers):
        raise ValueError(f"{name}: expected one number or {layers} (one per {what}), got {len(values)}")
    return list(values) * layers if len(values) == 1 else list(values)


@dataclass(frozen=True)
class Block(ABC):
    """Base of every block: unknown keys are errors."""

    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Top(Block):
    """The plain values at the top of a config."""

    figure: str
    seed: Annotated[int, Strict(), Field(ge=0, lt=2**63)] = 0
    trials: Annotated[int, Strict(), Field(ge=1, le=100_000)] = 1


@dataclass(frozen=True)
class NetworkSettings(Block):
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
class Training(Block):
    """How long and how a network is trained.

    The updates of a mini-batch are summed over its examples:
    `W += sum(learning_rate * signal input' - weight_decay * W)`. Biases do not decay. The learning rate does not
    multiply the decay, which is how the paper's 1e-6 reproduces its test errors (README).

    Attributes
    ----------
    examples : int
        Examples to see.
    epochs : float
        The same in passes through the examples of a task that has a finite number of them.
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
        """Examples to see, of a task whose epoch has this many.

        Raises
        ------
        ValueError
            If epochs are asked for, but the task has none.
        """
        if self.examples is not None:
            return self.examples
        if epoch is None or self.epochs is None:
            raise ValueError("epochs: this task has no end of examples, give `examples` in place of epochs")
        return max(1, round(self.epochs * epoch))


@dataclass(frozen=True)
class Record(Block):
    """What is measured while training, and when.

    Attributes
    ----------
    grid : str
        `every`: before each update. `linear`, `log`: at `points` numbers of examples from 0 to the end, both included.
        `epochs`: after 0, 1/64, 1/32, ... 1/2 epoch, after each epoch, and at the end.
    probes : tuple of str
        Names of measured columns, see `fa_repro.probes`.
    weights : bool
        Keep the weights at the end, and the task's target.
    """

    grid: Literal["every", "linear", "log", "epochs"] = "every"
    points: Annotated[int, Strict(), Field(ge=2, le=10**6)] = 201
    probes: Annotated[tuple[str, ...], Listed, AfterValidator(_not_empty)] = ("nse",)
    weights: Flag = False


@dataclass(frozen=True)
class Algorithm(Block):
    """The keys that every algorithm takes beside those of its rule."""

    rule: str
    learning_rate: Positive
    network: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
