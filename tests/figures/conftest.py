"""Fixtures of the tests beside."""

from pathlib import Path
from typing import Any

import pytest

from fa_repro import run
from tests.support.nonlinear import CONFIG
from tests.support.studies import FLOW_FIELD


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def flow(workplace: Path) -> Any:
    def make(settings: dict[str, Any] | None = None, **options: Any) -> Any:
        return run("flow-field", {**FLOW_FIELD, **(settings or {})}, **options)

    return make


@pytest.fixture
def nonlinear_workplace(workplace: Path) -> Path:
    (workplace / "configs/nonlinear.yaml").write_text(CONFIG)
    return workplace
