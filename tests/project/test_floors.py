"""The lowest versions that pyproject.toml declares are those that `make test-lowest` tests with."""

import importlib.metadata
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
DECLARED = [Requirement(each) for each in (*PROJECT["dependencies"], *EXTRAS["dask"], *EXTRAS["test"])]
LOWEST = Path(sys.prefix).name == ".venv-lowest"


@pytest.mark.parametrize(
    "package", [each for each in DECLARED if each.name != PROJECT["name"]], ids=lambda each: each.name
)
def test_declared_floor_is_the_one_tested(package: Requirement) -> None:
    (floor,) = package.specifier
    assert floor.operator == ">="
    installed, lowest = Version(importlib.metadata.version(package.name)), Version(floor.version)
    assert installed == lowest if LOWEST else installed >= lowest


def test_lowest_python_is_the_one_tested() -> None:
    lowest = tuple(map(int, PROJECT["requires-python"].removeprefix(">=").split(".")))
    assert sys.version_info[:2] == lowest if LOWEST else sys.version_info[:2] >= lowest
