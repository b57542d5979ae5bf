"""What is in folders, and file operations that fail."""

from pathlib import Path
from typing import Any

import pytest


def broken(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, at: int) -> list[int]:
    """Make the call number `at` of a function fail as a full disk does; returns a list that grows with each call."""
    calls: list[int] = []
    original = getattr(owner, name)

    def call(*arguments: Any, **keywords: Any) -> Any:
        calls.append(1)
        if len(calls) == at:
            raise OSError(28, "No space left on device")
        return original(*arguments, **keywords)

    monkeypatch.setattr(owner, name, call)
    return calls


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != "manifest.json"
    }
