"""Results of a figure on disk: tables, picture, config, and the manifest with their checksums."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fa_repro.errors import ConfigError, StorageError
from fa_repro.io import atomic, bounded, yaml
from fa_repro.io.manifest import SCHEMA, ManifestError, read_manifest, read_verified, verify
from fa_repro.results import paths, picture_formats
from fa_repro.results.figure_results import FigureResults
from fa_repro.results.remedies import renamed, way_out

if TYPE_CHECKING:
    import pandas as pd

    from fa_repro.results.layout import TableLayout

log = logging.getLogger(__name__)

ATTEMPTS = 5
"""Maximum number of times that files are written or read again because another command writes to the same folder."""


class Expected(Protocol):
    """What saved results must look like: the layouts of tables by name, and a check that raises ValueError."""

    @property
    def config(self) -> Mapping[str, Any]: ...

    @property
    def tables(self) -> "Mapping[str, TableLayout]": ...

    def check(self, results: FigureResults) -> None: ...


Expect = Callable[[yaml.Document, Mapping[str, Any]], Expected]


class ChangedError(Exception):
    """The results in a folder are no longer those that were loaded."""


def prepare(directory: Path) -> None:
    """Check the contents of a folder before results are saved to it.

    A file that does not match its manifest is moved aside to `damaged/`, with a warning.

    Raises
    ------
    StorageError
        If the results there were written by a newer version, and would be lost, or the folder is a link.
    """
    if directory.is_symlink():
        text = "is a link, and files elsewhere would be replaced. Remove the link, or use another --results folder"
        raise StorageError(f"{directory} {text}")
    try:
        manifest = read_manifest(directory)
    except ManifestError as error:
        _put_aside(directory, "manifest.json", error)
        return
    for name in manifest["files"]:
        try:
            verify(directory, manifest, [name])
        except ManifestError as error:
            _put_aside(directory, name, error)


def _put_aside(directory: Path, name: str, reason: ManifestError) -> None:
    path, aside = directory / name, paths.damaged_file(directory, name)
    if path.exists():
        with atomic.storage_errors("move aside", path):
            aside.parent.mkdir(exist_ok=True)
            atomic.move(path, aside)
        log.warning("%s: %s; moved aside to %s", directory, reason, aside)


def save(directory: Path, saved: FigureResults, pictures: Mapping[str, bytes]) -> None:
    """Write the results of a figure to `results/NAME`, the manifest last; `pictures` maps formats to contents.

    Earlier pictures in other formats are removed, as they would show other results.

    Raises
    ------
    StorageError
        If anything cannot be written; the old results are then unchanged.
    """
    name = directory.name
    contents = {f"{name}.csv": _csv(saved.table)}
    contents |= {f"{name}_{extra}.csv": _csv(table) for extra, table in saved.extra.items()}
    contents |= {f"{name}.{format_}": picture for format_, picture in pictures.items()}
    contents["config.yaml"] = yaml.dump(dict(saved.config)).encode()
    _write(directory, contents, saved.manifest)


def save_pictures(directory: Path, manifest: Mapping[str, Any], pictures: Mapping[str, bytes]) -> None:
    """Replace the pictures of saved results, given by format; those in other formats are removed.

    `manifest` is that of the results that were drawn.

    Raises
    ------
    ChangedError
        If the folder has other results by now; these are then unchanged.
    StorageError
        If anything cannot be written.
    """

    def check() -> None:
        if _replaced(directory, manifest):
            raise ChangedError(f"{directory}: the results were replaced while they were drawn")

    check()
    kept = [name for name in manifest["files"] if name not in _pictures(directory)]
    try:
        contents = read_verified(directory, manifest, kept)
    except ManifestError as error:
        raise ChangedError(f"{directory}: {error}") from None
    contents |= {f"{directory.name}.{format_}": picture for format_, picture in pictures.items()}
    about = {key: value for key, value in manifest.items() if key not in ("schema", "files")}
    _write(directory, contents, about, check)


def load(
    directory: Path, name: str | None = None, expect: Expect | None = None, attempts: int = ATTEMPTS
) -> FigureResults:
    """Read saved results.

    Parameters
    ----------
    directory : Path
    name : str, optional
        Their name in messages, if it differs from that of the folder.
    expect : callable, optional
        `expect(config, manifest)` returns what they must look like; raises ManifestError if the two do not agree.
    attempts : int
        Maximum number of times to read them if another command replaces them meanwhile.

    Raises
    ------
    StorageError
        If there are none, or they do not match their manifest, or they are not as expected.
    """
    manifest = None
    try:
        manifest = read_manifest(directory)
        if other := renamed(directory, manifest, name):
            raise StorageError(f"{directory}: {other}")
        return read_results(directory, manifest, expect)
    except ManifestError as error:
        if attempts > 1 and manifest is not None and _replaced(directory, manifest):
            return load(directory, name, expect, attempts - 1)
        wrong = f"there are no results in {directory}" if not directory.exists() else f"{directory}: {error}"
        raise StorageError(f"{wrong}. {way_out(directory, name)}") from None


def read_results(
    directory: Path, manifest: Mapping[str, Any], expect: Expect | None = None, stem: str = ""
) -> FigureResults:
    """Read the results that a manifest lists; `stem` is the stem of their files, if it is not the name of the folder.

    Raises
    ------
    ManifestError
        If they do not match it, or they are not as expected.
    StorageError
        If a file cannot be read.
    """
    from fa_repro.results import layout

    stem, listed = stem or directory.name, manifest["files"]
    tables = {
        file: "main" if file == f"{stem}.csv" else file.removeprefix(f"{stem}_").removesuffix(".csv")
        for file in listed
        if file.endswith(".csv") and file.startswith((f"{stem}.", f"{stem}_"))
    }
    if missing := [file for file in (f"{stem}.csv", "config.yaml") if file not in listed]:
        raise ManifestError(f"incomplete ({missing[0]} is not listed in manifest.json)")
    verify(directory, manifest, [file for file in listed if file not in (*tables, "config.yaml")])
    try:
        text = read_verified(directory, manifest, ["config.yaml"], yaml.MAX_BYTES)["config.yaml"]
        config = yaml.load(text, "config.yaml")
        expected = expect(config, manifest) if expect is not None else None
        layouts = expected.tables if expected is not None else {}
        if foreign := [file for file, table in tables.items() if expected is not None and table not in layouts]:
            raise ManifestError(f"{foreign[0]} is no table of this figure")
        if missing := sorted(layouts.keys() - tables.values()):
            raise ManifestError(f"incomplete ({stem}_{missing[0]}.csv is not listed in manifest.json)")
        found = {}
        for file, table in tables.items():
            known = layouts.get(table)
            data = read_verified(directory, manifest, [file], known.most_bytes if known else layout.UNKNOWN)[file]
            try:
                found[table] = layout.decode_table(data, known)
            except layout.LayoutError as error:
                raise ManifestError(f"{file}: {error}") from None
        resolved = config.data if expected is None else expected.config
        results = FigureResults(found.pop("main"), found, resolved, manifest)
        if expected is not None:
            expected.check(results)
    except (ConfigError, ValueError) as error:
        raise ManifestError(str(error).splitlines()[0]) from None
    return results


def _replaced(directory: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether the manifest is no longer this one."""
    try:
        return read_manifest(directory) != manifest
    except ManifestError:
        return True


