"""Trained runs on disk, one folder each, named by the hash of all that decides their numbers."""

import io
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from fa_repro import files
from fa_repro.errors import StorageError
from fa_repro.manifests import SCHEMA, NotValidError, read_manifest, verified
from fa_repro.provenance import versions
from fa_repro.runs import Outcome, Run

log = logging.getLogger(__name__)

_RECORD = "record.npz"


class Store:
    """The runs below a results folder.

    A run is a folder `runs/KEY[:2]/KEY` with `record.npz` (NumPy arrays, no pickles) and `manifest.json`. It is
    made under a temporary name and renamed when complete, so it is there as a whole or not at all; of two processes
    that train the same run the first to finish wins. There are no locks.

    Attributes
    ----------
    root : Path
        The results folder.
    """

    def __init__(self, results: Path) -> None:
        self.root = results
        self._root = results / "runs"

    def prepare(self) -> None:
        """Make the folder, and remove what killed processes left in it."""
        with files.reported("write to", self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            files.sweep_leftovers(self._root)

    def has(self, run: Run) -> bool:
        """Whether the run is there, by a look at its folder only; `load` verifies it."""
        return (self._path(run) / "manifest.json").is_file()

    def load(self, run: Run, with_arrays: bool = True) -> tuple[Outcome, float] | None:
        """A run's outcome and the seconds it took, or None if it is not there.

        A damaged one is put aside, with a warning, and counts as not there. Weights are left out, which can be large,
        unless it is `with_arrays`.

        Raises
        ------
        StorageError
            If it cannot be read, or was written by a newer version.
        """
        path = self._path(run)
        if not path.is_dir():
            return None
        try:
            manifest = read_manifest(path)
            data = verified(path, manifest)[_RECORD]
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                groups: dict[str, dict[str, Any]] = {"column": {}, "array": {}, "run": {}}
                for name in arrays.files:
                    group, _, key = name.partition("/")
                    if with_arrays or group != "array":
                        groups[group][key] = arrays[name]
            at = int(groups["run"]["diverged_at"])
            return Outcome(groups["column"], groups["array"], at if at >= 0 else None), float(manifest["seconds"])
        except (NotValidError, ValueError, KeyError, TypeError) as error:
            self._put_aside(path, error)
            return None

    def commit(self, run: Run, outcome: Outcome, seconds: float, replace: bool = False) -> None:
        """Store a run that has just been trained; with `replace`, in place of one that is there.

        Raises
        ------
        StorageError
            If it cannot be written; nothing of it is visible then.
        """
        buffer = io.BytesIO()
        named = {f"column/{name}": array for name, array in outcome.columns.items()}
        named |= {f"array/{name}": array for name, array in outcome.arrays.items()}
        named["run/diverged_at"] = np.array(-1 if outcome.diverged_at is None else outcome.diverged_at)
        np.savez(buffer, allow_pickle=False, **named)
        record = buffer.getvalue()
        manifest = {
            "schema": SCHEMA,
            "diverged_at": outcome.diverged_at,
            "seconds": seconds,
            "setup": {**run.entry.setup.canonical(), "trial": run.trial},
            "versions": versions(),
            "files": {_RECORD: {"sha256": files.sha256(record), "bytes": len(record)}},
        }
        path, made = self._path(run), files.temporary(self._root)
        with files.reported("write", path):
            try:
                made.mkdir(parents=True)
                files.write_flushed(made / _RECORD, record)
                files.write_flushed(made / "manifest.json", json.dumps(manifest, indent=1).encode())
                path.parent.mkdir(exist_ok=True)
                self._rename(made, path, replace)
                files.flush_directory(path.parent)
            finally:
                shutil.rmtree(made, ignore_errors=True)

    def _rename(self, made: Path, path: Path, replace: bool) -> None:
        if replace and path.is_dir():
            old = files.temporary(self._root)
            path.rename(old)
            made.rename(path)
            shutil.rmtree(old, ignore_errors=True)
            return
        try:
            made.rename(path)
        except OSError:
            if not path.is_dir():
                raise
            try:
                verified(path, read_manifest(path))  # another process was first
            except NotValidError as error:
                self._put_aside(path, error)
                made.rename(path)

    def _put_aside(self, path: Path, reason: object) -> None:
        aside = self._root / "damaged" / f"{path.name}-{files.temporary(self._root).name[-8:]}"
        try:
            aside.parent.mkdir(exist_ok=True)
            path.rename(aside)
        except FileNotFoundError:
            return  # another process did it
        except OSError as error:
            raise StorageError(f"{path} is damaged ({reason}) and cannot be put aside: {error.strerror}") from error
        log.warning("%s is damaged (%s): put aside as %s, to be trained again", path, reason, aside)

    def _path(self, run: Run) -> Path:
        return self._root / run.key[:2] / run.key
