"""Files, stored runs and results: atomic, verified, never mixed."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fa_repro import files, results
from fa_repro.errors import StorageError
from fa_repro.experiment import run
from fa_repro.runs import Run
from fa_repro.store import Store
from fa_repro.trainer import train
from tests.conftest import small_runs
from tests.test_trainer import assert_same


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Store, Run, Path]:
    """A store with one run, and the run's folder."""
    (one, *_) = small_runs("backprop")
    store = Store(tmp_path)
    store.prepare()
    store.commit(one, train([one])[0], 1.5)
    return store, one, tmp_path / "runs" / one.key[:2] / one.key


def test_a_stored_run_comes_back_bit_for_bit(stored: tuple[Store, Run, Path]) -> None:
    store, one, _ = stored
    loaded = store.load(one)
    assert loaded is not None
    assert_same(loaded[0], train([one])[0])
    assert loaded[1] == 1.5


def test_a_run_that_is_not_there_is_not_there(stored: tuple[Store, Run, Path]) -> None:
    store, _, _ = stored
    other = small_runs("backprop", {"seed": 5})[0]
    assert not store.has(other)
    assert store.load(other) is None


@pytest.mark.parametrize("name", ["record.npz", "manifest.json"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove"])
def test_a_damaged_run_is_put_aside_with_one_warning_and_can_be_stored_again(
    stored: tuple[Store, Run, Path], name: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    store, one, folder = stored
    path = folder / name
    data = path.read_bytes()
    if damage == "remove":
        path.unlink()
    else:
        # Byte 2: in the manifest part of "schema", in the record part of the archive's signature.
        flipped = data[:2] + bytes([data[2] ^ 1]) + data[3:]
        path.write_bytes({"flip": flipped, "truncate": data[: len(data) // 2], "empty": b""}[damage])
    assert store.load(one) is None
    assert len(caplog.records) == 1
    assert "put aside" in caplog.text
    assert not folder.exists()
    assert len(list((folder.parent.parent / "damaged").iterdir())) == 1
    store.commit(one, train([one])[0], 1.0)
    assert store.load(one) is not None


@pytest.mark.parametrize("manifest", ["{}", "[]", "null", '{"schema": "1", "files": {}}', '{"schema": 1, "files": {}}'])
def test_a_manifest_that_is_none_of_ours_counts_as_absent(stored: tuple[Store, Run, Path], manifest: str) -> None:
    store, one, folder = stored
    (folder / "manifest.json").write_text(manifest)
    assert store.load(one) is None


def test_a_manifest_of_a_newer_version_is_refused_in_words(stored: tuple[Store, Run, Path]) -> None:
    store, one, folder = stored
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"schema": 99}))
    with pytest.raises(StorageError, match=r"newer fa_repro \(schema 99"):
        store.load(one)
    assert folder.exists()


def test_the_first_to_finish_wins(stored: tuple[Store, Run, Path]) -> None:
    store, one, folder = stored
    before = (folder / "manifest.json").read_bytes()
    store.commit(one, train([one])[0], 99.0)
    assert (folder / "manifest.json").read_bytes() == before
    store.commit(one, train([one])[0], 99.0, replace=True)
    assert json.loads((folder / "manifest.json").read_text())["seconds"] == 99.0
    assert sorted(path.name for path in folder.parent.parent.iterdir()) == [one.key[:2]]


def test_leftovers_of_a_dead_process_are_swept_and_those_of_a_living_one_kept(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.mkdir()
    alive = files.temporary(root)
    dead = root / alive.name.replace(f"-{os.getpid()}-", "-999999999-")
    for path in (alive, dead):
        path.mkdir()
        (path / "record.npz").write_bytes(b"half")
    Store(tmp_path).prepare()
    assert alive.exists()
    assert not dead.exists()


# ---- several files at once ----


def broken(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, at: int) -> list[int]:
    """Make the call number `at` of a function fail as a full disk does; returns a list that grows with each call."""
    calls: list[int] = []
    original = getattr(owner, name)

    def call(*arguments: Any, **keywords: Any) -> Any:
        calls.append(1)
        if len(calls) == at:
            raise OSError(28, "No space left on device")
        return original(*arguments, **keywords)

    monkeypatch.setattr(owner, name, call)
    return calls


@pytest.mark.parametrize(("owner", "name"), [(files, "write_flushed"), (os, "fsync"), (Path, "replace")])
@pytest.mark.parametrize("existing", [True, False])
def test_an_error_at_any_write_flush_or_rename_leaves_old_or_new_never_a_mixture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, existing: bool
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
            calls = broken(patch, owner, name, at)
            try:
                files.replace_together(folder, new)
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


def test_a_table_is_written_and_read_without_loss(tmp_path: Path) -> None:
    values = np.array([1 / 3, 5e-324, 1.7976931348623157e308, np.inf, np.nan, 0.1 + 0.2])
    table = pd.DataFrame({"example": range(6), "nse": values, "rule": ["a"] * 6})
    saved = results.Saved(table, {"more": table}, {"figure": "linear"}, {})
    results.save(tmp_path / "x", saved, b"png")
    again = results.load(tmp_path / "x").extra["more"]
    np.testing.assert_array_equal(again["nse"], values)
    assert list(again.columns) == list(table.columns)


# ---- the whole way ----


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != "manifest.json"
    }


def test_results_are_found_again_and_repeated_to_the_byte(workplace: Path) -> None:
    first = run("linear")
    before = contents(first.directory)
    assert (first.trained, first.found) == (12, 0)
    again = run("linear")
    assert (again.trained, again.found) == (0, 12)
    assert contents(first.directory) == before
    forced = run("linear", force=True)
    assert (forced.trained, forced.found) == (12, 0)
    assert contents(first.directory) == before
    elsewhere = run("linear", config="results/linear/config.yaml", results="elsewhere")
    assert contents(elsewhere.directory) == before


def test_more_trials_add_to_those_there_are(workplace: Path) -> None:
    run("linear", {"trials": 2})
    more = run("linear")
    assert (more.trained, more.found) == (4, 8)
    run("linear", {"trials": 3}, results="fresh")
    assert contents(workplace / "results/linear") == contents(workplace / "fresh/linear")


def test_a_crash_between_two_renames_counts_as_absent(workplace: Path) -> None:
    run("linear")
    table = workplace / "results/linear/linear.csv"
    table.write_bytes(table.read_bytes() + b"x")
    with pytest.raises(StorageError, match=r"linear.csv is not what its manifest says. Run: fa-repro run linear"):
        results.load(workplace / "results/linear")
    assert run("linear").trained == 0
    results.load(workplace / "results/linear")


def test_a_changed_table_is_put_aside_with_one_warning(workplace: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = run("linear").directory
    before = contents(folder)
    (folder / "linear.csv").write_text("algorithm,trial\n")
    run("linear")
    assert len(caplog.records) == 1
    assert "linear.csv is not what its manifest says: put aside" in caplog.text
    assert contents(folder) == before
    assert [path.read_text() for path in (folder / "damaged").iterdir()] == ["algorithm,trial\n"]


ODD_MANIFESTS = [
    "{}",
    '{"schema": 1, "files": {}}',
    '{"schema": 1, "files": 5}',
    '{"schema": 1, "files": {"linear.csv": 5}}',
    '{"schema": 1, "files": {"\\u0000": {}}}',
    '{"schema": 1, "files": {"../x": {"sha256": "", "bytes": 0}}}',
    '{"schema": 1, "files": {}, "failed": 5, "options": 3}',
    "[" * 100_000,
]


@pytest.mark.parametrize("manifest", ODD_MANIFESTS)
def test_results_with_an_odd_manifest_count_as_absent(workplace: Path, manifest: str) -> None:
    folder = run("linear").directory
    (folder / "manifest.json").write_text(manifest)
    results.state(folder, "")
    with pytest.raises(StorageError, match="Run: fa-repro run linear"):
        results.load(folder)
    assert run("linear").trained == 0
    results.load(folder)


def test_results_of_a_newer_version_are_not_written_over(workplace: Path) -> None:
    folder = run("linear").directory
    (folder / "manifest.json").write_text('{"schema": 99, "files": {}}')
    before = contents(folder)
    with pytest.raises(StorageError, match="newer fa_repro"):
        run("linear", {"trials": 1})
    assert contents(folder) == before
    assert "newer fa_repro" in results.state(folder, "")


def test_a_full_disk_leaves_the_old_results(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("linear")
    before = contents(workplace / "results/linear")
    broken(monkeypatch, files, "write_flushed", 1)
    with pytest.raises(StorageError, match="No space left on device"):
        run("linear", {"trials": 4})
    monkeypatch.undo()
    monkeypatch.chdir(workplace)
    assert contents(workplace / "results/linear") == before
    assert run("linear", {"trials": 4}).found == 12


def test_the_manifest_tells_where_results_come_from(workplace: Path) -> None:
    result = run("linear", {"trials": 2})
    manifest = json.loads((result.directory / "manifest.json").read_text())
    assert manifest["schema"] == 1
    assert manifest["seed"] == 0
    assert manifest["options"] == ["--set trials=2"]
    assert {"python", "numpy", "fa_repro"} <= manifest["versions"].keys()
    assert {"git_commit", "git_dirty"} <= manifest["source"].keys()
    assert manifest["seconds"]["training"] > 0
    for name, data in contents(result.directory).items():
        assert manifest["files"][name] == {"sha256": files.sha256(data), "bytes": len(data)}
