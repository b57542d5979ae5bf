"""Types of settings in configs: numbers, lists and flags, and the base class of every block of settings."""

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Strict


def _not_empty(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if not value:
        raise ValueError("expected at least one value, got []")
    return value


def _one_or_more(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


NotEmpty = AfterValidator(_not_empty)
"""At least one value."""
Listed = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
"""Converts a YAML list to a tuple, for use in frozen dataclasses."""
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=1, le=10**12)]
Units = Annotated[int, Strict(), Field(ge=1, le=10**6)]
Positive = Annotated[float, Strict(), Field(gt=0, le=1e100, allow_inf_nan=False)]
NonNegative = Annotated[float, Strict(), Field(ge=0, le=1e100, allow_inf_nan=False)]
Layers = Annotated[tuple[Units, ...], Field(max_length=100), Listed, NotEmpty]
Share = Annotated[float, Strict(), Field(ge=0, lt=1)]
Scale = Annotated[tuple[NonNegative, ...], BeforeValidator(_one_or_more), NotEmpty]
"""A number, or a list with one number per layer from the input up; see `per_layer`."""


def per_layer(name: str, values: Sequence[float], layers: int, what: str = "layer") -> Sequence[float]:
    """One value for each layer; a single value is repeated for all layers.

    Raises
    ------
    ValueError
        If the number of values is neither 1 nor the number of layers.
    """
    if len(values) not in (1, layers):
        listed = f" or a list of {layers}" if layers > 1 else ""
        raise ValueError(f"{name}: expected one number{listed} (one per {what}), got a list of {len(values)}")
    return list(values) * layers if len(values) == 1 else list(values)


@dataclass(frozen=True)
class Settings(ABC):
    """Base class of every block of settings; unknown keys are errors."""

    __pydantic_config__ = ConfigDict(extra="forbid")
