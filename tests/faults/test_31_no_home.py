"""Fault 31: no home folder.

Promised: works; its path is needed for the cache of MNIST alone.
"""

import pwd
import shutil
from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest
from click.testing import Result

from fa_repro.datasets import mnist
from tests.support.environment import environment
from tests.support.files import contents
from tests.support.processes import begin, finish

Command = Callable[..., Result]

LOOKING = """\
import os, pwd, sys
from fa_repro.plotting import render
from tests.support import pictures

def unknown(user):
    raise KeyError(user)

def draw(*words):
    import matplotlib
    assert matplotlib.get_configdir() and matplotlib.get_cachedir()
    return pictures.draw_figure(*words)

if __name__ == "__main__":
    if "HOME" not in os.environ:
        pwd.getpwuid = unknown
    render.draw_figure, render.save_figure = draw, pictures.save_figure
    from fa_repro.__main__ import main
    main()
"""
"""The command line, with pictures for which Matplotlib only looks for its folders."""

VARIABLES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "FA_REPRO_DATA", "FA_REPRO_CACHE")


@pytest.fixture
def made(workplace: Path, undisturbed: Callable[..., Path]) -> Path:
    return shutil.copytree(undisturbed(), workplace / "results")


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the environment nor the table of users has a home folder."""

    def unknown(user: int) -> None:
        raise KeyError(user)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("home", [None, "looking.py"])
def test_matplotlib_does_not_warn(workplace: Path, made: Path, home: str | None) -> None:
    """Neither of no home folder, nor of one that is a file."""
    (workplace / "looking.py").write_text(LOOKING)
    variables = {name: value for name, value in environment().items() if name not in VARIABLES}
    variables |= {} if home is None else {"HOME": str(workplace / home)}
    before = sorted(workplace.iterdir())
    done = finish(begin("plot", "linear", script="looking.py", env=variables))
    assert (done.code, done.out, done.err) == (0, "results/linear/linear.png\n", "")
    assert sorted(workplace.iterdir()) == before


def test_results_need_no_home(
    command: Command, workplace: Path, homeless: None, undisturbed: Callable[..., Path]
) -> None:
    for words in (("run", "linear"), ("list",), ("check",), ("report",)):
        done = command(*words)
        assert done.exit_code == 0, (words, done.stderr)
        assert done.stderr == ("linear: trained 12 runs, 0 cached\n" if words[0] == "run" else "")
    assert contents(workplace / "results/linear") == contents(undisturbed() / "linear")


def test_digits_of_a_named_folder_need_no_home(
    command: Command, digits: Path, homeless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FA_REPRO_DATA", str(digits))
    assert mnist.prepare().folder == digits
    assert len(mnist.load().train_images) == 600
    assert command("data", "path").stdout == f"{digits}\n"
    assert command("data", "verify").exit_code == 0


@pytest.mark.parametrize("raises", [True, False])
def test_a_cache_without_a_home_is_asked_for(
    command: Command, homeless: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, raises: bool
) -> None:
    if not raises:  # as older versions of platformdirs
        monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: Path("~/.cache/fa_repro"))
    for words in (("data", "path"), ("data", "verify"), ("data", "fetch", "--offline")):
        done = command(*words)
        assert done.exit_code == 3
        assert done.stderr.startswith(
            "error: MNIST has no cache folder, as there is no home folder. Set FA_REPRO_CACHE "
        )
    done = command("data", "fetch", "--offline", "--data-dir", "nothing")
    assert "nothing (--data-dir or FA_REPRO_DATA): no such folder" in done.stderr
    monkeypatch.delenv("FA_REPRO_DATA", raising=False)
    monkeypatch.setenv("FA_REPRO_CACHE", str(tmp_path))
    assert command("data", "path").stdout == f"{tmp_path / 'mnist'}\n"
