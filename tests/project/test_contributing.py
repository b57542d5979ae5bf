"""CONTRIBUTING's "Add a rule in ten minutes", followed to the letter in a copy of the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.support.environment import environment

ROOT = Path(__file__).parents[2]
SECTION = "## Add a rule in ten minutes\n"


def section() -> str:
    return (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition(SECTION)[2].partition("\n## ")[0]


def files() -> dict[str, str]:
    """Files that the section has one create, each with its content."""
    return dict(re.findall(r"^`([^`\n]+)`:\n\n```\w+\n(.*?)^```", section(), flags=re.DOTALL | re.MULTILINE))


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The copy, and what its commands gave."""
    copy = tmp_path_factory.mktemp("copy")
    for name in ("fa_repro", "configs", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for name, content in files().items():
        assert not (copy / name).exists(), "nothing that is there is edited"
        (copy / name).write_text(content, encoding="utf-8")
    (commands,) = re.findall(r"^```bash\n(.*?)^```", section(), flags=re.DOTALL | re.MULTILINE)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    variables = {**environment(), "PYTHONPATH": str(copy), "PATH": path}
    done = subprocess.run(
        ["bash", "-e", "-c", commands], cwd=copy, env=variables, capture_output=True, text=True, check=False
    )
    return copy, done


def test_the_section_has_a_rule_a_config_and_a_test() -> None:
    assert [Path(name).parts[0] for name in files()] == ["fa_repro", "configs", "tests"]


def test_its_commands_succeed(followed: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = followed
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d\d+ passed", done.stdout), done.stdout  # the contract has found the rule


def test_the_new_rule_learns_in_the_figure(followed: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    copy, done = followed
    assert (copy / "results/extra/binary/binary.png").read_bytes().startswith(b"\x89PNG"), done.stderr
    table = pd.read_csv(copy / "results/extra/binary/binary.csv")
    late = table[(table["example"] > 950) & (table["algorithms.binary.magnitude"] == 0.3)]
    late = late.groupby("algorithm")["nse"].mean()
    assert late["binary"] < 0.01
    assert set(table["algorithms.binary.magnitude"]) == {0.1, 0.2, 0.3}


def test_what_is_said_of_the_files_is_so() -> None:
    for name in re.findall(r"`((?:tests|configs|fa_repro)/[^`]+)`", section()):
        assert name in files() or (ROOT / name).exists(), name
