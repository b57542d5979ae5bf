"""The package as a stranger gets it: a wheel, installed elsewhere."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from fa_repro.config.locate import shipped_folder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel. Building needs a package index, for the build backend."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    if done.returncode and "CI" not in os.environ:
        pytest.skip(f"no wheel can be built here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def quick_linear(command: list[Any], folder: Path, **options: Any) -> None:
    folder.mkdir()
    done = subprocess.run(
        [*command, "run", "linear", "--quick"], cwd=folder, capture_output=True, text=True, check=False, **options
    )
    assert (done.returncode, done.stdout) == (0, "results/linear/linear.png\n"), done.stderr


def test_wheel_has_configs_and_works_anywhere(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    for path in shipped_folder().rglob("*.yaml"):
        assert (
            tmp_path / "site/fa_repro/config/shipped" / path.relative_to(shipped_folder())
        ).read_bytes() == path.read_bytes()
    parts = ROOT / "fa_repro/report/templates"
    for path in parts.iterdir():
        assert (tmp_path / "site/fa_repro/report/templates" / path.name).read_bytes() == path.read_bytes()
    variables = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    quick_linear([sys.executable, "-m", "fa_repro"], tmp_path / "elsewhere", env=variables)


@pytest.mark.slow
def test_an_installed_wheel_needs_nothing_else(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    subprocess.run([tmp_path / "venv/bin/python", "-m", "pip", "install", "--quiet", wheel], check=True)
    quick_linear([tmp_path / "venv/bin/fa-repro"], tmp_path / "elsewhere")


def test_make_knows_every_shipped_figure() -> None:
    done = subprocess.run(["make", "-n", "all-figures"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for path in shipped_folder().glob("*.yaml"):
        assert path.stem in done.stdout.split("fa-repro run")[1]
