"""Atomic writing of files: write under a temporary name, flush to disk, rename."""

import contextlib
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from fa_repro.errors import StorageError
from fa_repro.io import owner

PREFIX = ".tmp-"
_DAY = 86_400.0


def sha256(data: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@contextlib.contextmanager
def storage_errors(action: str, path: Path) -> Iterator[None]:
    """Turn an OSError into a StorageError that names the path and the failed action."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"cannot {action} {path}: {error.strerror or error}") from error


def temporary_path(directory: Path, prefix: str = PREFIX) -> Path:
    """A path in `directory` that no other process uses; its name says which process it belongs to."""
    return directory / f"{prefix}{owner.this_process()}-{uuid.uuid4().hex}"


def write_flushed(path: Path, data: bytes) -> None:
    """Write a new file and flush it to the disk."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def flush_directory(directory: Path) -> None:
    """Flush a directory's entries to the disk, where the system supports it."""
    if os.name != "posix":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_together(directory: Path, files: Mapping[str, bytes | None]) -> None:
    """Replace several files of a directory in the given order, all or none; files given as None are removed.

    All files are written and flushed under temporary names before the first is renamed. If a rename fails, the
    earlier ones are undone. Put the manifest last: after a crash between two renames it does not match the other
    files, so the set counts as missing. Other files of the directory are not touched.

    Raises
    ------
    StorageError
        If anything cannot be written; the old files are then unchanged.
    """
    staged: dict[str, Path] = {}
    kept: dict[str, Path] = {}
    with storage_errors("write to", directory):
        directory.mkdir(parents=True, exist_ok=True)
        remove_leftovers(directory)
    try:
        for name, data in files.items():
            if data is None:
                continue
            with storage_errors("write", directory / name):
                staged[name] = temporary_path(directory)
                write_flushed(staged[name], data)
        for name in files:
            if (directory / name).exists():
                with storage_errors("write to", directory), contextlib.suppress(FileNotFoundError):  # removed meanwhile
                    aside = temporary_path(directory)
                    _link(directory / name, aside)
                    kept[name] = aside
        done: list[str] = []
        try:
            for name in files:
                with storage_errors("write" if name in staged else "remove", directory / name):
                    if name in staged:
                        staged[name].replace(directory / name)
                    else:
                        (directory / name).unlink(missing_ok=True)
                    done.append(name)
            with storage_errors("write to", directory):
                flush_directory(directory)
        except BaseException:
            for name in done:
                if name in kept:
                    kept[name].replace(directory / name)
                else:
                    (directory / name).unlink(missing_ok=True)
            raise
    finally:
        for path in (*staged.values(), *kept.values()):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def remove_leftovers(directory: Path, prefix: str = PREFIX, own: bool = False) -> None:
    """Remove temporary files and folders left behind by killed processes; `own`: only of this user, seen to be dead."""
    for path in directory.glob(f"{prefix}*"):
        ended = owner.has_ended(path.name.removeprefix(prefix).rpartition("-")[0])
        with contextlib.suppress(OSError):
            if own and (not ended or (hasattr(os, "getuid") and path.lstat().st_uid != os.getuid())):
                continue
            if ended or (ended is None and time.time() - path.stat().st_mtime > _DAY):
                _remove(path)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _link(source: Path, target: Path) -> None:
    """Hard-link a file, or copy it where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
