"""Fixtures of the tests beside."""

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fa_repro.datasets import checksums, mirrors
from fa_repro.datasets import mnist as dataset
from fa_repro.datasets.checksums import Expected
from tests.support.datasets import NAMES, Answer, Files, client, expected


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
