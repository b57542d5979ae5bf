"""Records of trained runs: NumPy archives, checked against the settings of the run."""

import io
import itertools
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from fa_repro.training.recorder import grid
from fa_repro.training.runs import Outcome, Run, Setup
from fa_repro.typing import Array

HEADER = 256
"""Bytes that an array's header and its entry in the archive may take."""

FURTHER = 64_000_000
"""Largest size in bytes of all arrays that a task adds, such as its target."""


class RecordError(ValueError):
    """A record is not one of its run; the message says how."""


def encode_record(outcome: Outcome) -> bytes:
    """The outcome of a run as bytes."""
    buffer = io.BytesIO()
    named = {f"column/{name}": array for name, array in outcome.columns.items()}
    named |= {f"array/{name}": array for name, array in outcome.arrays.items()}
    named["run/diverged_at"] = np.array(-1 if outcome.diverged_at is None else outcome.diverged_at)
    np.savez(buffer, allow_pickle=False, **named)
    return buffer.getvalue()


def largest_record(run: Run) -> int:
    """Upper bound of the size of a run's record, in bytes."""
    setup = run.condition.setup
    columns = 1 + len(setup.record.probes)
    points = setup.examples if setup.record.grid in ("every", "epochs") else setup.record.points
    weights = sum(math.prod(shape) for shape in _weights(setup).values()) if setup.record.weights else 0
    return FURTHER + 8 * ((points + 99) * columns + weights) + 4 * HEADER * (columns + 2 * len(setup.network.hidden))


def decode_record(data: bytes, run: Run, diverged_at: int | None) -> Outcome:
    """The outcome of a run.

    Parameters
    ----------
    data : bytes
    run : Run
        The run whose record it must be.
    diverged_at : int, optional
        Where the run diverged according to its manifest.

    Raises
    ------
    RecordError
        If it is damaged, or not a record of this run.
    """
    setup, named = run.condition.setup, _arrays(data)
    columns = {name.removeprefix("column/"): named.pop(name) for name in list(named) if name.startswith("column/")}
    arrays = {name.removeprefix("array/"): named.pop(name) for name in list(named) if name.startswith("array/")}
    at = named.pop("run/diverged_at", None)
    if (
        named
        or at is None
        or at.shape != ()
        or at.dtype.kind != "i"
        or int(at) != (-1 if diverged_at is None else diverged_at)
    ):
        raise RecordError("it does not say where the run diverged, or not what the manifest says")
    _check_columns(columns, setup)
    _check_arrays(arrays, setup, diverged_at is not None)
    return Outcome(columns, arrays, diverged_at)


def _arrays(data: bytes) -> dict[str, Array]:
    """The arrays of an archive as NumPy writes it: not compressed, so none is larger than the archive."""
    found = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if member.compress_type != zipfile.ZIP_STORED or member.file_size > len(data):
                    raise RecordError("its arrays are compressed")
                if member.filename in found:
                    raise RecordError(f"{member.filename} is there twice")
                found[member.filename] = _array(archive.read(member))
    except RecordError:
        raise
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise RecordError(f"not an archive: {error}") from None
    return {name.removesuffix(".npy"): array for name, array in found.items()}


def _array(data: bytes) -> Array:
    """Decode an array whose header agrees with its size."""
    file = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(file) != (1, 0):
            raise RecordError("an array is of another version")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        if dtype.kind not in "biuf" or math.prod(shape) * dtype.itemsize != len(data) - file.tell():
            raise RecordError("an array is not as large as it says, or has no numbers")
        flat = np.frombuffer(data, dtype, offset=file.tell()).copy()
        return flat.reshape(shape, order="F" if fortran else "C")
    except (ValueError, TypeError, RecursionError, MemoryError, SyntaxError) as error:
        raise RecordError(f"not an array: {str(error)[:80]}") from None


def _check_columns(columns: Mapping[str, Array], setup: Setup) -> None:
    if columns.keys() != {"example", *setup.record.probes}:
        raise RecordError(f"it has the columns {', '.join(columns)}")
    examples = _grid(setup)
    if columns["example"].dtype.kind != "i" or not np.array_equal(columns["example"], examples):
        raise RecordError("it has other examples than its run records")
    for name, values in columns.items():
        if values.shape != examples.shape or (name != "example" and values.dtype != np.float64):
            raise RecordError(f"{name}: expected {len(examples)} numbers")


def _grid(setup: Setup) -> Array:
    return _known_grid(setup.record, setup.examples, setup.training.batch_size, setup.task.epoch)


_known_grid = lru_cache(maxsize=8)(grid)


def _check_arrays(arrays: Mapping[str, Array], setup: Setup, diverged: bool) -> None:
    expected = _weights(setup) if setup.record.weights and not diverged else {}
    further = arrays.keys() - expected.keys()
    if expected.keys() - arrays.keys() or (further and not expected):
        raise RecordError("it has not the weights that its run records")
    for name, shape in expected.items():
        if arrays[name].shape != shape or arrays[name].dtype != setup.training.dtype:
            raise RecordError(f"{name}: expected an array of shape {shape}, found {arrays[name].shape}")
    if "target" in further and not np.isfinite(arrays["target"]).all():
        raise RecordError("the target is not finite")


def _weights(setup: Setup) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights and biases."""
    inputs, outputs = setup.task.sizes
    sizes = (inputs, *setup.network.hidden, outputs)
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (below, units) in enumerate(itertools.pairwise(sizes)):
        shapes[f"weights_{layer}"] = (units, below)
        if setup.network.bias:
            shapes[f"biases_{layer}"] = (units,)
    return shapes
