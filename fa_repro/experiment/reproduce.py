"""Making results again from their own config, and comparing the bytes."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fa_repro.config import locate
from fa_repro.errors import ConfigError, StorageError
from fa_repro.execution.executor import Execution
from fa_repro.execution.progress import Progress
from fa_repro.experiment.pipeline import run_request
from fa_repro.experiment.request import Request
from fa_repro.io import atomic
from fa_repro.io.manifest import ManifestError, read_manifest, read_verified
from fa_repro.results import provenance
from fa_repro.results.formats import FORMATS, parse_formats


@dataclass(frozen=True)
class Repeated:
    """How results that were made again compare with those there were.

    Attributes
    ----------
    agreeing : list of str
        Files whose bytes agree.
    differences : mapping of str to str
        The other files, and in what they differ.
    circumstances : list of str
        What else is not as it was: versions, source, machine.
    """

    agreeing: list[str]
    differences: Mapping[str, str]
    circumstances: list[str]


def reproduce_results(folder: Path, execution: Execution, progress: Progress, results: Path | None = None) -> Repeated:
    """Make the results in a folder again, training every run anew, and compare; the folder is only read.

    Parameters
    ----------
    folder : Path
        A folder of results, with its manifest.
    execution : Execution
    progress : Progress
    results : Path, optional
        Where the new results are kept; nowhere if None.

    Raises
    ------
    StorageError
        If there are no results in the folder, or they are not what their manifest says.
    ConfigError
        If the new results would be written over the old.
    """
    try:
        manifest = read_manifest(folder)
        before = read_verified(folder, manifest)
    except ManifestError as error:
        raise StorageError(f"{folder}: no results to repeat: {error}") from None
    name = str(manifest.get("name", folder.name))
    if "config.yaml" not in before or not locate.is_config_name(name):
        raise StorageError(f"{folder}: no results to repeat: manifest.json lacks their name or their config")
    if results is not None and (results / name).resolve() == folder.resolve():
        raise ConfigError([f"--results {results}: the results to repeat are there; name another folder, or none"])
    with _place(results) as place:
        pictures = parse_formats(each for each in FORMATS if f"{Path(name).name}.{each}" in before)
        request = Request(name, config=folder / "config.yaml", formats=pictures)
        made = run_request(request, place, replace(execution, force=True), progress)
        after = {path.name: path.read_bytes() for path in made.directory.iterdir() if path.is_file()}
    agreeing = [file for file in before if before[file] == after.get(file)]
    differences = {file: _difference(file, before[file], after.get(file)) for file in before if file not in agreeing}
    differences |= {file: "was not there" for file in after if file not in before and file != "manifest.json"}
    return Repeated(agreeing, differences, list(_circumstances(manifest)))


@contextmanager
def _place(results: Path | None) -> Iterator[Path]:
    if results is not None:
        yield results
        return
    with (
        atomic.storage_errors("make", Path(tempfile.gettempdir())),
        tempfile.TemporaryDirectory(prefix="fa_repro-") as place,
    ):
        yield Path(place)


def _difference(file: str, old: bytes, new: bytes | None) -> str:
    """In what two files differ, in words."""
    if new is None:
        return "is not made any more"
    if not file.endswith(".csv"):
        return "differs"
    from fa_repro.results import tables

    return f"differs: {tables.describe_difference(*map(tables.read_table, (old, new)))}"


def _circumstances(manifest: Mapping[str, Any]) -> Iterator[str]:
    now = {"versions": provenance.versions(), "source": provenance.git_source(), "machine": provenance.machine()}
    for about, known in now.items():
        before = manifest.get(about)
        for key, value in known.items():
            was = before.get(key) if isinstance(before, dict) else None
            if was != value:
                yield f"{key} was {was}, is {value}"
    if manifest.get("failed"):
        yield f"{len(manifest['failed'])} runs had failed"
