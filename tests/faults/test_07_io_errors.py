"""Fault 7: an I/O error at each write, flush and rename in turn.

Promised: old or new, never mixed.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from fa_repro.errors import StorageError
from fa_repro.io import atomic
from fa_repro.results.store import Store
from fa_repro.training.trainer import train
from tests.support.configs import small_runs
from tests.support.files import broken, contents
from tests.support.outcomes import assert_same
from tests.support.processes import leftovers, stored

FULL = OSError(28, "No space left on device")


class HalfWritten:
    """A file whose every write comes to half and then fails."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __enter__(self) -> "HalfWritten":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> int:
        self._file.write(data[: len(data) // 2])
        raise FULL


def half_written(monkeypatch: pytest.MonkeyPatch, at: int) -> list[int]:
    """As `broken`, for the new file number `at`."""
    calls: list[int] = []
    original = Path.open

    def call(path: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        file = original(path, mode, *rest, **more)
        calls.extend([1] * ("x" in mode))
        return HalfWritten(file) if "x" in mode and len(calls) == at else file

    monkeypatch.setattr(Path, "open", call)
    return calls


FAULTS: dict[str, Callable[[pytest.MonkeyPatch, int], list[int]]] = {
    "open": lambda patch, at: broken(patch, atomic, "write_flushed", at),
    "write": half_written,
    "flush": lambda patch, at: broken(patch, os, "fsync", at),
    "make a folder": lambda patch, at: broken(patch, Path, "mkdir", at),
    "rename a folder": lambda patch, at: broken(patch, Path, "rename", at),
    "rename a file": lambda patch, at: broken(patch, Path, "replace", at),
}


@pytest.mark.parametrize("fault", ["open", "write", "flush", "rename a file"])
@pytest.mark.parametrize("existing", [True, False])
def test_several_files_are_all_old_or_all_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, existing: bool
) -> None:
    old = {"a.csv": b"old a", "b.png": b"old b", "manifest.json": b"old"} if existing else {}
    new = {"a.csv": b"new a", "b.png": b"new b", "manifest.json": b"new"}
    failures = 0
    for at in range(1, 8):
        folder = tmp_path / str(at)
        folder.mkdir()
        for file, data in {**old, "mine.txt": b"a person's note"}.items():
            (folder / file).write_bytes(data)
        with monkeypatch.context() as patch:
            calls = FAULTS[fault](patch, at)
            try:
                atomic.replace_together(folder, new)
                failed = False
            except StorageError as error:
                assert "No space left on device" in str(error)
                assert str(folder) in str(error)
                failed = True
        found = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert found.pop("mine.txt") == b"a person's note"
        assert found == (old if failed else new), at
        assert failed == (len(calls) >= at)
        failures += failed
    assert failures >= 3


@pytest.mark.parametrize(
    ("fault", "replace"),
    [(fault, replace) for fault in ("open", "write", "flush", "make a folder") for replace in (False, True)]
    + [("rename a folder", False), ("rename a folder", True)],
)
def test_a_run_is_stored_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, replace: bool
) -> None:
    one, other, *_ = small_runs("backprop")
    old, new = train([other])[0], train([one])[0]  # of the same name, as if the numerics had changed
    failures = 0
    for at in range(1, 6):
        results = tmp_path / str(at)
        store = Store(results)
        store.prepare()
        if replace:
            store.commit(one, old, 1.0)
        with monkeypatch.context() as patch:
            calls = FAULTS[fault](patch, at)
            try:
                store.commit(one, new, 2.0, overwrite=replace)
                failed = False
            except StorageError as error:
                assert "No space left on device" in str(error)
                assert one.key in str(error)
                failed = True
        assert failed == (len(calls) >= at)
        failures += failed
        loaded = store.load(one)
        stored(results)
        assert not leftovers(results)
        brief = store.summary(one)
        if loaded is None or brief is None:
            assert failed
            assert not replace, f"the old run is lost by an error at {fault} {at}"
        else:
            assert brief.seconds in ((1.0, 2.0) if failed else (2.0,))
            assert_same(loaded, old if brief.seconds == 1.0 else new)
    assert failures >= 1


@pytest.mark.parametrize("fault", FAULTS)
def test_io_error_leaves_old_or_new_results(
    command: Callable[..., Result], workplace: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Errors at ten places, from the first to the last that the command comes to."""
    old, new = ("run", "linear", "--only", "backprop", "--set", "trials=1"), ("run", "linear", "--only", "backprop")
    assert command(*new, "--results", "new").exit_code == 0
    after = contents(workplace / "new/linear")
    with monkeypatch.context() as patch:
        calls = FAULTS[fault](patch, 0)
        assert command(*new, "--results", "counted").exit_code == 0
    for at in sorted({int(place) for place in np.linspace(1, len(calls), 10)}):
        results = workplace / f"results{at}"
        assert command(*old, "--results", results.name).exit_code == 0
        before, kept = contents(results / "linear"), stored(results)
        with monkeypatch.context() as patch:
            FAULTS[fault](patch, at)
            failed = command(*new, "--results", results.name)
        assert contents(results / "linear") == (before if failed.exit_code else after)
        assert failed.exit_code in (0, 4)
        assert ("No space left on device" in failed.stderr) == bool(failed.exit_code)
        assert kept.items() <= stored(results).items()
        assert command(*new, "--results", results.name).exit_code == 0
        assert contents(results / "linear") == after
        assert not leftovers(results)
