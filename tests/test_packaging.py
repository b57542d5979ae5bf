"""The package as a stranger gets it: a wheel, installed elsewhere."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from fa_repro.config_files import shipped

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_a_wheel_works_in_any_folder(tmp_path: Path) -> None:
    """Needs a package index, for the build backend and the dependencies."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no wheel can be built here: {done.stderr.strip().splitlines()[-1]}")
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for path in shipped().rglob("*.yaml"):
        assert f"fa_repro/configs/{path.relative_to(shipped())}" in names
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [tmp_path / "venv/bin/fa-repro", "run", "linear", "--quick"]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "results/linear/linear.png\n"), done.stderr


def test_make_knows_every_shipped_figure() -> None:
    done = subprocess.run(["make", "-n", "all-figures"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for path in shipped().glob("*.yaml"):
        assert path.stem in done.stdout.split("fa-repro run")[1]
