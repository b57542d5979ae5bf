"""Fixtures of the tests beside."""

from pathlib import Path

import pytest

from tests.support.configs import SMALL


@pytest.fixture
def place(workplace: Path) -> Path:
    for name in ("nse", "angle"):
        (workplace / f"configs/{name}.yaml").write_text(SMALL.replace("figure: linear", f"figure: {name}"))
    return workplace
