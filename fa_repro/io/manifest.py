"""Manifests: written last, they say what a folder of results must hold."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fa_repro.errors import StorageError
from fa_repro.io.atomic import sha256

SCHEMA = 1
"""Raised when the meaning of a manifest changes."""


class ManifestError(Exception):
    """A folder is not what a manifest promises; the message says how."""


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest of a folder.

    Raises
    ------
    ManifestError
        If there is none, or it is not one of ours.
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
        text = f"{path} was written by a newer fa_repro (schema {schema}, this one knows {SCHEMA})."
        raise StorageError(f"{text} Update fa_repro, or use another --results folder.")
    if type(schema) is not int or not _lists_files(manifest.get("files")):
        raise ManifestError("manifest.json lacks its schema or its files")
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
    """Contents of all files that a manifest names.

    Raises
    ------
    ManifestError
        If one is missing, or its SHA-256 is not the manifest's.
    StorageError
        If one cannot be read.
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
            raise ManifestError(f"{name} is not what its manifest says")
        contents[name] = data
    return contents
