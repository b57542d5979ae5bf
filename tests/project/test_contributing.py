"""CONTRIBUTING's sections on adding a rule, a task and a figure, followed to the letter in a copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.support.environment import environment
from tests.support.shared import shared_folder

ROOT = Path(__file__).parents[2]
SECTIONS = ("Add a rule in ten minutes", "Add a task", "Add a figure")


def section(title: str) -> str:
    return (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition(f"## {title}\n")[2].partition("\n## ")[0]


def files(title: str) -> dict[str, str]:
    """Files that the section has one create, each with its content."""
    return dict(re.findall(r"^`([^`\n]+)`:\n\n```\w+\n(.*?)^```", section(title), flags=re.DOTALL | re.MULTILINE))


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with the files of all sections."""

    def make(folder: Path) -> None:
        for name in ("fa_repro", "configs", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        for title in SECTIONS:
            for name, content in files(title).items():
                assert not (folder / name).exists(), "nothing that is there is edited"
                (folder / name).write_text(content, encoding="utf-8")

    return shared_folder(tmp_path_factory, "contributing", make)


@pytest.mark.parametrize("title", SECTIONS)
def test_section_has_module_config_and_test(title: str) -> None:
    assert [Path(name).parts[0] for name in files(title)] == ["fa_repro", "configs", "tests"]


@pytest.mark.parametrize("title", SECTIONS)
def test_its_commands_succeed(copy: Path, title: str) -> None:
    (commands,) = re.findall(r"^```bash\n(.*?)^```", section(title), flags=re.DOTALL | re.MULTILINE)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    variables = {**environment(), "PYTHONPATH": str(copy), "PATH": path}
    done = subprocess.run(
        ["bash", "-e", "-c", commands], cwd=copy, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) >= (1 if "figure" in title else 8)  # the contract has found the rule or the task
    (name,) = re.findall(r"configs/(extra/\w+)\.yaml", " ".join(files(title)))
    picture = copy / "results" / name / f"{Path(name).name}.png"
    assert picture.read_bytes().startswith(b"\x89PNG"), done.stderr
    if "figure" in title:
        assert "median NSE at the end" in done.stdout + done.stderr
    if "rule" in title:
        table = pd.read_csv(picture.with_suffix(".csv"))
        late = table[(table["example"] > 950) & (table["algorithms.binary.magnitude"] == 0.3)]
        late = late.groupby("algorithm")["nse"].mean()
        assert late["binary"] < 0.01
        assert set(table["algorithms.binary.magnitude"]) == {0.1, 0.2, 0.3}


def test_its_files_pass_the_linter(copy: Path) -> None:
    new = [name for title in SECTIONS for name in files(title) if name.endswith(".py")]
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", *new]
        done = subprocess.run(ruff, cwd=copy, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_that_is_named_exists() -> None:
    text = section("Where do I find ...") + section("Add a figure")
    named = re.findall(r"`([a-z_]+/[a-z_]+\.py|[a-z]+\.py)`", text)
    assert len(named) > 20
    assert [name for name in named if not (ROOT / "fa_repro" / name).exists()] == []
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    elsewhere = re.findall(r"`((?:tests|configs|fa_repro)/[^`\s]+)`", text)
    new = {name for title in SECTIONS for name in files(title)}
    assert [name for name in elsewhere if name not in new and not any(ROOT.glob(name))] == []


def test_layer_diagram_has_every_package() -> None:
    packages = {path.parent.name for path in (ROOT / "fa_repro").glob("*/__init__.py")}
    modules = {path.stem for path in (ROOT / "fa_repro").glob("[a-z]*.py")}
    assert packages | modules <= set(re.findall(r"\w+", section("Layers").partition("```\n")[2].partition("```")[0]))
