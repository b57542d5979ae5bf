"""What all tests share: floating-point errors raise, and small configs are at hand."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from matplotlib.figure import Figure

from fa_repro import isolation, run
from fa_repro.cli.main import command_line
from fa_repro.config.locate import shipped_folder
from fa_repro.datasets import checksums, mnist
from fa_repro.io import atomic
from fa_repro.results import directory, paths
from fa_repro.results.figure_results import FigureResults
from fa_repro.results.store import Store
from fa_repro.training.runs import Run
from fa_repro.training.trainer import train
from tests.support.configs import SMALL, small_runs
from tests.support.drawing import draw
from tests.support.figures import CASES, figure_of
from tests.support.pictures import stand_in
from tests.support.shared import shared_folder


@pytest.fixture(autouse=True)
def floating_point_errors_raise(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Raise on division by zero, overflow and invalid operations; on the last not where a test's `dtype` is float32.

    The AVX-512 kernels of OpenBLAS read uninitialised memory in float32 matrix-vector products with five columns. The
    products are right, but the flag of invalid operations may be set. Tests in float32 assert finite values instead.
    """
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    invalid = "ignore" if parameters.get("dtype") == "float32" else "raise"
    strict = {"divide": "raise", "over": "raise", "invalid": invalid}
    monkeypatch.setattr(isolation, "FLOATING_POINT", strict | {"under": "ignore"})
    with np.errstate(**strict):
        yield


@pytest.fixture(autouse=True)
def nothing_is_synchronized(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of tests need not outlive a failure of power."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(autouse=True)
def pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw figures only in tests marked `draws`, and render them only in tests marked `renders`."""
    if "renders" not in request.keywords:
        stand_in(monkeypatch, draws="draws" in request.keywords)


@pytest.fixture
def stored_run(tmp_path: Path) -> tuple[Store, Run, Path]:
    """A store with one run, which took 1.5 seconds, and the run's folder."""
    (one, *_) = small_runs("backprop")
    store = Store(tmp_path)
    store.prepare()
    store.commit(one, train([one])[0], 1.5)
    return store, one, paths.run_folder(tmp_path, one.key)


@pytest.fixture
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small MNIST, 600 and 100 images of ten blurred prototypes, in a folder of IDX files that is the only source."""
    rng = np.random.default_rng(0)
    prototypes = rng.integers(0, 256, (10, 28, 28))
    folder, table = tmp_path / "digits", {}
    folder.mkdir()
    for name, count in (("train", 600), ("t10k", 100)):
        classes = rng.integers(0, 10, count).astype(np.uint8)
        images = (0.5 * prototypes[classes] + 0.5 * rng.integers(0, 256, (count, 28, 28))).astype(np.uint8)
        for kind, values in (("images-idx3", images), ("labels-idx1", classes)):
            content = checksums.Expected("", values.shape).header + values.tobytes()
            (folder / f"{name}-{kind}-ubyte").write_bytes(content)
            table[f"{name}-{kind}-ubyte"] = checksums.Expected(atomic.sha256(content), values.shape)
    monkeypatch.setattr(checksums, "FILES", table)
    monkeypatch.setattr(mnist, "TRAINING", 600)
    monkeypatch.setenv("FA_REPRO_DATA", str(folder))
    monkeypatch.setenv("FA_REPRO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FA_REPRO_OFFLINE", "1")
    mnist.load.cache_clear()
    yield folder
    mnist.load.cache_clear()


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with the small config as `configs/linear.yaml`, and the current folder."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/linear.yaml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(workplace: Path) -> Callable[..., Result]:
    """Runs `fa-repro WORDS...` in the workplace, in this process."""

    def call(*words: str | Sequence[str]) -> Result:
        arguments = [str(word) for word in words]
        result = CliRunner().invoke(command_line, arguments, prog_name="fa-repro")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture(scope="session")
def shipped_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the shipped configs, trained once for all tests, without their pictures; not to be changed."""

    def make(folder: Path) -> None:
        shutil.copytree(shipped_folder(), folder / "configs")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            stand_in(patch)
            for name in ("linear", "nse", "angle"):
                run(name, results=folder / "results")

    return shared_folder(tmp_path_factory, "shipped", make) / "results"


@pytest.fixture(scope="session")
def small_results(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], FigureResults]:
    """Gives small results of each of `CASES`, made when they are first asked for."""

    def results(case: str) -> FigureResults:
        name, settings, sweep = CASES[case]

        def make(folder: Path) -> None:
            (folder / "configs").mkdir()
            for own in ("linear", "nse", "angle", "rules"):
                (folder / f"configs/{own}.yaml").write_text(SMALL.replace("figure: linear", f"figure: {own}"))
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(folder)
                stand_in(patch)
                run(name, settings, sweep=sweep)

        return directory.load(shared_folder(tmp_path_factory, case.replace(" ", "-"), make) / "results" / name)

    return results


@pytest.fixture(scope="session")
def drawn_case(small_results: Callable[[str], FigureResults]) -> Callable[[str], Figure]:
    """Draws the figure of one of `CASES` at each call."""
    return lambda case: draw(figure_of(small_results(case).config["figure"]), small_results(case))
