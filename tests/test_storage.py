"""Files, stored runs and results: atomic, verified, never mixed."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fa_repro.experiment.pipeline import run
from fa_repro.io import atomic
from fa_repro.results import directory
from fa_repro.results.figure_results import FigureResults
from fa_repro.results.store import RunSummary, Store
from fa_repro.training.runs import Run
from fa_repro.training.trainer import train
from tests.support.configs import small_runs
from tests.support.files import contents
from tests.support.outcomes import assert_same


def test_a_stored_run_comes_back_bit_for_bit(stored_run: tuple[Store, Run, Path]) -> None:
    store, one, folder = stored_run
    loaded = store.load(one)
    assert loaded is not None
    assert_same(loaded, train([one])[0])
    assert store.summary(one) == RunSummary(None, 1.5, atomic.sha256((folder / "record.npz").read_bytes()))


def test_a_run_that_is_replaced_while_it_is_read_is_not_damaged(
    stored_run: tuple[Store, Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, one, path = stored_run
    manifest = path / "manifest.json"
    text, read, times = manifest.read_text(), Path.read_bytes, []

    def in_between(self: Path) -> bytes:
        if self == manifest and not times:
            times.append(self)
            raise FileNotFoundError
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", in_between)
    assert store.load(one) is not None
    assert manifest.read_text() == text


def test_an_old_file_that_goes_while_it_is_replaced_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_leftovers_of_a_dead_process_are_swept_and_those_of_a_living_one_kept(tmp_path: Path) -> None:
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


# ---- several files at once ----


def test_a_table_is_written_and_read_without_loss(tmp_path: Path) -> None:
    values = np.array([1 / 3, 5e-324, 1.7976931348623157e308, np.inf, np.nan, 0.1 + 0.2])
    table = pd.DataFrame({"example": range(6), "nse": values, "rule": ["a"] * 6})
    saved = FigureResults(table, {"more": table}, {"figure": "linear"}, {})
    directory.save(tmp_path / "x", saved, {"png": b"png"})
    again = directory.load(tmp_path / "x").extra["more"]
    np.testing.assert_array_equal(again["nse"], values)
    assert list(again.columns) == list(table.columns)


# ---- the whole way ----


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


def test_the_manifest_tells_where_results_come_from(workplace: Path) -> None:
    result = run("linear", {"trials": 2})
    manifest = json.loads((result.directory / "manifest.json").read_text())
    assert manifest["schema"] == 1
    assert manifest["seed"] == 0
    assert manifest["options"] == ["--set trials=2"]
    assert {"python", "numpy", "fa_repro"} <= manifest["versions"].keys()
    assert {"git_commit", "git_dirty"} <= manifest["source"].keys()
    assert manifest["seconds"]["training"] > 0
    made = datetime.fromisoformat(manifest["made"])
    assert made.tzinfo is not None
    assert abs(datetime.now(UTC) - made) < timedelta(hours=1)
    for name, data in contents(result.directory).items():
        assert manifest["files"][name] == {"sha256": atomic.sha256(data), "bytes": len(data)}