def config_hash(data: Any) -> str:
    """Hash of the data of a config, independent of comments, key order and white space."""
    return atomic.sha256(json.dumps(data, sort_keys=True).encode())


def _write(
    directory: Path, contents: Mapping[str, bytes], about: Mapping[str, Any], check: Callable[[], None] = lambda: None
) -> None:
    """Write files and their manifest; `check` is called right before any old file is replaced.

    There are no locks, so the files of two commands may be mixed. Each lists in its manifest only files of its own, so
    a mixture does not match the manifest. Whoever replaces the manifest last sees that, and writes all files again.
    """
    listed = {name: {"sha256": atomic.sha256(data), "bytes": len(data)} for name, data in contents.items()}
    manifest = {"schema": SCHEMA, **about, "files": listed}
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    encoded = text.encode(errors="backslashreplace")  # a path need not be Unicode
    try:
        written = bounded.parse_json(encoded)
    except ValueError as error:
        raise StorageError(f"{directory}: cannot write manifest.json: it would be {error}") from None
    gone = dict.fromkeys(name for name in _pictures(directory) if name not in contents)
    for name in _unlisted(directory):
        _put_aside(directory, name, ManifestError(f"{name} is not listed in the manifest"))
    atomic.replace_together(directory, {**contents, **gone, "manifest.json": encoded}, check)
    for _ in range(ATTEMPTS):
        if _settled(directory, written):
            return
        atomic.replace_together(directory, {**contents, **gone, "manifest.json": encoded})
    raise StorageError(f"{directory}: other commands keep writing to this folder. Give this command again after them")


def _settled(directory: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether files match the manifest just written, or another command has replaced it, which then checks the same."""
    try:
        if read_manifest(directory) == manifest:
            verify(directory, manifest)
    except ManifestError:
        return False
    return True


def saved_formats(directory: Path, manifest: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Formats of the picture in a folder, according to its manifest; only PNG if there are no results."""
    try:
        listed = (manifest or read_manifest(directory))["files"]
    except ManifestError:
        listed = {}
    return picture_formats.parse_formats(format_ for name, format_ in _pictures(directory).items() if name in listed)


def picture_paths(directory: Path, formats: Iterable[str]) -> tuple[Path, ...]:
    """Paths of a picture in these formats."""
    return tuple(directory / f"{directory.name}.{format_}" for format_ in formats)


def _pictures(directory: Path) -> dict[str, str]:
    """Names of the pictures that a folder may have, with their formats."""
    return {f"{directory.name}.{format_}": format_ for format_ in picture_formats.FORMATS}


def _unlisted(directory: Path) -> list[str]:
    """Pictures other than the PNG that are not in the manifest: from a killed command, or the user's own."""
    try:
        listed = read_manifest(directory)["files"]
    except ManifestError:
        listed = {}
    others = [name for name, format_ in _pictures(directory).items() if format_ != "png"]
    return [name for name in others if name not in listed and (directory / name).exists()]


def _csv(table: "pd.DataFrame") -> bytes:
    return table.to_csv(index=False, lineterminator="\n").encode()


def _table(data: bytes) -> "pd.DataFrame":
    from fa_repro.results import tables

    return tables.read_table(data)
