"""The four IDX files of MNIST: what they must be, how they are read, and words for what is wrong with them.

An IDX file is a header of four-byte big-endian numbers, the magic number (0x00000800 + the number of dimensions) and
the length of each dimension, and then one byte a value.
"""

import gzip
import hashlib
import io
import mmap
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from fa_repro.datasets import checksums

Buffer: TypeAlias = bytes | mmap.mmap

_GZIP = b"\x1f\x8b"


class UnusableError(Exception):
    """A source does not give the data; the message says why, in one line."""


class MissingError(UnusableError):
    """A folder does not have a file."""


def gunzip(data: bytes, limit: int, name: str) -> bytes:
    """Unpack gzip, never to more than `limit` bytes.

    Raises
    ------
    UnusableError
        If it is truncated, damaged, or holds more.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            unpacked = stream.read(limit + 1)
    except EOFError:
        raise UnusableError(f"{name}: truncated, its gzip ends after {len(data):,} bytes") from None
    except (OSError, zlib.error) as error:
        raise UnusableError(f"{name}: damaged gzip ({error})") from None
    if len(unpacked) > limit:
        raise UnusableError(f"{name}: unpacks to more than the {limit:,} bytes it may hold")
    return unpacked


def unpacked(data: Buffer, name: str) -> Buffer:
    """A file's bytes, which may be gzip or plain, whatever it was called."""
    return gunzip(data[:], checksums.FILES[name].size, name) if data[:2] == _GZIP else data


def check_contents(contents: Mapping[str, Buffer]) -> None:
    """Hold decoded files to what they must be.

    Raises
    ------
    UnusableError
        Naming the file and the difference; the likelier mistakes have words of their own, SHA-256 has the last one.
    """
    for name in checksums.FILES:
        if name not in contents:
            raise MissingError(f"{name} is missing")
        check_start(name, contents[name])
    names = list(checksums.FILES)
    for images, labels in zip(names[::2], names[1::2], strict=True):
        found = [int.from_bytes(contents[name][4:8], "big") for name in (images, labels)]
        if found[0] != found[1]:
            raise UnusableError(f"{images} has {found[0]:,} images, {labels} has {found[1]:,} labels")
    for name in checksums.FILES:
        check_content(name, contents[name])


def check_start(name: str, data: Buffer) -> None:
    """Hold one decoded file to its magic number.

    Raises
    ------
    UnusableError
        If it has another.
    """
    if data[:512].lstrip().startswith(b"<"):
        raise UnusableError(f"{name}: a web page (HTML) in place of the file")
    found, magic = data[:4], checksums.FILES[name].header[:4]
    if len(found) < 4:
        raise UnusableError(f"{name}: {len(data)} bytes, too short for a header")
    if found != magic:
        raise UnusableError(f"{name}: wrong magic number 0x{found.hex()}, expected 0x{magic.hex()}")


def check_content(name: str, data: Buffer) -> None:
    """Hold one decoded file to its dimensions, length and SHA-256.

    Raises
    ------
    UnusableError
        If it differs.
    """
    expected = checksums.FILES[name]
    found = data[: len(expected.header)]
    if found != expected.header:
        dimensions = [int.from_bytes(found[i : i + 4], "big") for i in range(4, len(found), 4)]
        shapes = [" x ".join(f"{n:,}" for n in shape) for shape in (dimensions, expected.shape)]
        raise UnusableError(f"{name}: its header says {shapes[0]} values, expected {shapes[1]}")
    if len(data) != expected.size:
        raise UnusableError(f"{name}: {len(data):,} bytes, expected {expected.size:,}")
    hashed = hashlib.sha256(data).hexdigest()
    if hashed != expected.sha256:
        raise UnusableError(f"{name}: wrong content, SHA-256 {hashed[:12]}..., expected {expected.sha256[:12]}...")


def spellings(name: str) -> list[str]:
    """The names that a file goes by: with a dash or a dot before `idx`, plain or as gzip."""
    return [spelling + end for end in ("", ".gz") for spelling in (name, name.replace("-idx", ".idx"))]


def find_file(folder: Path, name: str) -> Path:
    """The path of a file in a folder, under any of its spellings.

    Raises
    ------
    MissingError
        If it is not there.
    """
    for spelling in spellings(name):
        if (path := folder / spelling).is_file():
            return path
    if not folder.is_dir():
        raise MissingError("not a folder" if folder.exists() else "no such folder")
    raise MissingError(f"{name} is missing")


def read_file(folder: Path, name: str) -> Buffer:
    """A file of a folder, decoded, not yet checked; mapped into memory if it is plain, unpacked if it is gzip.

    Raises
    ------
    UnusableError
        If it is missing, too large, cannot be read or unpacked.
    """
    try:
        path = find_file(folder, name)
        with path.open("rb") as file:
            size, most = os.fstat(file.fileno()).st_size, checksums.FILES[name].most_compressed
            if size > most:
                raise UnusableError(f"{path.name}: {size:,} bytes, it may have {most:,}")
            return unpacked(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), name) if size else b""
    except OSError as error:
        raise UnusableError(f"{name} cannot be read: {error.strerror or error}") from None


def read_folder(folder: Path) -> dict[str, Buffer]:
    """The four files of a folder, decoded and checked.

    Processes share what is mapped, and what was checked is what they get, also if the file is replaced meanwhile.

    Raises
    ------
    UnusableError
        If one is missing, cannot be read, or is not what it must be.
    """
    try:
        if not folder.is_dir():
            raise MissingError("not a folder" if folder.exists() else "no such folder")
    except OSError as error:
        raise UnusableError(f"cannot be read: {error.strerror or error}") from None
    contents = {name: read_file(folder, name) for name in checksums.FILES}
    check_contents(contents)
    return contents
