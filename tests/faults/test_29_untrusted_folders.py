"""Fault 29, of folders: what others left in the current folder or in the results must not run or be overwritten."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from fa_repro.errors import ConfigError
from fa_repro.io import yaml
from tests.support.configs import SMALL
from tests.support.processes import fa_repro

Command = Callable[..., Result]


def test_workers_import_nothing_from_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "multiprocessing.py").write_text("open('owned', 'w').close()\n")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/linear.yaml").write_text(SMALL)
    script = (  # as a console script, whose path has not the current folder
        "if __name__ == '__main__':\n"
        "    from fa_repro.plotting import render\n"
        "    from tests.support import pictures\n"
        "    render.draw_figure, render.save_figure = pictures.draw_figure, pictures.save_figure\n"
        "    from fa_repro.__main__ import main\n"
        "    main()\n"
    )
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/script.py").write_text(script)
    done = fa_repro("run", "linear", "--jobs", "2", "--quiet", script=str(tmp_path / "elsewhere/script.py"))
    assert done.code == 0, done.err
    assert not (tmp_path / "owned").exists()


def test_a_link_in_place_of_results_is_refused(command: Command, workplace: Path) -> None:
    victim = workplace / "victim"
    victim.mkdir()
    (victim / "config.yaml").write_text("mine")
    (workplace / "results").mkdir()
    (workplace / "results/linear").symlink_to(victim)
    done = command("run", "linear")
    assert done.exit_code == 4
    assert "results/linear is a link, and files elsewhere would be replaced" in done.stderr
    assert [path.name for path in victim.iterdir()] == ["config.yaml"]


@pytest.mark.parametrize("value", ["1." + "0" * 800_000, "a" * 800_000])
def test_repeated_aliases_are_bounded(value: str) -> None:
    text = f"a: &a {value}\nb: [{', '.join(['*a'] * 20_000)}]\n"
    with pytest.raises(ConfigError, match="too large for a config, with what its aliases repeat"):
        yaml.load(text, "a.yaml")
