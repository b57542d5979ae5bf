"""Fault 31: folder fsync unsupported, EXDEV on rename of a folder.

Promised: works.
"""

import errno
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from fa_repro.io import atomic
from fa_repro.results.store import Store
from fa_repro.training.runs import Run
from fa_repro.training.trainer import train
from tests.support.configs import small_runs
from tests.support.files import contents
from tests.support.outcomes import assert_same
from tests.support.processes import leftovers, verifies

Command = Callable[..., Result]


def flushing_fails(patch: pytest.MonkeyPatch, call: str, number: int) -> None:
    """Make `open` or `fsync` of every folder fail with an error number."""
    original = getattr(os, call)

    def failing(what: Any, *rest: Any, **more: Any) -> Any:
        if stat.S_ISDIR((os.fstat if isinstance(what, int) else os.lstat)(what).st_mode):
            raise OSError(number, os.strerror(number))
        return original(what, *rest, **more)

    patch.setattr(os, call, failing)


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("fsync", errno.EINVAL),
        ("fsync", errno.ENOTSUP),
        ("fsync", errno.ENOSYS),
        ("open", errno.EACCES),
        ("open", errno.EISDIR),
    ],
)
def test_a_folder_need_not_be_flushed(
    stored_run: tuple[Store, Run, Path], monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    store, _, _ = stored_run
    other = small_runs("backprop")[1]
    with monkeypatch.context() as patch:
        flushing_fails(patch, call, number)
        store.commit(other, train([other])[0], 1.0)
        atomic.replace_together(store.root / "x", {"a.csv": b"a", "manifest.json": b"m"})
    assert store.load(other) is not None
    assert contents(store.root / "x") == {"a.csv": b"a"}


def test_a_file_need_not_be_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(_: int) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(os, "fsync", unsupported)
    atomic.replace_together(tmp_path, {"a.csv": b"a"})
    assert contents(tmp_path) == {"a.csv": b"a"}


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_flush_that_fails_is_a_failure(command: Command, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    flushing_fails(monkeypatch, "fsync", number)
    done = command("run", "linear")
    assert done.exit_code == 4
    assert os.strerror(number) in done.stderr


def across_mounts(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let no file or folder that is there now be renamed, as if all were on another mount."""
    there = {path.stat().st_ino for path in folder.rglob("*")}
    original = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if path.stat().st_ino in there:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return original(path, target)

    patch.setattr(Path, "rename", rename)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def damage(results: Path) -> Path:
    """Damage one stored run and one table; returns the record of the run."""
    record = min((results / "runs").rglob("record.npz"))
    for path in (record, results / "linear/linear.csv"):
        flip(path)
    return record


def assert_mended(results: Path, record: Path, damaged: bytes, made: Path) -> None:
    """The damaged run and table were put aside whole, and made again."""
    (run,) = (results / "runs/damaged").iterdir()
    (table,) = (results / "linear/damaged").iterdir()
    assert (run / "record.npz").read_bytes() == damaged
    assert (run / "manifest.json").is_file()
    assert table.name.startswith("linear.csv-")
    assert verifies(record.parent)
    assert contents(results / "linear") == contents(made / "linear")
    assert not leftovers(results)


def test_what_is_damaged_is_put_aside_across_mounts(
    command: Command, workplace: Path, undisturbed: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = undisturbed()
    results = shutil.copytree(made, workplace / "results")
    record = damage(results)
    damaged = record.read_bytes()
    across_mounts(monkeypatch, results)
    done = command("run", "linear")
    assert done.exit_code == 0, done.stderr
    assert_mended(results, record, damaged, made)


def test_a_run_is_replaced_across_mounts(stored_run: tuple[Store, Run, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    store, one, _ = stored_run
    new = train([small_runs("backprop")[1]])[0]  # of the same name, as if the numerics had changed
    across_mounts(monkeypatch, store.root)
    store.commit(one, new, 2.0, overwrite=True)
    found = store.load(one)
    assert found is not None
    assert_same(found, new)
    assert not leftovers(store.root)


def test_a_disk_full_while_copying_loses_nothing(
    stored_run: tuple[Store, Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, one, folder = stored_run
    before = contents(folder)
    across_mounts(monkeypatch, store.root)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(atomic.StorageError, match="No space left"):
        store.commit(one, train([small_runs("backprop")[1]])[0], 2.0, overwrite=True)
    assert contents(folder) == before
    assert verifies(folder)
    assert not leftovers(store.root)


@pytest.fixture
def overlaid(workplace: Path, undisturbed: Callable[..., Path]) -> Iterator[Path]:
    """Results in the lower layer of an overlay, as in a container's image; the folders cannot be renamed."""
    layers = [workplace / name for name in ("lower", "upper", "work", "results")]
    shutil.copytree(undisturbed(), layers[0])
    for layer in layers[1:]:
        layer.mkdir()
    lower, upper, work, results = layers
    options = f"lowerdir={lower},upperdir={upper},workdir={work},redirect_dir=off"
    words = ["mount", "-t", "overlay", "overlay", "-o", options, str(results)]
    if shutil.which("mount") is None or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield results
    subprocess.run(["umount", "-l", results], check=True)


def test_results_of_a_container_image_can_be_mended(
    command: Command, overlaid: Path, undisturbed: Callable[..., Path]
) -> None:
    record = damage(overlaid)
    damaged = record.read_bytes()
    done = command("run", "linear")
    assert done.exit_code == 0, done.stderr
    assert_mended(overlaid, record, damaged, undisturbed())
