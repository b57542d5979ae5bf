"""Fault 28: FIFO, device, sparse or endless file, bomb, deep nesting where a file is read.

Promised: told within a second, less than 500 MiB.
"""

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from fa_repro.io import bounded
from fa_repro.results import paths
from tests.support.configs import SMALL
from tests.support.files import contents
from tests.support.limits import limited
from tests.support.processes import stored
from tests.support.resealing import reseal, write_manifest

Command = Callable[..., Result]


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 10 * 10**9)


def deep(path: Path) -> None:
    path.write_text('{"schema": 1, "files": {}, "x": ' + 500 * "[" + 500 * "]" + "}")


def broad(path: Path) -> None:
    """Needs 25 times its size in memory."""
    path.write_text('{"schema": 1, "files": {}, "x": [' + 10_000_000 * "{}," + "1]}")


KINDS: dict[str, Callable[[Path], None]] = {
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "sparse": sparse,
    "folder": lambda path: path.mkdir(),
    "deep": deep,
    "broad": broad,
}

FILES = ("manifest.json", "linear.csv", "linear_maps.csv", "linear.png", "config.yaml")


def put(kind: str, path: Path) -> None:
    path.unlink(missing_ok=True)
    KINDS[kind](path)


@pytest.fixture
def results(workplace: Path, undisturbed: Callable[..., Path]) -> Path:
    return shutil.copytree(undisturbed(), workplace / "results")


@pytest.mark.parametrize("kind", ["pipe", "device", "sparse", "folder"])
@pytest.mark.parametrize("name", FILES)
def test_results_are_told_and_made_again(command: Command, results: Path, name: str, kind: str) -> None:
    before = contents(results / "linear")
    put(kind, results / "linear" / name)
    with limited():
        assert "not valid: " in command("list").stdout
        for words in (("check", "linear"), ("report", "--markdown"), ("plot", "linear")):
            done = command(*words)
            assert done.exit_code == 4, words
            assert f"error: results/linear: {name}" in done.stderr
            assert "Run: fa-repro run linear" in done.stderr
        done = command("run", "linear", "-q")
    assert done.exit_code == 0
    assert "moved aside" in done.stderr
    assert contents(results / "linear") == before


@pytest.mark.parametrize("kind", ["deep", "broad"])
def test_nested_manifest_is_told(command: Command, results: Path, kind: str) -> None:
    put(kind, results / "linear/manifest.json")
    with limited():
        assert "not valid: manifest.json is not valid JSON: " in command("list").stdout
        assert command("check", "linear").exit_code == 4
        assert command("run", "linear", "-q").exit_code == 0


@pytest.mark.parametrize("kind", ["pipe", "device", "sparse", "folder", "deep"])
@pytest.mark.parametrize("name", ["manifest.json", "record.npz"])
def test_run_is_told_and_trained_again(command: Command, results: Path, name: str, kind: str) -> None:
    before = contents(results / "linear")
    (first, *_) = stored(results)
    put(kind, first.parent / name)
    with limited():
        done = command("run", "linear")
    assert done.exit_code == 0
    assert done.stderr.count("moved aside") == 1
    assert "trained 1 run, 11 cached" in done.stderr
    assert contents(results / "linear") == before


@pytest.mark.parametrize("kind", ["pipe", "device", "sparse", "folder", "deep", "broad"])
def test_notes_are_passed_over(command: Command, results: Path, kind: str) -> None:
    (first, *_) = stored(results)
    shutil.rmtree(first.parent)
    put(kind, paths.failure_file(results, first.parent.name))
    note = paths.in_progress_file(results, "linear")
    note.parent.mkdir(exist_ok=True)
    put(kind, note)
    with limited():
        assert "linear   " in command("list").stdout
        if kind != "folder":  # cannot be replaced by a file
            assert "trained 1 run, 11 cached" in command("run", "linear").stderr


@pytest.mark.parametrize("kind", ["pipe", "device", "sparse", "folder"])
def test_config_is_refused(command: Command, workplace: Path, kind: str) -> None:
    KINDS[kind](workplace / "own.yaml")
    with limited():
        for words in (("config", "linear"), ("run", "linear", "--dry-run")):
            done = command(*words, "--config", "own.yaml")
            assert done.exit_code == 2
            assert "own.yaml: cannot be read: expected " in done.stderr
            assert "Save the config as a file" in done.stderr


def test_config_in_the_way_of_a_copy_is_kept(command: Command, workplace: Path) -> None:
    os.mkfifo(workplace / "configs/angle.yaml")
    with limited():
        done = command("init")
    assert done.exit_code == 0
    assert "not overwritten: configs/angle.yaml" in done.stderr
    assert (workplace / "configs/angle.yaml").is_fifo()


def bomb(path: Path) -> None:
    """600 MB in an archive of some 3 MB, from an array that says so."""
    whole = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with whole as archive, archive.open("column/nse.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (75_000_000,)})
        for _ in range(600):
            file.write(bytes(10**6))


def says_much(path: Path) -> None:
    """An array that says that it has 600 MB, but has none of them."""
    with zipfile.ZipFile(path, "w") as archive, archive.open("column/nse.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (75_000_000,)})


@pytest.mark.parametrize("make", [bomb, says_much])
def test_bomb_is_not_decoded(command: Command, results: Path, tmp_path: Path, make: Callable[[Path], None]) -> None:
    (first, *_) = stored(results)
    make(tmp_path / "bomb.npz")
    reseal(first.parent, "record.npz", (tmp_path / "bomb.npz").read_bytes())
    with limited():
        done = command("run", "linear")
    assert done.exit_code == 0
    assert "trained 1 run, 11 cached" in done.stderr
    assert done.stderr.count("moved aside") == 1


@pytest.mark.parametrize("name", ["linear.csv", "linear.png", "config.yaml"])
def test_manifest_that_vouches_for_much(command: Command, results: Path, name: str) -> None:
    """A sparse file of the size in the manifest."""
    put("sparse", results / "linear" / name)
    path = results / "linear/manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"][name]["bytes"] = 10 * 10**9
    write_manifest(path, manifest)
    with limited():
        assert command("check", "linear").exit_code == 4
        assert command("run", "linear", "-q").exit_code == 0


def test_config_that_asks_for_much(command: Command, results: Path) -> None:
    """A table is read as far as the config says that it has rows, and rows are counted before they are listed."""
    for old, new in (("examples: 40", "examples: 900000000000"), ("trials: 3", "trials: 90000")):
        reseal(
            results / "linear",
            "config.yaml",
            (results / "linear/config.yaml").read_bytes().replace(old.encode(), new.encode()),
        )
        with limited():
            done = command("check", "linear")
        assert done.exit_code == 4
        assert "error: results/linear: " in done.stderr


def test_file_that_grows_is_read_no_further(tmp_path: Path) -> None:
    endless = Path("/proc/self/status")  # its size is given as 0
    for read in (bounded.read_file, bounded.hash_file):
        with pytest.raises(bounded.TooLargeError, match="it grows"):
            read(endless, 10**9)
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "none", 1)


def test_seal_of_the_tests_is_that_of_the_store(results: Path) -> None:
    (path, *_) = stored(results)
    seal = json.loads(path.read_bytes())["seal"]
    write_manifest(path, json.loads(path.read_bytes()))
    assert json.loads(path.read_bytes())["seal"] == seal


def test_small_config_is_read(command: Command, workplace: Path) -> None:
    (workplace / "link.yaml").symlink_to(workplace / "own.yaml")
    (workplace / "own.yaml").write_text(SMALL)
    assert command("config", "linear", "--config", "link.yaml").exit_code == 0
