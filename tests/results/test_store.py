"""The store of trained runs."""

import json
import os
from pathlib import Path

import pytest

from fa_repro.io import atomic, bounded
from fa_repro.results import provenance
from fa_repro.results.store import RunSummary, Store
from fa_repro.training.runs import Run
from fa_repro.training.trainer import train
from tests.support.configs import small_runs
from tests.support.outcomes import assert_same


def test_a_stored_run_comes_back_bit_for_bit(stored_run: tuple[Store, Run, Path]) -> None:
    store, one, folder = stored_run
    loaded = store.load(one)
    assert loaded is not None
    assert_same(loaded, train([one])[0])
    sha256 = atomic.sha256((folder / "record.npz").read_bytes())
    assert store.summary(one) == RunSummary(None, 1.5, sha256, provenance.origin())


def test_run_replaced_while_read_is_not_damaged(
    stored_run: tuple[Store, Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, one, path = stored_run
    manifest = path / "manifest.json"
    text, read, times = manifest.read_text(), bounded.read_file, []

    def in_between(path: Path, most: int) -> bytes:
        if path == manifest and not times:
            times.append(path)
            raise FileNotFoundError
        return read(path, most)

    monkeypatch.setattr(bounded, "read_file", in_between)
    assert store.load(one) is not None
    assert manifest.read_text() == text


def test_old_file_vanishing_in_a_replace_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "note.json").write_text("old")

    def gone(source: Path, target: Path) -> None:
        source.unlink()
        raise FileNotFoundError(source)

    monkeypatch.setattr(atomic, "_link", gone)
    atomic.replace_together(tmp_path, {"note.json": b"new"})
    assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]


def test_a_run_that_is_not_there_is_not_there(stored_run: tuple[Store, Run, Path]) -> None:
    store, _, _ = stored_run
    other = small_runs("backprop", {"seed": 5})[0]
    assert not store.has(other)
    assert store.load(other) is None


def test_the_first_to_finish_wins(stored_run: tuple[Store, Run, Path]) -> None:
    store, one, folder = stored_run
    before = (folder / "manifest.json").read_bytes()
    store.commit(one, train([one])[0], 99.0)
    assert (folder / "manifest.json").read_bytes() == before
    store.commit(one, train([one])[0], 99.0, overwrite=True)
    assert json.loads((folder / "manifest.json").read_text())["seconds"] == 99.0
    assert sorted(path.name for path in folder.parent.parent.iterdir()) == [one.key[:2]]


def test_only_dead_processes_leftovers_are_swept(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.mkdir()
    alive = atomic.temporary_path(root)
    dead = root / alive.name.replace(f"-{os.getpid()}-", "-999999999-")
    for path in (alive, dead):
        path.mkdir()
        (path / "record.npz").write_bytes(b"half")
    Store(tmp_path).prepare()
    assert alive.exists()
    assert not dead.exists()
