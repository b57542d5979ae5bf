"""Manifests: lists of the files in a results folder with their checksums, written last."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fa_repro.errors import StorageError
from fa_repro.io import bounded
from fa_repro.io.atomic import sha256

SCHEMA = 1
"""Version of the format; increased when the meaning of a manifest changes."""

MOST_BYTES = 2**30
"""Largest size of a file that a manifest lists."""

MOST_FILES = 1000
"""Largest number of files in a manifest."""

_NO_FILES = ("..", "damaged", "manifest.json")
"""Names that no listed file has: folders, and the manifest itself."""

_DIGEST = re.compile("[0-9a-f]{64}")


class ManifestError(Exception):
    """A folder has no valid manifest or does not match it; the message says why."""


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest of a folder.

    Raises
    ------
    ManifestError
        If there is none, or it is not valid.
    StorageError
        If it was written by a newer version, or cannot be read.
    """
    path = directory / "manifest.json"
    try:
        manifest = bounded.parse_json(bounded.read_file(path, bounded.MOST_JSON))
    except (FileNotFoundError, NotADirectoryError):
        raise ManifestError("no manifest.json") from None
    except bounded.UnfitError as error:
        raise ManifestError(f"manifest.json: {error.strerror}") from None
    except ValueError as error:
        raise ManifestError(f"manifest.json is not valid JSON: {error}") from None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if type(schema) is int and schema > SCHEMA:
        text = f"{path} was written by a newer fa_repro (schema {schema}, this version reads up to {SCHEMA})."
        raise StorageError(f"{text} Update fa_repro, or use another --results folder.")
    if type(schema) is not int or not _lists_files(manifest.get("files")):
        raise ManifestError("manifest.json has no valid schema or list of files")
    return manifest


def _lists_files(files: Any) -> bool:
    return (
        isinstance(files, dict)
        and len(files) <= MOST_FILES
        and all(
            Path(name).name == name
            and name.casefold() not in _NO_FILES
            and name.isprintable()
            and len(name.encode()) < 256  # what file systems allow
            and isinstance(promise, dict)
            and _DIGEST.fullmatch(str(promise.get("sha256")))
            and type(promise.get("bytes")) is int
            for name, promise in files.items()
        )
    )


def read_verified(
    directory: Path, manifest: Mapping[str, Any], names: Collection[str] | None = None, most: int = MOST_BYTES
) -> dict[str, bytes]:
    """Contents of the files that a manifest lists: of all, or of those in `names`, each of at most `most` bytes.

    Raises
    ------
    ManifestError
        If a file is missing or no regular file, or its size or SHA-256 differs from that in the manifest.
    StorageError
        If a file cannot be read.
    """
    contents = {}
    for name, promise in _promises(manifest, names):
        with _reading(directory / name):
            contents[name] = bounded.read_file(directory / name, _limit(name, promise, most))
        if sha256(contents[name]) != promise["sha256"]:
            raise _mismatch(name)
    return contents


def verify(directory: Path, manifest: Mapping[str, Any], names: Collection[str] | None = None) -> None:
    """Verify files as `read_verified` does, without keeping their contents."""
    for name, promise in _promises(manifest, names):
        with _reading(directory / name):
            digest = bounded.hash_file(directory / name, _limit(name, promise, MOST_BYTES))
        if digest != promise["sha256"]:
            raise _mismatch(name)


def _promises(manifest: Mapping[str, Any], names: Collection[str] | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    files = manifest["files"]
    return ((name, files[name]) for name in (files if names is None else names))


def _limit(name: str, promise: Mapping[str, Any], most: int) -> int:
    """The size of a file in the manifest, which must be at most `most`."""
    size: int = promise.get("bytes", most)
    if size > most:
        raise ManifestError(f"{name}: expected at most {most:,} bytes, the manifest has {size:,}")
    return size


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn an OSError into a ManifestError if what is there must be put aside, and into a StorageError otherwise."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise ManifestError(f"{path.name} is missing") from None
    except bounded.TooLargeError:
        raise _mismatch(path.name) from None
    except bounded.UnfitError as error:
        raise ManifestError(f"{path.name}: {error.strerror}") from None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error


def _mismatch(name: str) -> ManifestError:
    return ManifestError(f"{name} does not match its manifest")
