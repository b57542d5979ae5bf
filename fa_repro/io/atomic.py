"""Atomic writing of files: write under a temporary name, flush to disk, rename."""

import contextlib
import errno
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from fa_repro.errors import StorageError
from fa_repro.io import owner

PREFIX = ".tmp-"
_DAY = 86_400.0

_CANNOT_FLUSH = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""Errors of file systems that cannot flush; it is then left to the system."""

_CANNOT_FLUSH_FOLDERS = _CANNOT_FLUSH | {errno.EACCES, errno.EPERM, errno.EISDIR, errno.EBADF}
"""The same for folders, which some systems do not even open."""


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
        with _unless(_CANNOT_FLUSH):
            os.fsync(file.fileno())


def flush_directory(directory: Path) -> None:
    """Flush a directory's entries to the disk, where the system supports it."""
    if os.name != "posix":
        return
    with _unless(_CANNOT_FLUSH_FOLDERS):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _unless(numbers: Collection[int]) -> Iterator[None]:
    """Ignore errors of the system that have one of these numbers."""
    try:
        yield
    except OSError as error:
        if error.errno not in numbers:
            raise


def move(source: Path, target: Path) -> None:
    """Rename a file or folder; copy and remove it where the system cannot rename it.

    The overlay file systems of containers cannot rename a folder of a lower layer, and nothing can be renamed from one
    mount to another. In either case `target` is complete or missing at any time.
    """
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_and_remove(source, target)


def _copy_and_remove(source: Path, target: Path) -> None:
    remove_leftovers(target.parent)
    place = temporary_path(target.parent)
    place.mkdir()
    copy = place / target.name
    try:
        if source.is_dir():
            shutil.copytree(source, copy, copy_function=_copy_flushed)
            flush_directory(copy)
        else:
            _copy_flushed(source, copy)
        copy.rename(target)
        flush_directory(target.parent)
        _remove(source)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _copy_flushed(source: str | Path, target: str | Path) -> None:
    shutil.copyfile(source, target)
    with Path(target).open("rb") as file, _unless(_CANNOT_FLUSH):
        os.fsync(file.fileno())


def replace_together(
    directory: Path, files: Mapping[str, bytes | None], check: Callable[[], None] = lambda: None
) -> None:
    """Replace several files of a directory in the given order, all or none; files given as None are removed.

    All files are written and flushed under temporary names before the first is renamed. If a rename fails, the
    earlier ones are undone. Put the manifest last: after a crash between two renames it does not match the other
    files, so the set counts as missing. Other files of the directory are not touched. `check` is called right before
    the first rename; what it raises leaves the old files.

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
            if (directory / name).is_file():
                with storage_errors("write to", directory), contextlib.suppress(FileNotFoundError):  # removed meanwhile
                    aside = temporary_path(directory)
                    _link(directory / name, aside)
                    kept[name] = aside
        done: list[str] = []
        check()
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


def write_file(path: Path, data: bytes) -> None:
    """Write a file that the user names. A file is replaced at once; a device or pipe, such as /dev/stdout, is kept.

    Raises
    ------
    StorageError
        If it cannot be written; an old file is then unchanged.
    """
    if path.exists() and not path.is_file():
        with storage_errors("write", path):
            path.write_bytes(data)
    else:
        target = Path(os.path.realpath(path))  # a link is kept too
        replace_together(target.parent, {target.name: data})


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
