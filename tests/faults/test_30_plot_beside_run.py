"""Fault 30: `plot` beside `run` of another config.

Promised: one or the other, never a mixture with a valid manifest.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from fa_repro import run
from fa_repro.experiment import redrawing
from fa_repro.experiment.saved import load_results
from fa_repro.results import directory
from tests.support import pictures

Command = Callable[..., Result]

FOLDER = Path("results/linear")


@pytest.fixture
def both(workplace: Path, command: Command) -> dict[str, Callable[[], object]]:
    """Commands for a folder with results of 3 trials: what each writes is of one config only."""
    run("linear", {"trials": 2})
    run("linear")
    return {
        "run": lambda: run("linear", {"trials": 2}),
        "run with pdf": lambda: run("linear", {"trials": 2}, formats=["pdf"]),
        "plot": lambda: command("plot", "linear"),
        "plot with svg": lambda: command("plot", "linear", "--format", "svg"),
    }


def trials_of_one() -> int:
    """The number of trials of the results, after a check that all files are of the same command."""
    saved = load_results(FOLDER)
    for path in directory.picture_paths(FOLDER, directory.saved_formats(FOLDER)):
        drawn = pictures.draw_figure(None, None, saved)
        assert path.read_bytes() == pictures.save_figure(drawn, path.suffix[1:]), path
    trials = int(saved.config["trials"])
    assert set(saved.table["trial"]) == set(range(trials))
    assert [*saved.manifest["options"]] == ([] if trials == 3 else ["--set trials=2"])
    return trials


def between(patch: pytest.MonkeyPatch, owner: object, name: str, at: int, act: Callable[[], object]) -> list[int]:
    """Call `act` right before the call number `at` of a function; returns a list that grows with each call."""
    original, calls = getattr(owner, name), list[int]()

    def call(*words: object, **keys: object) -> object:
        calls.append(1)
        if len(calls) == at:
            act()
        return original(*words, **keys)

    patch.setattr(owner, name, call)
    return calls


@pytest.mark.parametrize("place", ["draw_formats", "load_results"])
@pytest.mark.parametrize("other", ["run", "run with pdf"])
def test_results_replaced_while_they_are_drawn(
    both: dict[str, Callable[[], object]], command: Command, monkeypatch: pytest.MonkeyPatch, place: str, other: str
) -> None:
    calls = between(monkeypatch, redrawing, place, 1, both[other])
    assert command("plot", "linear").exit_code == 0
    assert len(calls) == (2 if place == "draw_formats" else 1)
    assert trials_of_one() == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [("plot", "run"), ("run", "plot"), ("plot with svg", "run with pdf"), ("run with pdf", "plot with svg")],
)
def test_either_command_at_each_rename_of_the_other(
    both: dict[str, Callable[[], object]], monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    for at in range(1, 20):
        run("linear", formats=["png"])
        with monkeypatch.context() as patch:
            calls = between(patch, Path, "replace", at, both[second])
            both[first]()
        assert trials_of_one() in (2, 3), at
        if len(calls) < at:
            break
    assert at > 4


def test_two_runs_of_different_configs(both: dict[str, Callable[[], object]], monkeypatch: pytest.MonkeyPatch) -> None:
    for at in range(1, 8):
        with monkeypatch.context() as patch:
            between(patch, Path, "replace", at, both["run"])
            run("linear")
        assert trials_of_one() == 3, at


def test_results_that_keep_changing_are_told(
    both: dict[str, Callable[[], object]], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, number = redrawing.draw_formats, iter(range(100))

    def replaced(*words: object) -> object:
        run("linear", {"trials": 2 + next(number) % 2})
        return draw(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(redrawing, "draw_formats", replaced)
    done = command("plot", "linear")
    assert done.exit_code == 4
    assert "other commands keep replacing these results" in done.stderr
    assert trials_of_one() in (2, 3)
