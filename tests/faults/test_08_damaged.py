"""Fault 8: a byte flipped, or a truncation, in each file of a result.

Promised: moved aside with one warning, trained again.
"""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from fa_repro import run
from fa_repro.errors import StorageError
from fa_repro.results.store import Store
from fa_repro.training.runs import Run
from fa_repro.training.trainer import train
from tests.support.configs import SMALL
from tests.support.files import contents
from tests.support.outcomes import assert_same
from tests.support.pictures import stand_in
from tests.support.processes import fa_repro, stored


def flipped(data: bytes, at: int = 2) -> bytes:
    """One bit of one byte changed; in a manifest byte 2 is part of `schema`, in a record of the archive's signature."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "flip": flipped,
    "flip in the middle": lambda data: flipped(data, len(data) // 2),
    "flip at the end": lambda data: flipped(data, len(data) - 1),
    "truncate": lambda data: data[: len(data) // 2],
    "truncate by one": lambda data: data[:-1],
    "empty": lambda data: b"",
}


@pytest.mark.parametrize(
    ("name", "damage"),
    [("record.npz", damage) for damage in DAMAGE]
    + [("manifest.json", damage) for damage in ("flip", "truncate", "truncate by one", "empty")]
    + [("record.npz", "remove"), ("manifest.json", "remove")],
)
def test_damaged_run_is_put_aside_with_a_warning(
    stored_run: tuple[Store, Run, Path], name: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    store, run, folder = stored_run
    path = folder / name
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert store.load(run) is None
    assert len(caplog.records) == 1
    assert "moved aside" in caplog.text
    assert not folder.exists()
    assert len(list((folder.parent.parent / "damaged").iterdir())) == 1
    store.commit(run, train([run])[0], 1.0)
    assert store.load(run) is not None


@pytest.mark.parametrize("name", ["record.npz", "manifest.json"])
def test_no_flipped_byte_gives_a_wrong_number(stored_run: tuple[Store, Run, Path], name: str) -> None:
    """A flipped bit in an entry such as versions, which is no checksum, is not noticed and does no harm."""
    store, run, folder = stored_run
    data, right = (folder / name).read_bytes(), train([run])[0]
    whole = shutil.copytree(folder, folder.parent.parent.parent / "whole")
    lost, places = 0, random.Random(0).sample(range(len(data)), 300)
    for at in places:
        (folder / name).write_bytes(flipped(data, at))
        try:
            loaded = store.load(run)
        except StorageError as error:
            assert "newer fa_repro" in str(error)  # the schema's own digit
            loaded = None
        if loaded is not None:
            assert_same(loaded, right)
        lost += loaded is None
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
    assert lost == 300 if name == "record.npz" else lost > 50


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["linear.csv", "linear_maps.csv", "linear.png", "config.yaml"])
def test_damaged_result_file_is_recreated(
    command: Callable[..., Result], workplace: Path, shared: Path, name: str, damage: str
) -> None:
    folder = shutil.copytree(shared, workplace / "results") / "linear"
    before = contents(folder)
    wrong = DAMAGE[damage](before[name])
    (folder / name).write_bytes(wrong)
    done = command("run", "linear", "-q")
    assert done.exit_code == 0
    (line,) = done.stderr.splitlines()
    assert f"WARNING: results/linear: {name} does not match its manifest; moved aside to " in line
    assert contents(folder) == before
    assert [path.read_bytes() for path in (folder / "damaged").iterdir()] == [wrong]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_manifest_hides_no_wrong_numbers(
    command: Callable[..., Result], workplace: Path, shared: Path, damage: str
) -> None:
    folder = shutil.copytree(shared, workplace / "results") / "linear"
    before, path = contents(folder), folder / "manifest.json"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert command("run", "linear", "-q").exit_code == 0
    assert contents(folder) == before
    assert command("plot", "linear").exit_code == 0


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the small config."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "configs").mkdir()
    (folder / "configs/linear.yaml").write_text(SMALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        stand_in(patch)
        run("linear")
    return folder / "results"


def test_by_a_real_command_both_kinds_at_once(workplace: Path) -> None:
    assert fa_repro("run", "linear").code == 0
    folder, runs = workplace / "results/linear", sorted((workplace / "results/runs").glob("??/*"))
    before = contents(folder)
    (folder / "linear.csv").write_bytes(flipped(before["linear.csv"], 500))
    (runs[3] / "record.npz").write_bytes((runs[3] / "record.npz").read_bytes()[:-1])
    done = fa_repro("run", "linear")
    assert done.code == 0
    assert "trained 1 run, 11 cached" in done.err
    assert done.err.count("moved aside") == done.err.count("WARNING") == 2
    assert contents(folder) == before
    assert len(stored(workplace / "results")) == 12


def test_crash_between_renames_counts_as_absent(command: Callable[..., Result], workplace: Path) -> None:
    command("run", "linear")
    table = workplace / "results/linear/linear.csv"
    table.write_bytes(table.read_bytes() + b"x")
    told = command("plot", "linear")
    assert told.exit_code == 4
    assert "linear.csv does not match its manifest. Run: fa-repro run linear" in told.stderr
    assert "trained" not in command("run", "linear").stderr
    assert command("plot", "linear").exit_code == 0


def test_changed_manifest_moves_no_divergence(command: Callable[..., Result], workplace: Path) -> None:
    rate = ("--set", "algorithms.backprop.learning_rate=0.9", "--set", "training.examples=300", "--set", "trials=1")
    words = ("run", "linear", "--only", "backprop", *rate)
    assert command(*words).exit_code == 1
    before = [line for line in command(*words).stderr.splitlines() if line.startswith("error")]
    (path,) = stored(workplace / "results")
    text = path.read_text()
    at = json.loads(text)["diverged_at"]
    for other in (at ^ 1, "null"):
        path.write_text(text.replace(f'"diverged_at": {at}', f'"diverged_at": {other}'))
        after = command(*words)
        assert [line for line in after.stderr.splitlines() if line.startswith("error")] == before
        assert "trained 1 run" in after.stderr


def test_damaged_manifest_is_put_aside(command: Callable[..., Result], workplace: Path) -> None:
    command("run", "linear")
    path = workplace / "results/linear/manifest.json"
    path.write_bytes(path.read_bytes()[:-10])
    assert command("run", "linear").stderr.count("moved aside") == 1
    assert len([*(workplace / "results/linear/damaged").iterdir()]) == 1
