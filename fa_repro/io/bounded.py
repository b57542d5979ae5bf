"""Bounded reading: regular files only, of limited size, and JSON of limited size and depth."""

import errno
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

MOST_JSON = 32_000_000
"""Largest number of bytes of a JSON document."""

MOST_VALUES = 1_500_000
"""Largest number of values in a JSON document: each may take 30 times as much memory as it has bytes."""

MAX_DEPTH = 50
"""Largest depth of a JSON document, more than that of a YAML document."""

_CHUNK = 1 << 20

_NO_WRITER, _SILENT_WRITER = 0.5, 10.0
"""Seconds for which a pipe is waited for, without a writer and with one."""

_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFDIR: "a folder"}


class UnfitError(OSError):
    """What is at a path is not a regular file."""

    def __init__(self, problem: str, path: Path) -> None:
        super().__init__(errno.EINVAL, problem, str(path))


class TooLargeError(UnfitError):
    """A file is too large to be what is expected there."""


def read_file(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes. Never waits, as opening a pipe does.

    Raises
    ------
    UnfitError
        If it is not a regular file, or a TooLargeError if it is larger, or grows while it is read.
    OSError
        If it cannot be read.
    """
    with _opened(path, most) as (file, size):
        data = file.read(size + 1) or b""
        _check_end(size + 1 - len(data), path)
        return data


def read_pipe(path: Path, most: int) -> bytes:
    """All that comes through a pipe that the user names, at most `most` bytes.

    Raises
    ------
    UnfitError
        If nothing writes to it, or a TooLargeError if more comes.
    OSError
        If it cannot be read.
    """
    with open(path, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as pipe:
        data, waited, deadline = b"", False, time.monotonic() + _NO_WRITER
        while True:
            chunk = pipe.read(_CHUNK)  # empty without a writer, None if it has not written yet
            if chunk:
                data += chunk
                if len(data) > most:
                    raise TooLargeError(f"expected at most {most:,} bytes, found more", path)
            if chunk == b"" and data:
                return data
            if chunk:
                deadline = time.monotonic() + _SILENT_WRITER
            elif chunk is None and not waited:
                waited, deadline = True, time.monotonic() + _SILENT_WRITER
            if time.monotonic() > deadline:
                raise UnfitError("expected a regular file, found a pipe to which nothing is written", path)
            if not chunk:
                time.sleep(0.01)


def hash_file(path: Path, most: int) -> str:
    """SHA-256 of a regular file of at most `most` bytes, in hexadecimal; raises as `read_file` does."""
    with _opened(path, most) as (file, size):
        digest, left = hashlib.sha256(), size + 1
        while left and (data := file.read(min(left, _CHUNK))):
            digest.update(data)
            left -= len(data)
        _check_end(left, path)
        return digest.hexdigest()


def parse_json(data: bytes) -> Any:
    """Decode JSON of limited size and depth.

    Raises
    ------
    ValueError
        If it is not JSON, too large or too deeply nested.
    """
    if len(data) > MOST_JSON or sum(map(data.count, (b",", b"[", b"{", b":"))) > MOST_VALUES:
        raise ValueError("too large for JSON")
    try:
        found = json.loads(data, parse_constant=_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    level = [found]
    for _ in range(MAX_DEPTH):
        level = [inner for each in level for inner in _parts(each) if isinstance(inner, dict | list)]
        if not level:
            return found
    raise ValueError("nested too deeply")


@contextmanager
def _opened(path: Path, most: int) -> Iterator[tuple[BinaryIO, int]]:
    """A regular file, opened for reading, and its size."""
    _check(path.stat(), path, most)  # opening a device may change its state
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0))) as file:
        about = os.fstat(file.fileno())
        _check(about, path, most)
        yield file, about.st_size


def _check_end(left: int, path: Path) -> None:
    if left == 0:
        raise TooLargeError("expected the size that it has, but it grows while it is read", path)


def _check(about: os.stat_result, path: Path, most: int) -> None:
    if not stat.S_ISREG(about.st_mode):
        kind = _KINDS.get(stat.S_IFMT(about.st_mode), "something else")
        raise UnfitError(f"expected a regular file, found {kind}", path)
    if about.st_size > most:
        raise TooLargeError(f"expected at most {most:,} bytes, found {about.st_size:,}", path)


def _parts(value: Any) -> Any:
    return value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()


def _constant(word: str) -> float:
    if word == "NaN":  # it differs from itself
        raise ValueError("NaN is not JSON")
    return float(word)
