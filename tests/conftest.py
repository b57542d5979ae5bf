"""What all tests share: floating-point errors raise, and small configs are at hand."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from fa_repro import registry
from fa_repro.cli.main import command_line
from fa_repro.config.locate import shipped_folder
from fa_repro.config.resolve import Config, resolve_config
from fa_repro.datasets import checksums, mnist
from fa_repro.io import atomic, yaml
from fa_repro.results import paths
from fa_repro.results.store import Store
from fa_repro.results.tables import TrainedRuns
from fa_repro.rules import Rule
from fa_repro.training.runs import Run
from fa_repro.training.trainer import train

SMALL = """\
figure: linear
seed: 0
trials: 3
task: {name: linear, inputs: 6, outputs: 3}
network: {hidden: [4], init_range: 0.3}
training: {examples: 40}
record: {grid: every, probes: [nse, angle_backprop_deg], weights: true}
algorithms:
  shallow: {rule: shallow, learning_rate: 0.01}
  reinforcement: {rule: node_perturbation, learning_rate: 0.01, noise_std: 0.1}
  backprop: {rule: backprop, learning_rate: 0.01}
  feedback_alignment: {rule: feedback_alignment, learning_rate: 0.01, feedback_range: 0.5}
sweep: {}
"""


@pytest.fixture(autouse=True)
def floating_point_errors_raise() -> Iterator[None]:
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        yield


def small(overrides: Mapping[str, Any] | None = None, **options: Any) -> Config:
    """The small config, changed as a person would change it."""
    return resolve_config(yaml.load(SMALL, "small.yaml"), overrides, **options)


def needed_keys(rule: str) -> dict[str, float]:
    """The settings of a rule that have no default, each 0.5."""
    return {f.name: 0.5 for f in fields(registry.find("rules", rule, Rule)) if f.default is MISSING}


def small_runs(rule: str, overrides: Mapping[str, Any] | None = None, **keys: Any) -> list[Run]:
    """The runs of one algorithm, `keys` being those of its rule; 0.5 for a needed one that is not given."""
    algorithm = {"rule": rule, "learning_rate": 0.01, **needed_keys(rule), **keys}
    return small({"algorithms": {"one": algorithm}, **(overrides or {})}).runs()


def freshly_trained(runs: Sequence[Run]) -> TrainedRuns:
    """What runs give, trained now and kept nowhere."""
    return TrainedRuns(runs, lambda run: train([run])[0])


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


def digit_runs(name: str = "mnist", overrides: Mapping[str, Any] | None = None, **options: Any) -> list[Run]:
    """Runs of a shipped config on the small MNIST, with a small net."""
    changes = {"network.hidden": [20], "training.epochs": 2, "trials": 2, **(overrides or {})}
    document = yaml.load((shipped_folder() / f"{name}.yaml").read_bytes(), f"{name}.yaml")
    return resolve_config(document, changes, **options).runs()


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
    """Results of the shipped configs, trained once for all tests."""
    from fa_repro import run

    folder = tmp_path_factory.mktemp("shipped")
    shutil.copytree(shipped_folder(), folder / "configs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("linear", "nse", "angle"):
            run(name, results=folder / "results")
    return folder / "results"
