"""Named random streams: one independent generator per (seed, purpose, trial).

A stream is identified by its purpose, not by the order of draws. All algorithms of a trial therefore see the same
examples and start from the same weights, and a trial gives the same bits alone and in a batch.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fa_repro.typing import Array


class Streams:
    """The random streams of R replicas.

    Parameters
    ----------
    replicas : sequence of (seed, trial)
        Seed and trial of each replica, integers from 0. Replicas with equal pairs, such as the sweep points of
        one trial, draw the same numbers.
    """

    def __init__(self, replicas: Sequence[tuple[int, int]]) -> None:
        self._distinct = list(dict.fromkeys(replicas))
        position = {pair: i for i, pair in enumerate(self._distinct)}
        self._index = np.array([position[pair] for pair in replicas])

    def in_common(self) -> "Streams":
        """The streams of trial 0 for every replica, for draws that all trials of a seed share."""
        pairs = [self._distinct[i] for i in self._index]
        return Streams([(seed, 0) for seed, _ in pairs])

    def uniform(self, purpose: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Draw numbers from U[-1, 1): shape `(R, *shape)`."""
        draws = [2.0 * generator.random(shape) - 1.0 for generator in self._generators(purpose)]
        return np.stack(draws).astype(dtype)[self._index]

    def normals(self, purpose: str, width: int) -> "Normals":
        """An endless sequence of rows from N(0, I) for each replica."""
        return Normals(self._generators(purpose), self._index, width)

    def uniforms(self, purpose: str, width: int) -> "Uniforms":
        """An endless sequence of rows of numbers from U[0, 1) for each replica."""
        return Uniforms(self._generators(purpose), self._index, width)

    def orders(self, purpose: str, count: int) -> "Orders":
        """An endless sequence of the integers from 0 to `count - 1`, shuffled anew for each pass."""
        return Orders(self._generators(purpose), self._index, count)

    def _generators(self, purpose: str) -> list[np.random.Generator]:
        digest = hashlib.sha256(purpose.encode()).digest()
        words = (int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little"))
        return [
            np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(*words, trial)))
            for seed, trial in self._distinct
        ]


class Normals:
    """Rows of independent standard normal numbers, one sequence per replica.

    The sequence does not depend on how many rows are taken at a time.
    """

    _AHEAD = 256

    def __init__(self, generators: list[np.random.Generator], index: Array, width: int) -> None:
        self._generators, self._index, self._width = generators, index, width
        self._buffer = np.empty((len(index), 0, width))
        self._position = 0

    def draw(self, count: int) -> Array:
        """The next `count` rows of each replica: shape `(R, count, width)`, float64."""
        rows = np.empty((len(self._generators), count, self._width))
        for generator, out in zip(self._generators, rows, strict=True):
            self._fill(generator, out)
        return rows if len(rows) == len(self._index) else rows[self._index]

    def next(self, count: int) -> Array:
        """Like `draw`, but drawn ahead in blocks, for small counts in a loop. Returns a view: do not write to it.

        Do not use both `next` and `draw` on the same sequence.
        """
        if self._position + count > self._buffer.shape[1]:
            rest = self._buffer[:, self._position :]
            self._buffer = np.concatenate([rest, self.draw(max(count, self._AHEAD))], axis=1)
            self._position = 0
        rows = self._buffer[:, self._position : self._position + count]
        self._position += count
        return rows

    @staticmethod
    def _fill(generator: np.random.Generator, out: Array) -> None:
        generator.standard_normal(out=out)


class Uniforms(Normals):
    """Rows of independent numbers from U[0, 1), one sequence per replica; see `Normals`."""

    @staticmethod
    def _fill(generator: np.random.Generator, out: Array) -> None:
        generator.random(out=out)


class Orders:
    """Shuffled passes through a finite number of examples, one sequence per replica.

    The sequence does not depend on how many are taken at a time.
    """

    def __init__(self, generators: list[np.random.Generator], index: Array, count: int) -> None:
        self._generators, self._index, self._count = generators, index, count
        self._ahead = np.empty((len(generators), 0), dtype=np.int64)

    def draw(self, count: int) -> Array:
        """The next `count` indices of each replica: shape `(R, count)`, or `(1, count)` if all are the same."""
        while self._ahead.shape[1] < count:
            shuffled = np.stack([generator.permutation(self._count) for generator in self._generators])
            self._ahead = np.concatenate([self._ahead, shuffled], axis=1)
        numbers, self._ahead = self._ahead[:, :count], self._ahead[:, count:]
        return numbers if len(numbers) in (1, len(self._index)) else numbers[self._index]
