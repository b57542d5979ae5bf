"""The blocks of a config: its top-level values, an algorithm's keys, and the table of the shared blocks.

The shared blocks themselves are defined in `fa_repro.training.settings`.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field, Strict

from fa_repro.schema import Positive, Settings
from fa_repro.training.settings import NetworkSettings, Record, Training

BLOCKS: dict[str, type[Settings]] = {"network": NetworkSettings, "training": Training, "record": Record}
"""Blocks shared by all algorithms. The block of an algorithm may override some of their keys."""


@dataclass(frozen=True)
class Top(Settings):
    """The scalar values at the top level of a config."""

    figure: str
    seed: Annotated[int, Strict(), Field(ge=0, lt=2**63)] = 0
    trials: Annotated[int, Strict(), Field(ge=1, le=100_000)] = 1


@dataclass(frozen=True)
class Algorithm(Settings):
    """The keys that every algorithm takes in addition to those of its rule."""

    rule: str
    learning_rate: Positive
    network: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
