"""Fault 16: read-only results, path with spaces and Unicode, no git, no display, output not a terminal.

Promised: works, or a clear error; no control codes in a log.
"""

import os
import pty
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.configs import SMALL
from tests.support.environment import environment
from tests.support.files import contents, read_only_folder
from tests.support.processes import begin, fa_repro, finish


@pytest.fixture
def made(undisturbed: Callable[..., Path]) -> Path:
    """Results of the small config."""
    return undisturbed()


@pytest.fixture
def read_only(workplace: Path, made: Path) -> Iterator[Path]:
    """Those results where nothing can be written, not even by root, to whom the rights of files mean nothing."""
    results = shutil.copytree(made, workplace / "results")
    with read_only_folder(results):
        yield results


def test_unwritable_results_are_named_and_kept(workplace: Path, read_only: Path) -> None:
    before = contents(read_only / "linear")
    elsewhere = ". To draw it elsewhere, use --output FILE or FOLDER"
    for *words, way_out in (
        ("run", "linear", ""),
        ("run", "linear", "--set", "trials=4", ""),
        ("plot", "linear", elsewhere),
    ):
        done = fa_repro(*words)
        assert done.code == 4, done.err
        line = done.err.splitlines()[-1]
        assert line.startswith("error: cannot write ")
        assert "results/" in line
        assert line.endswith((f": Read-only file system{way_out}", f": Permission denied{way_out}"))
    assert fa_repro("run", "linear", "--dry-run").code == 0
    assert contents(read_only / "linear") == before


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_file_in_place_of_a_folder_is_named(workplace: Path, jobs: str) -> None:
    (workplace / "results").write_text("a person's file")
    done = fa_repro("run", "linear", "--jobs", jobs)
    assert done.code == 4
    assert done.err.startswith("error: cannot write to results/runs: ")
    assert (workplace / "results").read_text() == "a person's file"


def test_a_folder_may_have_any_name(workplace: Path, made: Path) -> None:
    """The last is not Unicode."""
    name = "my results/Übung 数 🙂/a'b\"c$d;e/".encode() + b"caf\xe9"
    folder = Path(os.fsdecode(os.fsencode(workplace) + b"/" + name))
    shutil.copytree(workplace / "configs", folder / "configs")
    decoding = {"cwd": folder, "encoding": "utf-8", "errors": "surrogateescape"}
    words = ("--config", folder / "configs/linear.yaml", "--results", folder / "results")
    done = fa_repro("run", "linear", *words, "--jobs", "2", **decoding)
    assert done.code == 0, done.err
    assert done.out == f"{folder}/results/linear/linear.png\n"
    assert contents(folder / "results/linear") == contents(made / "linear")
    assert fa_repro("plot", "linear", **decoding).code == 0
    assert "done" not in fa_repro("list", "--results", folder, **decoding).out


SURROUNDINGS: dict[str, Callable[[Path], dict[str, str | None]]] = {
    "no git, no display, no home": lambda folder: {
        "PATH": str(folder / "nothing"),
        "DISPLAY": None,
        "WAYLAND_DISPLAY": None,
        "HOME": None,
    },
    "a git that fails, a home that is not there": lambda folder: {
        "PATH": str(failing_git(folder)),
        "HOME": str(folder / "nothing"),
        "XDG_CACHE_HOME": None,
    },
    "an odd display and backend, a home that is a file": lambda folder: {
        "DISPLAY": ":99",
        "MPLBACKEND": "TkAgg",
        "HOME": str(folder / "configs/linear.yaml"),
    },
    "a backend that is not there, a bare locale, a dumb terminal": lambda folder: {
        "MPLBACKEND": "no-such-backend",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "TERM": "dumb",
        "COLUMNS": "1",
    },
    # Which instructions BLAS uses is the machine's affair, and decides the last bit of a number.
    "nearly no environment": lambda folder: {
        name: None for name in os.environ if not name.startswith(("PYTHON", "OPENBLAS"))
    },
}


def failing_git(folder: Path) -> Path:
    place = folder / "bin"
    place.mkdir()
    (place / "git").write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    (place / "git").chmod(0o755)
    return place


@pytest.mark.renders
def test_results_are_the_same_in_any_environment(workplace: Path, undisturbed: Callable[..., Path]) -> None:
    made, processes = undisturbed(drawn=True), {}
    for number, change in enumerate(SURROUNDINGS.values()):
        variables = environment() | change(workplace)
        variables = {name: value for name, value in variables.items() if value is not None}
        words = ("run", "linear", "--results", f"results{number}")
        processes[number] = begin(*words, module="fa_repro", env=variables)
    for (number, process), name in zip(processes.items(), SURROUNDINGS, strict=True):
        done = finish(process)
        assert done.code == 0, (name, done.err)
        assert contents(workplace / f"results{number}/linear") == contents(made / "linear"), name


def test_a_log_holds_plain_lines(workplace: Path) -> None:
    for words in (("-v",), ("--jobs", "2", "--set", "algorithms.backprop.learning_rate=0.9")):
        done = fa_repro("run", "linear", "--set", "training.examples=300", *words, stderr=subprocess.STDOUT)
        assert done.out.endswith("results/linear/linear.png\n")
        assert all(character == "\n" or character.isprintable() for character in done.out), done.out


def test_a_config_may_come_through_a_pipe(workplace: Path) -> None:
    os.mkfifo("pipe")
    process = begin("run", "linear", "--config", "pipe")
    Path("pipe").write_text(SMALL)
    done = finish(process)
    assert done.code == 0, done.err


def test_closed_stdout_changes_no_result(workplace: Path, made: Path) -> None:
    done = fa_repro("run", "linear", preexec_fn=lambda: os.close(1))
    assert done.code == 0, done.err
    assert contents(workplace / "results/linear") == contents(made / "linear")


def test_closed_pipe_ends_it_quietly(workplace: Path) -> None:
    """As in `fa-repro config linear | head -0`."""
    reading, writing = os.pipe()
    os.close(reading)
    done = fa_repro("config", "linear", stdout=writing)
    os.close(writing)
    assert done.code in (0, 1)
    assert "Error" not in done.err
    assert "error" not in done.err


def test_on_a_terminal_there_is_a_bar(workplace: Path) -> None:
    """So that the other tests of this file hold output to something that could be there."""
    ours, theirs = pty.openpty()
    process = begin("run", "linear", "--only", "backprop", stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # the other side has closed it
            break
        if not more:
            break
        said += more
    os.close(ours)
    finish(process)
    assert process.returncode == 0
    assert b"100%" in said


@pytest.mark.parametrize("closed", [(2,), (1, 2)])
def test_closed_standard_error_does_no_harm(workplace: Path, closed: tuple[int, ...]) -> None:
    done = fa_repro("run", "linear", preexec_fn=lambda: [os.close(each) for each in closed])
    assert done.code == 0
    assert (workplace / "results/linear/linear.png").is_file()
