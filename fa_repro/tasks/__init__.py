"""Tasks: where examples and targets come from.

Each module here defines one task and is found by its file name. A task is a frozen dataclass; its fields are the YAML
keys it accepts besides `name`.
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
        """Number of examples in one pass through the data; None if examples are generated without end."""
        return None

    @property
    def held_out(self) -> tuple[str, ...]:
        """Names of the sets of examples that are held out from training, such as `test`."""
        return ()

    @property
    def fingerprint(self) -> str | None:
        """Hash of the data set; None for a task that generates its examples."""
        return None

    def prepare(self) -> None:
        """Make sure that the data is stored locally, so that `init` needs no network.

        Raises
        ------
        DataError
            If every source of it failed.
        """

    @abstractmethod
    def init(self, streams: Streams, dtype: DTypeLike) -> Any:
        """The state of the task before the first example."""

    @abstractmethod
    def draw(self, state: Any, count: int) -> tuple[Array, Array]:
        """The next examples and their targets: shapes (R or 1, count, units).

        The sequence does not depend on how many are drawn at a time, except for the rounding of matrix products.
        """

    def keep(self, state: Any) -> dict[str, Array]:
        """Arrays to store with a run's final weights, shape (R, ...)."""
        return {}

    def examples(self, state: Any, name: str) -> Iterator[tuple[Array, Array]]:
        """The inputs and targets of a held-out set in parts, shapes (R or 1, n, units)."""
        raise KeyError(name)

    def precompute(self, state: Any, function: Callable[[Array], Array]) -> Any:
        """Replace every input by `function` of it, computed once.

        Parameters
        ----------
        state
        function : callable
            Layers that never learn: shape (R or 1, n, units) -> (R, n, units above).

        Returns
        -------
        The new state, or None if examples are not seen twice or there are too many to keep.
        """
        return None
