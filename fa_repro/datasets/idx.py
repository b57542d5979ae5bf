"""Reading and verification of the four IDX files of MNIST.

An IDX file starts with a header of four-byte big-endian numbers: the magic number (0x00000800 + the number of
dimensions) and the length of each dimension. One byte per value follows.
"""

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Mapping
from pathlib import Path

from fa_repro.datasets import checksums

_GZIP = b"\x1f\x8b"


class UnusableError(Exception):
    """A source does not provide valid data; the message says why, in one line."""


class MissingError(UnusableError):
    """A file or a folder is missing."""


def gunzip(data: bytes, limit: int, name: str) -> bytes:
    """Decompress gzip data to at most `limit` bytes.

    Raises
    ------
    UnusableError
        If the data is truncated or damaged, or decompresses to more than that.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            unpacked = stream.read(limit + 1)
    except EOFError:
        raise UnusableError(f"{name}: truncated, the gzip data ends after {len(data):,} bytes") from None
    except (OSError, zlib.error) as error:
        raise UnusableError(f"{name}: damaged gzip ({error})") from None
    if len(unpacked) > limit:
        raise UnusableError(f"{name}: decompresses to more than the limit of {limit:,} bytes")
    return unpacked


def unpacked(data: bytes, name: str) -> bytes:
    """The content of a file, decompressed if it is gzip, whatever its name."""
    return gunzip(data, checksums.FILES[name].size, name) if data[:2] == _GZIP else data


def check_contents(contents: Mapping[str, bytes]) -> None:
    """Verify decoded files.

    Raises
    ------
    UnusableError
        If a file is not as expected. The message names the file and the difference; the SHA-256 is compared last, so
        that common mistakes have a message of their own.
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


def check_start(name: str, data: bytes) -> None:
    """Verify the magic number of a decoded file.

    Raises
    ------
    UnusableError
        If it is not as expected.
    """
    if data[:512].lstrip().startswith(b"<"):
        raise UnusableError(f"{name}: a web page (HTML) instead of the file")
    found, magic = data[:4], checksums.FILES[name].header[:4]
    if len(found) < 4:
        raise UnusableError(f"{name}: {len(data)} bytes, too short for a header")
    if found != magic:
        raise UnusableError(f"{name}: wrong magic number 0x{found.hex()}, expected 0x{magic.hex()}")


def check_content(name: str, data: bytes) -> None:
    """Verify the dimensions, the length and the SHA-256 of a decoded file.

    Raises
    ------
    UnusableError
        If any of them is not as expected.
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
    """Names that a file may have: with a dash or a dot before `idx`, plain or as gzip."""
    return [spelling + end for end in ("", ".gz") for spelling in (name, name.replace("-idx", ".idx"))]


def find_file(folder: Path, name: str) -> Path:
    """The path of a file in a folder, under any of its spellings.

    Raises
    ------
    MissingError
        If it is missing.
    """
    for spelling in spellings(name):
        if (path := folder / spelling).is_file():
            return path
    if not folder.is_dir():
        raise MissingError("not a folder" if folder.exists() else "no such folder")
    raise MissingError(f"{name} is missing")


def read_file(folder: Path, name: str) -> bytes:
    """Read and decode a file of a folder, without verifying it; gzip is decompressed.

    Raises
    ------
    UnusableError
        If it is missing or too large, or cannot be read or decompressed.
    """
    try:
        path, most = find_file(folder, name), checksums.FILES[name].most_compressed
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = b"" if size > most else file.read(most + 1)
        if (found := max(size, len(data))) > most:
            raise UnusableError(f"{path.name}: {found:,} bytes, expected at most {most:,}")
        return unpacked(data, name)
    except OSError as error:
        raise UnusableError(f"{name} cannot be read: {error.strerror or error}") from None


def read_folder(folder: Path) -> dict[str, bytes]:
    """Read, decode and verify the four files of a folder.

    What is returned is a copy in memory, so it stays as it was verified, whatever happens to the files afterwards.

    Raises
    ------
    UnusableError
        If a file is missing, cannot be read, or is not as expected.
    """
    try:
        if not folder.is_dir():
            raise MissingError("not a folder" if folder.exists() else "no such folder")
    except OSError as error:
        raise UnusableError(f"cannot be read: {error.strerror or error}") from None
    contents = {name: read_file(folder, name) for name in checksums.FILES}
    check_contents(contents)
    return contents
