"""Fault 31: read-only results.

Promised: reading commands need no writing; a report and pictures can be written elsewhere.
"""

import os
import re
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

import fa_repro
from fa_repro.errors import StorageError
from fa_repro.io import atomic
from tests.support.files import contents, read_only_folder

Command = Callable[..., Result]

READING = {
    ("list",): 0,
    ("check",): 4,
    ("check", "--json"): 4,
    ("check", "linear", "--json"): 5,  # too few trials to judge anything
    ("config", "linear"): 0,
    ("run", "linear", "--dry-run"): 0,
    ("run", "linear", "--dry-run", "--set", "trials=4"): 0,
    ("report", "--output", "elsewhere/page.html"): 4,
    ("report", "--markdown"): 4,
    ("report", "--output", "-"): 4,
    ("plot", "linear", "--output", "elsewhere"): 0,
    ("plot", "angle", "--output", "elsewhere"): 4,
}
"""Commands, with their exit codes where the results of another figure are damaged."""


@pytest.fixture
def results(workplace: Path, undisturbed: Callable[..., Path]) -> Path:
    """Results with all that a writing command would put aside or sweep: damaged runs and tables, leftovers."""
    results = shutil.copytree(undisturbed(), workplace / "results")
    record, other, *_ = sorted((results / "runs").rglob("record.npz"))
    record.write_bytes(record.read_bytes()[:-1])
    (other.parent / "manifest.json").write_text("{}")
    shutil.copytree(results / "linear", results / "angle")
    (results / "angle/linear.csv").write_text("algorithm\n")
    for folder in (results / "runs", results / "linear"):
        leftover = folder / f"{atomic.PREFIX}another-host-1-2"
        leftover.touch()
        os.utime(leftover, (0, 0))
    return results


def state(folder: Path) -> dict[Path, tuple[int, int, int]]:
    return {
        path: (about.st_ino, about.st_mtime_ns, about.st_size)
        for path in (folder, *folder.rglob("*"))
        for about in (path.lstat(),)
    }


def assert_readable(command: Command, results: Path) -> None:
    for words, code in READING.items():
        done = command(*words)
        assert done.exit_code == code, (words, done.stderr)
        assert "aside" not in done.stderr
    assert len(fa_repro.load("linear").table) == 480
    with pytest.raises(StorageError, match="these are the results of linear"):
        fa_repro.load("angle")
    assert fa_repro.check("linear")
    assert fa_repro.list()
    assert contents(results.parent / "elsewhere").keys() == {"linear.png", "page.html"}


def test_reading_commands_write_nothing(command: Command, results: Path) -> None:
    before = state(results)
    assert_readable(command, results)
    assert state(results) == before


def test_read_only_results_can_be_used(command: Command, results: Path) -> None:
    with read_only_folder(results):
        assert_readable(command, results)
        for words, way_out in (
            (("plot", "linear"), "To draw it elsewhere, use --output FILE or FOLDER"),
            (("report",), "To write it elsewhere, use --output FILE"),
            (("run", "linear", "--set", "trials=4"), "ile system"),
        ):
            done = command(*words)
            assert done.exit_code == 4
            assert done.stderr.startswith("error: ")
            assert done.stderr.endswith((f"{way_out}\n", "Permission denied\n"))


def test_missing_results_are_not_created(command: Command, workplace: Path) -> None:
    for words in READING:
        if words[0] != "plot":
            assert command(*words).exit_code == (5 if words[:2] == ("check", "linear") else 0)
    assert not (workplace / "results").exists()


@pytest.mark.parametrize("output", ["page.html", "results/page.html", "new/folder/page.html", "results/linear/p.html"])
def test_links_of_a_report_elsewhere_are_right(
    command: Command, workplace: Path, undisturbed: Callable[..., Path], output: str
) -> None:
    shutil.copytree(undisturbed(), workplace / "results")
    assert command("report", "--output", output).stdout == f"{output}\n"
    text = (workplace / output).read_text()
    links = [link for link in re.findall(r'href="([^"]*)"', text) if not link.startswith(("#", "data:", "https:"))]
    assert {((workplace / output).parent / link).resolve() for link in links} == set(
        (workplace / "results/linear").iterdir()
    ) - {workplace / output}
    assert 'src="data:image/png;base64,' in text
    assert ("the results in this folder" in text) == (output == "results/page.html")


def test_a_report_elsewhere_links_to_any_name(
    command: Command, workplace: Path, undisturbed: Callable[..., Path]
) -> None:
    folder = workplace / os.fsdecode(b"a#b?c%20 caf\xe9")
    shutil.copytree(undisturbed(), folder)
    assert command("report", "--results", folder, "--output", "page.html").exit_code == 0
    assert 'href="a%23b%3Fc%2520%20caf%E9/linear/linear.csv"' in Path("page.html").read_text()


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (("--output", "new/folder"), ("new/folder/linear.png",)),
        (("--output", ".", "--format", "svg,pdf"), ("linear.png", "linear.pdf", "linear.svg")),
        (("--output", "fig1d.PDF"), ("fig1d.PDF",)),
        (("--output", "new/fig1d.png"), ("new/fig1d.png",)),
    ],
)
def test_a_picture_is_drawn_elsewhere(
    command: Command, workplace: Path, undisturbed: Callable[..., Path], words: tuple[str, ...], files: tuple[str, ...]
) -> None:
    results = shutil.copytree(undisturbed(), workplace / "results")
    before = state(results)
    done = command("plot", "linear", *words)
    assert tuple(done.stdout.splitlines()) == files
    for file in files:
        assert Path(file).read_bytes().startswith(Path(file).suffix[1:].lower().encode())  # as the stand-ins do
    assert state(results) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--output", "fig.jpg"), "expected a folder, or a file that ends in one of .png, .pdf, .svg"),
        (("--output", "fig.pdf", "--format", "svg"), "its ending is the format. Leave out --format, or name a folder"),
    ],
)
def test_other_pictures_are_refused(
    command: Command, workplace: Path, undisturbed: Callable[..., Path], words: tuple[str, ...], message: str
) -> None:
    shutil.copytree(undisturbed(), workplace / "results")
    done = command("plot", "linear", *words)
    assert (done.exit_code, done.stderr) == (2, f"error: --output {words[1]}: {message}\n")
    assert not Path(words[1]).exists()


def test_pipes_and_links_are_written_through(command: Command, workplace: Path) -> None:
    os.mkfifo("pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_text()), daemon=True)
    reader.start()
    assert command("report", "--output", "pipe").exit_code == 0
    reader.join()
    assert read[0].startswith("<!DOCTYPE html>")
    assert stat.S_ISFIFO(os.lstat("pipe").st_mode)
    Path("link.html").symlink_to("page.html")
    assert command("report", "--output", "link.html").exit_code == 0
    assert Path("link.html").is_symlink()
    assert Path("page.html").read_text() == read[0]


def test_markdown_may_go_to_a_file(command: Command, workplace: Path) -> None:
    printed = command("report", "--markdown").stdout
    assert command("report", "--markdown", "--output", "report.md").stdout == "report.md\n"
    assert Path("report.md").read_text() == printed
    assert not (workplace / "results").exists()
