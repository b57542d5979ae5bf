"""Tasks: where examples and targets come from.

Each module here defines one task and is found by its file name. A task is a frozen dataclass; its fields are the YAML
keys it accepts beside `name`.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import DTypeLike

from fa_repro.nn.random import Normals, Streams
from fa_repro.schema import NonNegative, Positive, Settings, Units
from fa_repro.typing import Array

__all__ = ["Array", "DTypeLike", "NonNegative", "Normals", "Positive", "Streams", "Task", "Units"]


@dataclass(frozen=True)
class Task(Settings):
    """Where examples and targets come from."""

    @property
    @abstractmethod
    def sizes(self) -> tuple[int, int]:
        """Units of the input and of the output layer."""

    @property
    def epoch(self) -> int | None:
        """Examples of one pass through all there are; None if there is no end of them."""
        return None

    @property
    def held_out(self) -> tuple[str, ...]:
        """Names of the sets of examples that are never learned from, such as `test`."""
        return ()

    @property
    def fingerprint(self) -> str | None:
        """Hash of data that examples are taken from; None for a task that makes them up."""
        return None

    def prepare(self) -> None:
        """Make sure that the data is there, so that `init` needs no network.

        Raises
        ------
        DataError
            If it cannot be had.
        """

    @abstractmethod
    def init(self, streams: Streams, dtype: DTypeLike) -> Any:
        """The state of the task before the first example."""

    @abstractmethod
    def draw(self, state: Any, count: int) -> tuple[Array, Array]:
        """The next examples and their targets: shapes (R or 1, count, units).

        The sequence does not depend on how many are drawn at a time.
        """

    def keep(self, state: Any) -> dict[str, Array]:
        """Arrays worth keeping with a run's final weights, shape (R, ...)."""
        return {}

    def examples(self, state: Any, name: str) -> Iterator[tuple[Array, Array]]:
        """The inputs and targets of a held-out set in parts, shapes (R or 1, n, units)."""
        raise KeyError(name)

    def precompute(self, state: Any, function: Callable[[Array], Array]) -> Any:
        """The same task with `function` of each input in place of the input, computed once.

        Parameters
        ----------
        state
        function : callable
            Layers that never learn: shape (R or 1, n, units) -> (R, n, units above).

        Returns
        -------
        The state to go on with, or None where examples are not seen twice or there are too many to keep.
        """
        return None
