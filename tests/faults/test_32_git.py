"""Fault 32: `GIT_DIR` and the like set, checkout of another owner.

Promised: the right commit, or unknown with the reason.
"""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from fa_repro.report.sections import commit_text
from fa_repro.results import provenance

Command = Callable[..., Result]

OTHER_USER = 54_321


def git(folder: Path, *words: str) -> str:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
    return subprocess.run(command, env=variables, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, text: str) -> str:
    """A repository with a package of this text; gives its commit."""
    (folder / "fa_repro").mkdir(parents=True)
    (folder / "fa_repro/__init__.py").write_text(text)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", text]):
        git(folder, *words)
    return git(folder, "rev-parse", "HEAD")


def source(patch: pytest.MonkeyPatch, folder: Path) -> dict[str, Any]:
    """What is known of the package in a folder."""
    patch.setattr(provenance, "__file__", str(folder / "fa_repro/results/provenance.py"))
    return provenance.git_source.__wrapped__()


def known(commit: str, dirty: bool = False) -> dict[str, Any]:
    return {"git_commit": commit, "git_dirty": dirty, "git_unknown": None}


def fake_git(patch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def belongs_to(user: int, *paths: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files to another user")
    for path in paths:
        for each in (path, *path.rglob("*")):
            os.chown(each, user, user, follow_symlinks=False)


@pytest.mark.parametrize(
    "variables",
    [
        {"GIT_DIR": "other/.git"},
        {"GIT_DIR": "other/.git", "GIT_WORK_TREE": "other"},
        {"GIT_INDEX_FILE": "other/.git/index"},
        {"GIT_CEILING_DIRECTORIES": "checkout"},
    ],
    ids=lambda variables: "-".join(variables),
)
def test_variables_of_git_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """As they are in a hook of another repository, which has files of the same name."""
    ours = commit(tmp_path / "checkout", "ours")
    commit(tmp_path / "other", "theirs")
    (tmp_path / "other/__init__.py").write_text("")
    git(tmp_path / "other", "add", "-A")
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    assert source(monkeypatch, tmp_path / "checkout") == known(ours)


def test_settings_of_the_user_hide_no_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = commit(tmp_path, "ours")
    git(tmp_path, "config", "status.showUntrackedFiles", "no")
    (tmp_path / "fa_repro/mine.py").write_text("")
    assert source(monkeypatch, tmp_path) == known(ours, dirty=True)


def test_a_checkout_of_another_user_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container, where the checkout on the host has another owner."""
    ours = commit(tmp_path, "ours")
    belongs_to(OTHER_USER, tmp_path)
    assert source(monkeypatch, tmp_path) == known(ours)


def watching(folder: Path) -> Path:
    """Have a repository ask for a program to be run; gives the file that this would create."""
    ran = folder / ".git/ran"
    (folder / ".git/program").write_text(f"#!/bin/sh\ntouch '{ran}'\n")
    (folder / ".git/program").chmod(0o755)
    git(folder, "config", "core.fsmonitor", str(folder / ".git/program"))
    return ran


def test_no_program_of_a_repository_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = commit(tmp_path, "ours")
    ran = watching(tmp_path)
    assert source(monkeypatch, tmp_path) == known(ours)
    assert not ran.exists()


def test_a_repository_of_a_stranger_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may create one in the folder for temporary files, around a package of somebody else."""
    commit(tmp_path, "ours")
    ran = watching(tmp_path)
    belongs_to(OTHER_USER, tmp_path / ".git")
    found = source(monkeypatch, tmp_path)
    assert found["git_commit"] is None
    assert "dubious ownership" in found["git_unknown"]
    assert not ran.exists()


def test_the_index_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root would leave it unwritable for its owner."""
    commit(tmp_path, "ours")
    before = (tmp_path / ".git/index").read_bytes()
    os.utime(tmp_path / "fa_repro/__init__.py", (0, 0))
    source(monkeypatch, tmp_path)
    assert (tmp_path / ".git/index").read_bytes() == before


def test_unknown_has_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "checkout/fa_repro"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")

    def reason() -> str:
        found = source(monkeypatch, package.parent)
        assert (found["git_commit"], found["git_dirty"]) == (None, None)
        return found["git_unknown"]

    assert "not a git repository" in reason()
    git(package.parent, "init", "-q")
    assert reason() == f"{package} is not tracked by Git"
    git(package.parent, "add", "-A")
    assert reason().startswith("git rev-parse: ")
    fake_git(monkeypatch, tmp_path / "failing", "exit 3")
    assert reason() == "git ls-files: exit code 3"
    fake_git(monkeypatch, tmp_path / "slow", "exec sleep 60")
    monkeypatch.setattr(provenance, "TIMEOUT", 0.1)
    assert reason() == "git ls-files took longer than 0.1 s"
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert reason() == "git is not installed"


def test_unknown_changes_are_not_called_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = commit(tmp_path / "checkout", "ours")
    real = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout.strip()
    script = f'case "$*" in *status*) echo "fatal: bad index" >&2; exit 128;; esac\nexec {real} "$@"'
    fake_git(monkeypatch, tmp_path / "broken", script)
    found = source(monkeypatch, tmp_path / "checkout")
    assert found == {"git_commit": ours, "git_dirty": None, "git_unknown": "git status: bad index"}
    assert commit_text({"source": found}) == f"{ours}, perhaps with uncommitted changes (git status: bad index)"


def test_the_reason_is_told(command: Command, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = {"git_commit": None, "git_dirty": None, "git_unknown": "git is not installed"}
    monkeypatch.setattr(provenance, "git_source", lambda: known("0123abcd"))
    command("run", "linear")
    monkeypatch.setattr(provenance, "git_source", lambda: unknown)
    repeated = command("run", "--from", "results/linear")
    assert "note: git_commit was 0123abcd, is now None\n" in repeated.stdout
    assert "note: git_unknown was None, is now git is not installed\n" in repeated.stdout
    command("run", "linear")
    assert json.loads((workplace / "results/linear/manifest.json").read_text())["source"] == unknown
    command("report")
    assert "unknown: git is not installed" in (workplace / "results/report.html").read_text()
