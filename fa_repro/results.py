"""Results of a figure on disk: tables, picture, config, and the manifest that vouches for them."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fa_repro import files, yaml12
from fa_repro.errors import StorageError
from fa_repro.manifests import SCHEMA, NotValidError, read_manifest, verified

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Saved:
    """Results as they were saved."""

    tables: "dict[str, pd.DataFrame]"
    """By name; the main one is named like the folder."""
    config: Mapping[str, Any]
    manifest: Mapping[str, Any]


def save(
    directory: Path,
    tables: "Mapping[str, pd.DataFrame]",
    picture: bytes,
    config: Mapping[str, Any],
    about: Mapping[str, Any],
) -> None:
    """Write the results of a figure, the manifest last.

    Parameters
    ----------
    directory : Path
        `results/NAME`; the picture becomes `NAME.png`, the tables `TABLE.csv`.
    tables : mapping of str to DataFrame
    picture : bytes
        The PNG.
    config : mapping
        The resolved config.
    about : mapping
        What else the manifest says.

    Raises
    ------
    StorageError
        If anything cannot be written; the old results are then as they were.
    """
    contents = {f"{name}.csv": _csv(table) for name, table in tables.items()}
    contents[f"{directory.name}.png"] = picture
    contents["config.yaml"] = yaml12.dump(dict(config)).encode()
    _write(directory, contents, about)


def save_picture(directory: Path, picture: bytes) -> None:
    """Replace the picture of saved results."""
    manifest, contents = _verified(directory)
    contents[f"{directory.name}.png"] = picture
    _write(directory, contents, {key: value for key, value in manifest.items() if key not in ("schema", "files")})


def load(directory: Path) -> Saved:
    """Read saved results.

    Raises
    ------
    StorageError
        If there are none, or they are not what their manifest says.
    """
    import pandas as pd

    manifest, contents = _verified(directory)
    tables = {
        name.removesuffix(".csv"): pd.read_csv(io.BytesIO(data))
        for name, data in contents.items()
        if name.endswith(".csv")
    }
    config = yaml12.load(contents["config.yaml"], str(directory / "config.yaml")).data
    return Saved(tables, config, manifest)


def state(directory: Path, config_hash: str) -> str:
    """One line on the results in a folder, for a person; reads the manifest alone.

    Parameters
    ----------
    directory : Path
    config_hash : str
        `config_hash` of the config as it stands now.
    """
    try:
        manifest = read_manifest(directory)
    except NotValidError as error:
        return "not run" if not directory.exists() else f"not valid: {error}"
    except StorageError as error:
        return f"not readable: {error}"
    for name, promise in manifest["files"].items():
        path = directory / name
        if not path.is_file() or path.stat().st_size != promise.get("bytes"):
            return f"not valid: {name} is not what its manifest says"
    words = []
    if manifest.get("failed"):
        words.append(f"failed ({len(manifest['failed'])} runs)")
    if manifest.get("diverged"):
        words.append(f"diverged ({len(manifest['diverged'])} runs)")
    if manifest.get("config_hash") != config_hash:
        words.append("stale: the config has changed since")
    if manifest.get("options"):
        words.append(f"made with {' '.join(manifest['options'])}")
    return ", ".join(words) or "done"


def config_hash(data: Any) -> str:
    """Hash of a config as it was read: the same whatever its comments, key order and white space."""
    return files.sha256(json.dumps(data, sort_keys=True).encode())


def _verified(directory: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    try:
        manifest = read_manifest(directory)
        return manifest, verified(directory, manifest)
    except NotValidError as error:
        missing = f"there are no results in {directory}" if not directory.exists() else f"{directory}: {error}"
        raise StorageError(f"{missing}. Run: fa-repro run {directory.name}") from None


def _write(directory: Path, contents: Mapping[str, bytes], about: Mapping[str, Any]) -> None:
    listed = {name: {"sha256": files.sha256(data), "bytes": len(data)} for name, data in contents.items()}
    manifest = {"schema": SCHEMA, **about, "files": listed}
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    files.replace_together(directory, {**contents, "manifest.json": text.encode()})


def _csv(table: "pd.DataFrame") -> bytes:
    return table.to_csv(index=False, lineterminator="\n").encode()
