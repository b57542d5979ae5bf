"""What saved tables must look like according to their config, and the check that they do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fa_repro.io.manifest import MOST_BYTES

if TYPE_CHECKING:
    import pandas as pd

    from fa_repro.training.settings import Record
    from fa_repro.typing import Array

TYPES: Mapping[str, type] = {"algorithm": str, "trial": int, "epoch": float, "example": int}
"""Types of the columns that tables of several figures have; measured values are float."""

NOUNS = {str: "texts", int: "whole numbers from 0 on", float: "numbers", bool: "True or False"}

UNKNOWN = 2**28
"""Largest size of a table whose number of rows is not known."""


class LayoutError(ValueError):
    """A table is not what its config says; the message says how."""


@dataclass(frozen=True)
class Grid:
    """The examples at which a run records: the arguments of `training.recorder.grid`."""

    record: "Record"
    examples: int
    batch_size: int
    epoch: int | None

    @property
    def most(self) -> int:
        """Upper bound of their number, which is close unless the grid has a limited number of points."""
        if self.record.grid == "every":
            return -(-self.examples // self.batch_size)
        if self.record.grid == "epochs":
            return self.examples // (self.epoch or 1) + 9
        return self.record.points + 1

    def agrees(self, examples: "Array") -> bool:
        """Whether a column `example`, shape (n,), has these examples."""
        import numpy as np

        near = self.record.grid not in ("every", "epochs") or self.most - 9 <= len(examples)
        return near and len(examples) <= self.most and np.array_equal(examples, _numbers(self))


@lru_cache(maxsize=8)
def _numbers(grid: Grid) -> "Array":
    from fa_repro.training.recorder import grid as numbers

    return numbers(grid.record, grid.examples, grid.batch_size, grid.epoch)


@dataclass(frozen=True)
class TableLayout:
    """What a table must look like.

    Attributes
    ----------
    columns : tuple of str
    types : mapping of str to type
        Types of some columns: str, int, float or bool.
    labels : sequence of mappings, optional
        Values of some columns that identify its rows; None if they are not known.
    grids : sequence of Grid, optional
        For each curve, the examples of its rows.
    single : bool
        Whether there is exactly one row with each of the labels.
    """

    columns: tuple[str, ...]
    types: Mapping[str, type] = field(default_factory=dict)
    labels: Sequence[Mapping[str, Any]] | None = None
    grids: Sequence[Grid] | None = None
    single: bool = False

    @property
    def most_bytes(self) -> int:
        """Largest size of its CSV."""
        if self.labels is None or not (self.single or self.grids):
            return UNKNOWN
        rows = sum(grid.most for grid in self.grids) if self.grids else len(self.labels)
        widest = max((len(str(value)) for label in self.labels for value in label.values()), default=0)
        return min(MOST_BYTES, (1 + rows) * (64 + 2 * widest) * len(self.columns))


def decode_table(data: bytes, layout: TableLayout | None) -> "pd.DataFrame":
    """Decode a CSV, and check the table.

    Raises
    ------
    LayoutError
        If it is not CSV, or not what the layout says.
    """
    from fa_repro.results import tables

    try:
        header = data[: max(data.find(b"\n"), 0)].decode()
        if layout is not None and header != ",".join(layout.columns):
            raise LayoutError(f"expected the columns {','.join(layout.columns)}, found {header[:200]!r}")
        table = tables.read_table(data)
    except (ValueError, OverflowError, MemoryError) as error:
        raise LayoutError(f"not a table: {str(error).splitlines()[0] if str(error) else 'too large'}") from None
    if layout is not None:
        _check_types(table, layout)
        if layout.labels is not None:
            check_labels(table, layout.labels, layout.grids, layout.single)
    return table


def _check_types(table: "pd.DataFrame", layout: TableLayout) -> None:
    from fa_repro.results.tables import is_measured

    for name in layout.columns:
        usual = TYPES.get(name, float if is_measured(name) and "." not in name else None)
        kind, column = layout.types.get(name, usual), table[name]
        if kind is None or column.empty:
            continue
        if not _FITS[kind](column):
            raise LayoutError(f"{name}: expected {NOUNS[kind]} in all rows")
        low, high = _range(name)
        if kind is float and not (column.isna() | column.between(low, high)).all():
            raise LayoutError(f"{name}: expected numbers from {low:g} to {high:g}")


def _is_text(column: "pd.Series") -> bool:
    from pandas.api.types import is_string_dtype

    return bool(column.notna().all() and is_string_dtype(column))


_FITS: Mapping[type, Callable[["pd.Series"], bool]] = {
    str: _is_text,
    int: lambda column: column.dtype.kind == "i" and bool(column.min() >= 0),
    float: lambda column: column.dtype.kind in "if",
    bool: lambda column: column.dtype.kind == "b",
}


def _range(name: str) -> tuple[float, float]:
    """The values that a measured column may have."""
    if name == "nse" or name.endswith("_nse"):
        return 0.0, float("inf")
    if name.endswith("_percent"):
        return 0.0, 100.0
    return (0.0, 180.0) if name.endswith("_deg") else (float("-inf"), float("inf"))


def check_labels(
    table: "pd.DataFrame",
    labels: Sequence[Mapping[str, Any]],
    grids: Sequence[Grid] | None = None,
    single: bool = False,
) -> None:
    """Check that a table has rows with each of the labels, and no others.

    Parameters
    ----------
    table : DataFrame
    labels : sequence of mappings
        Values of some columns, the same columns in each.
    grids : sequence of Grid, optional
        The examples of the rows with each of the labels.
    single : bool
        Whether there is exactly one row with each of the labels.

    Raises
    ------
    LayoutError
        If it has not.
    """
    import numpy as np

    if table.empty or not labels:
        if bool(labels) or not table.empty:
            raise LayoutError(f"expected {'some' if labels else 'no'} rows, found {len(table):,}")
        return
    names = [str(name) for name in table if name in labels[0]]
    if not names:
        return
    expected = _as_saved(labels, names)
    number = table.groupby(names, sort=False, dropna=False).ngroup().to_numpy()  # in the order of their first rows
    found = table[names].iloc[np.flatnonzero(np.diff(np.maximum.accumulate(number), prepend=-1))]
    if any(found[name].dtype.kind != expected[name].dtype.kind for name in names):
        raise LayoutError(f"{', '.join(names)}: not the values of the config")
    known = {row: at for at, row in enumerate(expected.itertuples(index=False, name=None))}
    places = [known.get(row, -1) for row in found.itertuples(index=False, name=None)]
    if -1 in places:
        raise LayoutError(f"the config has no {_named(found.iloc[places.index(-1) :])}")
    if len(found) < len(expected):
        raise LayoutError(f"there is no {_named(expected.drop(places))}")
    counts = np.bincount(number)
    if single and counts.max() > 1:
        raise LayoutError(f"there is more than one row of {_named(found[counts > 1])}")
    if grids is None or len(grids) > len(expected):  # 1 and true, swept together, are the same in a table
        return
    examples = np.split(table["example"].to_numpy()[np.argsort(number, kind="stable")], np.cumsum(counts)[:-1])
    for curve, (at, own) in enumerate(zip(places, examples, strict=True)):
        if not grids[at].agrees(own):
            raise LayoutError(f"not the examples that the config records, for {_named(found.iloc[curve:])}")


def _as_saved(labels: Sequence[Mapping[str, Any]], names: Sequence[str]) -> "pd.DataFrame":
    """Labels as columns of a table that was saved and read, each once."""
    import pandas as pd

    from fa_repro.results import tables

    frame = pd.DataFrame({name: tables.as_column([each[name] for each in labels]) for name in names})
    return tables.read_table(frame.to_csv(index=False).encode()).drop_duplicates(ignore_index=True)


def _named(rows: "pd.DataFrame") -> str:
    return ", ".join(f"{name} {value}" for name, value in rows.iloc[0].items())


def check_rectangles(name: str, table: "pd.DataFrame", by: Sequence[str], first: str, second: str) -> None:
    """Check that each part of the table `name` has a row for each pair of its values of two columns.

    Raises
    ------
    ValueError
        If it has not.
    """
    parts = table.groupby(list(by), sort=False, dropna=False)
    rows, pairs = parts.size(), parts[first].nunique() * parts[second].nunique()
    if table.duplicated([*by, first, second]).any() or (rows != pairs).any():
        raise LayoutError(f"{name}: expected each {first} with each {second} once")
