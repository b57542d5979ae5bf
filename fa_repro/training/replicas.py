"""Stacking the settings of several replicas into one settings object."""

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")


def stack(items: Sequence[T], dtype: npt.DTypeLike) -> T:
    """One settings object for several replicas.

    Numbers that differ between the items become arrays of shape `(R, 1, 1)`, which broadcast over weights and
    activity; everything else must be equal and stays as it is.

    Parameters
    ----------
    items : sequence of R equal-typed dataclasses, tuples, numbers or other values

    Raises
    ------
    ValueError
        If something other than a floating-point number differs.
    """
    first = items[0]
    if all(item == first for item in items):
        return first
    if isinstance(first, float):
        return np.array(items, dtype=dtype)[:, None, None]  # type: ignore[return-value]
    if isinstance(first, tuple):
        columns = zip(*items, strict=True)
        return tuple(stack(column, dtype) for column in columns)  # type: ignore[return-value]
    if dataclasses.is_dataclass(first) and not isinstance(first, type):
        names = [field.name for field in dataclasses.fields(first)]
        return dataclasses.replace(first, **{n: stack([getattr(i, n) for i in items], dtype) for n in names})
    raise ValueError(f"replicas trained together differ in {first!r} and {items[-1]!r}")


def shape_of(item: Any) -> Any:
    """`item` without the values of floating-point numbers: equal for items that `stack` can combine."""
    if isinstance(item, float):
        return float
    if isinstance(item, tuple):
        return tuple(shape_of(part) for part in item)
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        return (type(item), *(shape_of(getattr(item, field.name)) for field in dataclasses.fields(item)))
    return item
