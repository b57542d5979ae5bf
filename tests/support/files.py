"""What is in folders, and file operations that fail."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def read_only_folder(folder: Path) -> Iterator[None]:
    """Let nothing be written to a folder, not even by root, to whom the rights of files mean nothing."""
    if os.geteuid() != 0:
        folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
        for each in folders:
            each.chmod(0o555)
        try:
            yield
        finally:
            for each in folders:
                each.chmod(0o755)
        return
    for words in (["--bind", folder, folder], ["-o", "remount,ro,bind", folder]):
        if shutil.which("mount") is None or subprocess.run(["mount", *words], check=False).returncode:
            pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
