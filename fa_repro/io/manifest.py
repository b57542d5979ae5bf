"""Manifests: lists of the files in a results folder with their checksums, written last."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fa_repro.errors import StorageError
from fa_repro.io.atomic import sha256

SCHEMA = 1
"""Version of the format; increased when the meaning of a manifest changes."""


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
        manifest = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise ManifestError("no manifest.json") from None
    except (ValueError, RecursionError):
        raise ManifestError("manifest.json is not JSON") from None
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
    return isinstance(files, dict) and all(
        Path(name).name == name
        and "\0" not in name
        and isinstance(promise, dict)
        and {"sha256", "bytes"} <= promise.keys()
        for name, promise in files.items()
    )


def read_verified(directory: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """Contents of all files that a manifest lists.

    Raises
    ------
    ManifestError
        If a file is missing, or its SHA-256 differs from that in the manifest.
    StorageError
        If a file cannot be read.
    """
    contents = {}
    for name, promise in manifest["files"].items():
        path = directory / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ManifestError(f"{name} is missing") from None
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror}") from error
        if sha256(data) != promise["sha256"]:
            raise ManifestError(f"{name} does not match its manifest")
        contents[name] = data
    return contents
