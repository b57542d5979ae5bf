"""Reproduce results from their own config, and compare the files byte for byte."""

import shutil
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
from fa_repro.experiment.saved import Expected
from fa_repro.io import atomic
from fa_repro.io.manifest import ManifestError, read_manifest, read_verified
from fa_repro.results import provenance
from fa_repro.results.directory import read_results
from fa_repro.results.paths import figure_folder
from fa_repro.results.picture_formats import FORMATS, parse_formats

PREFIX = "fa_repro-"
"""Start of the names of temporary folders for repeated results."""


@dataclass(frozen=True)
class Repeated:
    """Comparison of reproduced results with the original ones.

    Attributes
    ----------
    agreeing : list of str
        Files that agree byte for byte.
    differences : mapping of str to str
        The other files, and how they differ.
    circumstances : list of str
        Other differences from the original: versions, source, machine, failed runs.
    """

    agreeing: list[str]
    differences: Mapping[str, str]
    circumstances: list[str]


def reproduce_results(folder: Path, execution: Execution, progress: Progress, results: Path | None = None) -> Repeated:
    """Reproduce the results in a folder by training every run again, and compare; the folder is only read.

    Parameters
    ----------
    folder : Path
        A results folder with a manifest.
    execution : Execution
    progress : Progress
    results : Path, optional
        Folder for the new results; a temporary one if None.

    Raises
    ------
    StorageError
        If there are no results in the folder, or they do not match their manifest.
    ConfigError
        If the new results would overwrite the old ones.
    """
    try:
        manifest = read_manifest(folder)
        read_results(folder, manifest, Expected, Path(str(manifest.get("name", ""))).name)  # in a renamed folder too
        before = read_verified(folder, manifest)
    except ManifestError as error:
        raise StorageError(f"{folder}: these results cannot be repeated: {error}") from None
    name = str(manifest.get("name", folder.name))
    if not locate.is_config_name(name):
        raise StorageError(f"{folder}: these results cannot be repeated: manifest.json has no valid name")
    if results is not None and figure_folder(results, name).resolve() == folder.resolve():
        problem = f"--results {results}: this folder contains the results to repeat"
        raise ConfigError([f"{problem}. Choose another folder, or leave out --results"])
    with _place(results) as place:
        pictures = parse_formats(each for each in FORMATS if f"{Path(name).name}.{each}" in before)
        source = str(manifest.get("config_name", name))
        variant = name if name != source else None
        request = Request(source, config=folder / "config.yaml", formats=pictures, variant=variant)
        repeated = run_request(request, place, replace(execution, force=True), progress)
        after = read_verified(repeated.directory, read_manifest(repeated.directory))
    agreeing = [file for file in before if before[file] == after.get(file)]
    differences = {file: _difference(file, before[file], after.get(file)) for file in before if file not in agreeing}
    differences |= {file: "is new" for file in after if file not in before}
    return Repeated(agreeing, differences, list(_circumstances(manifest)))


@contextmanager
def _place(results: Path | None) -> Iterator[Path]:
    if results is not None:
        yield results
        return
    folder = Path(tempfile.gettempdir())
    atomic.remove_leftovers(folder, PREFIX, own=True)
    place = atomic.temporary_path(folder, PREFIX)
    with atomic.storage_errors("create a folder in", folder):
        place.mkdir(mode=0o700)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _difference(file: str, old: bytes, new: bytes | None) -> str:
    """Describe how two files differ."""
    if new is None:
        return "is no longer created"
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
                yield f"{key} was {was}, is now {value}"
    if manifest.get("failed"):
        yield f"number of runs that failed in the original: {len(manifest['failed'])}"
