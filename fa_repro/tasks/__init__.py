"""Tasks: where examples and targets come from.

Each module here defines one task and is found by its file name. A task is a frozen dataclass; its fields are the YAML
keys it accepts beside `name`.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from fa_repro.arrays import Array
from fa_repro.settings import Block
from fa_repro.streams import Streams


@dataclass(frozen=True)
class Task(Block):
    """Where examples and targets come from."""

    @property
    @abstractmethod
    def sizes(self) -> tuple[int, int]:
        """Units of the input and of the output layer."""

    @abstractmethod
    def init(self, streams: Streams, dtype: npt.DTypeLike) -> Any:
        """The state of the task before the first example."""

    @abstractmethod
    def draw(self, state: Any, count: int) -> tuple[Array, Array]:
        """The next examples and their targets: shapes (R or 1, count, units).

        The sequence does not depend on how many are drawn at a time.
        """

    def keep(self, state: Any) -> dict[str, Array]:
        """Arrays worth keeping with a run's final weights, shape (R, ...)."""
        return {}
