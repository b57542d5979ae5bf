"""Trained runs on disk, one folder each, named by the hash of everything that determines their numbers."""

import json
import logging
import math
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fa_repro.errors import StorageError
from fa_repro.io import atomic, bounded
from fa_repro.io.manifest import SCHEMA, ManifestError, read_manifest, read_verified
from fa_repro.results import paths
from fa_repro.results.provenance import origin, versions
from fa_repro.results.records import RecordError, decode_record, encode_record, largest_record
from fa_repro.training.runs import Outcome, Run

log = logging.getLogger(__name__)

_RECORD = "record.npz"

T = TypeVar("T")


@dataclass(frozen=True)
class RunSummary:
    """Content of the manifest of a stored run, without reading its record.

    Attributes
    ----------
    diverged_at : int or None
        The example at which its output was no longer finite.
    seconds : float
        Training time.
    sha256 : str
        SHA-256 of its record, which `load` verifies.
    origin : mapping of str to str
        Where it was trained, see `provenance.origin`.
    """

    diverged_at: int | None
    seconds: float
    sha256: str
    origin: Mapping[str, str]


class Store:
    """The runs below a results folder.

    A run is a folder `runs/KEY[:2]/KEY` with `record.npz` (NumPy arrays, no pickles) and `manifest.json`. It is
    written under a temporary name and renamed when complete, so it is stored completely or not at all. There are no
    locks: of two processes that train the same run, the first to finish wins. A failure is recorded next to the folder,
    in `KEY.failed.json`.

    Attributes
    ----------
    root : Path
        The results folder.
    """

    def __init__(self, results: Path) -> None:
        self.root = results
        self._root = paths.runs_folder(results)

    def prepare(self) -> None:
        """Create the folder, and remove temporary files of killed processes."""
        with atomic.storage_errors("write to", self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            atomic.remove_leftovers(self._root)

    def has(self, run: Run) -> bool:
        """Whether the run is stored; only checks that its manifest exists, while `load` verifies the run."""
        return (self._path(run) / "manifest.json").is_file()

    def summary(self, run: Run) -> RunSummary | None:
        """Content of the manifest of a run, or None if the run is not stored; `load` reads its record.

        A run with a damaged manifest is moved aside, with a warning.

        Raises
        ------
        StorageError
            If it cannot be read, or was written by a newer version.
        """
        return self._read(run, _summary)

    def load(self, run: Run, summary: RunSummary | None = None) -> Outcome | None:
        """The outcome of a run, or None if it is not stored.

        A damaged run is moved aside, with a warning, and counts as not stored.

        Parameters
        ----------
        run : Run
        summary : RunSummary, optional
            From `summary`, so that the manifest need not be read again.

        Raises
        ------
        StorageError
            If it cannot be read, or was written by a newer version.
        """
        if summary is not None:
            with suppress(ManifestError):  # it may have been replaced meanwhile: then its manifest is read again
                return self._outcome(run, {"files": {_RECORD: {"sha256": summary.sha256}}}, summary.diverged_at)
        return self._read(run, lambda manifest: self._outcome(run, manifest, manifest["diverged_at"]))

    def _outcome(self, run: Run, manifest: Mapping[str, Any], diverged_at: int | None) -> Outcome:
        record = read_verified(self._path(run), manifest, [_RECORD], largest_record(run))[_RECORD]
        try:
            return decode_record(record, run, diverged_at)
        except RecordError as error:
            raise ManifestError(f"{_RECORD}: {error}") from None

    def _read(self, run: Run, read: Callable[[dict[str, Any]], T], again: bool = True) -> T | None:
        """`read(manifest)` of a run, or None if the run is missing or damaged."""
        path = self._path(run)
        try:
            manifest = read_manifest(path)
            if manifest.pop("seal") != _seal(manifest):
                raise ManifestError("manifest.json was changed after it was written")
            _check_manifest(manifest, run)
            return read(manifest)
        except (ManifestError, KeyError) as error:
            if again and path.is_dir():  # it may have been replaced while it was read
                return self._read(run, read, again=False)
            if path.is_dir():
                self._put_aside(path, error)
            return None

    def note_failure(self, run: Run, reason: str) -> None:
        """Record that a run failed, and why, so that the same command does not train it again."""
        note = {"schema": SCHEMA, "reason": reason, "setup": _about(run), "versions": versions()}
        path = self._note(run)
        atomic.replace_together(path.parent, {path.name: json.dumps(note, indent=1).encode()})

    def failure(self, run: Run) -> str | None:
        """Why a run failed when it was last trained, if it failed, and with this version of the program."""
        try:
            note = bounded.parse_json(bounded.read_file(self._note(run), bounded.MOST_JSON))
            reason, version = note["reason"], note["versions"]["fa_repro"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return str(reason) if version == versions()["fa_repro"] else None

    def commit(self, run: Run, outcome: Outcome, seconds: float, overwrite: bool = False) -> None:
        """Store a run that has just been trained; with `overwrite`, replace one that is stored already.

        Raises
        ------
        StorageError
            If it cannot be written; nothing is stored then.
        """
        record = encode_record(outcome)
        manifest: dict[str, Any] = {
            "schema": SCHEMA,
            "diverged_at": outcome.diverged_at,
            "seconds": seconds,
            "setup": _about(run),
            "versions": versions(),
            "origin": origin(),
            "files": {_RECORD: {"sha256": atomic.sha256(record), "bytes": len(record)}},
        }
        manifest["seal"] = _seal(manifest)
        path, temporary = self._path(run), atomic.temporary_path(self._root)
        with atomic.storage_errors("write", path):
            try:
                temporary.mkdir(parents=True)
                atomic.write_flushed(temporary / _RECORD, record)
                atomic.write_flushed(temporary / "manifest.json", json.dumps(manifest, indent=1).encode())
                path.parent.mkdir(exist_ok=True)
                self._rename(temporary, path, overwrite)
                atomic.flush_directory(path.parent)
                self._note(run).unlink(missing_ok=True)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)

    def _rename(self, temporary: Path, path: Path, overwrite: bool) -> None:
        if overwrite:
            self._replace(temporary, path)
            return
        try:
            atomic.move(temporary, path)
        except OSError:
            if not path.is_dir():
                raise
            try:
                read_verified(path, read_manifest(path))  # another process was first
            except ManifestError as error:
                self._put_aside(path, error)
                atomic.move(temporary, path)

    def _replace(self, temporary: Path, path: Path) -> None:
        with suppress(ManifestError):
            manifest = read_manifest(path)
            read_verified(path, manifest)
            if manifest["files"] == read_manifest(temporary)["files"]:  # the same numbers: the run is never missing
                (temporary / "manifest.json").replace(path / "manifest.json")
                return
        old = atomic.temporary_path(self._root)
        with suppress(FileNotFoundError):  # it is missing, or another process has just moved it
            atomic.move(path, old)
        try:
            self._rename(temporary, path, overwrite=False)
        except BaseException:
            if old.is_dir() and not path.is_dir():
                atomic.move(old, path)
            raise
        finally:
            shutil.rmtree(old, ignore_errors=True)

    def _put_aside(self, path: Path, reason: object) -> None:
        aside = paths.damaged_file(self._root, path.name)
        try:
            aside.parent.mkdir(exist_ok=True)
            atomic.move(path, aside)
        except FileNotFoundError:
            return  # another process did it
        except OSError as error:
            raise StorageError(
                f"{path} is damaged ({reason}) and cannot be moved aside: {error.strerror or error}"
            ) from error
        log.warning("%s is damaged (%s). It was moved aside to %s and will be trained again", path, reason, aside)

    def _path(self, run: Run) -> Path:
        return paths.run_folder(self.root, run.key)

    def _note(self, run: Run) -> Path:
        return paths.failure_file(self.root, run.key)


def _seal(manifest: Mapping[str, Any]) -> str:
    """Checksum of a manifest, as its content is used without reading the record."""
    return atomic.sha256(json.dumps(manifest, sort_keys=True).encode())


def _about(run: Run) -> dict[str, Any]:
    return {**run.condition.setup.canonical(), "trial": run.trial}


def _check_manifest(manifest: Mapping[str, Any], run: Run) -> None:
    """Check what a manifest says of its run."""
    at, seconds = manifest["diverged_at"], manifest["seconds"]
    if at is not None and not (type(at) is int and 0 <= at <= run.condition.setup.examples):
        raise ManifestError("manifest.json: diverged_at: an example that the run does not have")
    if type(seconds) not in (int, float) or not 0 <= seconds < math.inf:
        raise ManifestError("manifest.json: seconds: expected a number")
    if list(manifest["files"]) != [_RECORD] or manifest["setup"] != json.loads(json.dumps(_about(run))):
        raise ManifestError("manifest.json is that of another run")
    where = manifest["origin"]
    if not (isinstance(where, dict) and all(isinstance(value, str) for value in where.values())):
        raise ManifestError("manifest.json: origin: expected texts")


def _summary(manifest: Mapping[str, Any]) -> RunSummary:
    sha256, origin_ = manifest["files"][_RECORD]["sha256"], manifest["origin"]
    return RunSummary(manifest["diverged_at"], float(manifest["seconds"]), sha256, origin_)
