"""Types of what the manifest of a figure's results says, where other modules rely on it."""

import math
from collections.abc import Mapping
from typing import Any

from fa_repro.io.manifest import ManifestError

FIELDS: Mapping[str, Any] = {
    "name": str,
    "figure": str,
    "seed": int,
    "options": [str],
    "command": str,
    "repeat": [str],
    "config_hash": str,
    "config_name": str,
    "differs": {str: list},
    "mixed": {str: [str]},
    "numerics": int,
    "sources": {str: str},
    "source_files": {str: str},
    "runs": int,
    "studies": int,
    "diverged": [dict],
    "failed": [dict],
    "seconds": {str: float},
    "versions": dict,
    "source": dict,
    "machine": dict,
    "made": str,
    "remarks": [str],
}
"""Type of each field; `[type]` is a list of such, `{str: type}` a mapping to such. All may be missing."""

NOUNS = {str: "text", int: "a whole number", float: "a number", dict: "a mapping", list: "a list"}


def check_fields(manifest: Mapping[str, Any]) -> None:
    """Check the fields of a manifest; unknown ones may have any value.

    Raises
    ------
    ManifestError
        If one has another type.
    """
    for name, kind in FIELDS.items():
        if name in manifest and not _fits(manifest[name], kind):
            found = str(manifest[name])[:60]
            raise ManifestError(f"manifest.json: {name}: expected {_described(kind)}, found {found!r}")


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, list):
        return isinstance(value, list) and all(_fits(each, kind[0]) for each in value)
    if isinstance(kind, dict):
        return isinstance(value, dict) and all(_fits(each, kind[str]) for each in value.values())
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    return type(value) is kind


def _described(kind: Any) -> str:
    if isinstance(kind, list):
        return f"a list, each item {NOUNS[kind[0]]}"
    return f"a mapping, each value {_described(kind[str])}" if isinstance(kind, dict) else NOUNS[kind]
