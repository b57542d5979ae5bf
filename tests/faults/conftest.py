"""Whatever a test has started ends with it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fa_repro import run
from tests.support import processes
from tests.support.configs import SMALL


@pytest.fixture(autouse=True)
def no_process_outlives_its_test() -> Iterator[None]:
    yield
    processes.end_all()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Gives a folder with results of the small config with some settings, made in this process; not to be changed."""
    made: dict[str, Path] = {}

    def results(**settings: Any) -> Path:
        folder = made.get(repr(settings))
        if folder is None:
            folder = made[repr(settings)] = tmp_path_factory.mktemp("undisturbed")
            (folder / "configs").mkdir()
            (folder / "configs/linear.yaml").write_text(SMALL)
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(folder)
                run("linear", {key.replace("__", "."): value for key, value in settings.items()})
        return folder / "results"

    return results


@pytest.fixture
def no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some bytes in place of a picture, which takes long to draw, for commands in this process."""
    monkeypatch.setattr("fa_repro.plotting.render.draw_figure", lambda *_: None)
    monkeypatch.setattr("fa_repro.plotting.render.save_figure", lambda *_: bytes(range(256)) * 8)
