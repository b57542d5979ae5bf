"""Fault 9: manifest missing, empty, `{}`, or from a future version.

Promised: treated as absent; future version refused in words.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from fa_repro import run
from fa_repro.errors import StorageError
from fa_repro.results import directory
from tests.support.files import contents
from tests.support.processes import fa_repro, stored

Command = Callable[..., Result]

ODD = [
    None,
    "",
    "{}",
    "[]",
    "null",
    '{"schema": "1", "files": {}}',
    '{"schema": 1}',
    '{"schema": 1, "files": {}}',
    '{"schema": 1, "files": 5}',
    '{"schema": 1, "files": {"linear.csv": 5}}',
    '{"schema": 1, "files": {"\\u0000": {}}}',
    '{"schema": 1, "files": {"' + 300 * "x" + '": {"sha256": "' + 64 * "0" + '", "bytes": 0}}}',
    '{"schema": 1, "files": {"../x": {"sha256": "", "bytes": 0}}}',
    '{"schema": 1, "files": {}, "failed": 5, "options": 3}',
    "[" * 100_000,
]


def put(folder: Path, manifest: str | None) -> None:
    (folder / "manifest.json").unlink()
    if manifest is not None:
        (folder / "manifest.json").write_text(manifest)


@pytest.mark.parametrize("manifest", ODD)
def test_run_with_invalid_manifest_is_retrained(command: Command, workplace: Path, manifest: str | None) -> None:
    command("run", "linear", "--only", "backprop")
    before, runs = contents(workplace / "results/linear"), stored(workplace / "results")
    first, *others = sorted(runs)
    put(first.parent, manifest)
    done = command("run", "linear", "--only", "backprop")
    assert done.exit_code == 0
    assert "trained 1 run, 2 cached" in done.stderr
    assert done.stderr.count("moved aside") == 1
    after = stored(workplace / "results")
    assert after.keys() == runs.keys()
    assert all(after[path] == runs[path] for path in others)
    assert contents(workplace / "results/linear") == before


@pytest.mark.parametrize("manifest", ODD)
def test_invalid_manifest_makes_results_absent(command: Command, workplace: Path, manifest: str | None) -> None:
    folder = run("linear").directory
    before = contents(folder)
    put(folder, manifest)
    assert "linear  " in (told := command("list").stdout)
    assert "done" not in told
    with pytest.raises(StorageError, match="Run: fa-repro run linear"):
        directory.load(folder)
    assert command("plot", "linear").exit_code == 4
    assert run("linear").trained == 0
    directory.load(folder)
    assert contents(folder) == before


def test_run_of_a_newer_version_is_refused(workplace: Path) -> None:
    assert fa_repro("run", "linear").code == 0
    path = sorted(stored(workplace / "results"))[5]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 99}))
    before = path.read_text(), contents(path.parent), contents(workplace / "results/linear")
    done = fa_repro("run", "linear")
    assert done.code == 4
    (line,) = done.err.splitlines()
    assert line.startswith(f"error: {path.relative_to(workplace)} was written by a newer fa_repro (schema 99, ")
    assert line.endswith("Update fa_repro, or use another --results folder.")
    assert (path.read_text(), contents(path.parent), contents(workplace / "results/linear")) == before


@pytest.mark.parametrize("manifest", ['{"schema": 99, "files": {}}', '{"schema": 99}', '{"schema": 2, "x": []}'])
def test_results_of_a_newer_version_are_kept(command: Command, workplace: Path, manifest: str) -> None:
    command("run", "linear", "--only", "backprop")
    folder = workplace / "results/linear"
    (folder / "manifest.json").write_text(manifest)
    before = contents(folder)
    for words in (("run", "linear", "--set", "trials=1"), ("run", "linear", "--force"), ("plot", "linear")):
        done = command(*words)
        assert done.exit_code == 4
        assert "manifest.json was written by a newer fa_repro (schema " in done.stderr
    assert contents(folder) == before
    assert (folder / "manifest.json").read_text() == manifest
    assert "newer fa_repro" in command("list").stdout
