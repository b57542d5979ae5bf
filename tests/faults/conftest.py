"""Whatever a test has started ends with it."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fa_repro import run
from tests.support import processes
from tests.support.configs import SMALL
from tests.support.pictures import stand_in
from tests.support.shared import shared_folder


@pytest.fixture(autouse=True)
def no_process_outlives_its_test() -> Iterator[None]:
    yield
    processes.end_all()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Gives a folder with results of the small config with some settings, made in this process; not to be changed.

    With `drawn` they have a picture, else a stand-in for it.
    """

    def results(drawn: bool = False, sweep: Mapping[str, Any] | None = None, **settings: Any) -> Path:
        def make(folder: Path) -> None:
            (folder / "configs").mkdir()
            (folder / "configs/linear.yaml").write_text(SMALL)
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(folder)
                if not drawn:
                    stand_in(patch)
                run("linear", {key.replace("__", "."): value for key, value in settings.items()}, sweep=sweep)

        name = hashlib.sha256(repr((drawn, sweep, settings)).encode()).hexdigest()[:12]
        return shared_folder(tmp_path_factory, f"undisturbed-{name}", make) / "results"

    return results
