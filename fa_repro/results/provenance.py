"""Provenance of results: versions, source, machine."""

import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fa_repro.plain_text import shell_word

PACKAGES = ("fa_repro", "numpy", "pandas", "matplotlib", "scipy", "pydantic", "pyyaml", "click")

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_VERSION = re.compile(r"\d[0-9A-Za-z.+]*")
TIMEOUT = 10.0
"""Seconds after which an answer of git is no longer waited for."""


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages involved."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


@cache
def git_source() -> dict[str, Any]:
    """Commit of the checkout this package runs from, and whether it has uncommitted changes.

    What is unknown is None; `git_unknown` then says why, and is None otherwise.
    """
    package = Path(__file__).resolve().parents[1]
    found: dict[str, Any] = {"git_commit": None, "git_dirty": None, "git_unknown": None}
    try:
        if not _git(package, "ls-files", "__init__.py"):
            raise _UnknownError(f"{package} is not tracked by Git")
        found["git_commit"] = _git(package, "rev-parse", "--verify", "HEAD")
        changes = _git(package, "status", "--porcelain", "--untracked-files=all", "--ignore-submodules=all", ".")
        found["git_dirty"] = bool(changes)
    except _UnknownError as error:
        found["git_unknown"] = str(error)
    return found


def repeat_commands(folder: Path, source: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """Commands that reproduce the results in a folder, byte for byte, on a machine like the one that created them.

    Parameters
    ----------
    folder : Path
    source, known : mapping
        `git_source` and `versions` of the results. Of values from a manifest, only those that are valid are used.
    """
    words, commit = [], source.get("git_commit")
    if isinstance(commit, str) and _COMMIT.fullmatch(commit):
        changes = {True: "  # and changes not committed", None: "  # and perhaps changes not committed"}
        words.append(f"git checkout {commit}{changes.get(source.get('git_dirty'), '')}")
    numbers = {name: known[name] for name in ("python", *PACKAGES) if _VERSION.fullmatch(str(known.get(name)))}
    pinned = [f"{name}=={number}" for name, number in numbers.items() if name not in ("python", "fa_repro")]
    if "python" in numbers:
        python = ".".join(numbers["python"].split(".")[:2])
        words.append(f"python{python} -m pip install . {' '.join(pinned)}".rstrip())
    return [*words, f"fa-repro run --from {shell_word(str(folder))}"]


@cache
def machine() -> dict[str, Any]:
    """Properties of the machine that numbers and times may depend on."""
    import numpy as np
    from threadpoolctl import threadpool_info

    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "blas": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "blas_kernels": sorted({each["architecture"] for each in threadpool_info() if "architecture" in each}),
    }


@cache
def origin() -> dict[str, str]:
    """What a run's numbers may depend on besides its key: versions, commit and the kernels of matrix products."""
    source = git_source()
    commit = source["git_commit"] or "unknown"
    return {
        **{name: versions()[name] for name in ("python", "fa_repro", "numpy")},
        "commit": f"{commit}, with uncommitted changes" if source["git_dirty"] else commit,
        "BLAS kernels": ", ".join(machine()["blas_kernels"]) or "unknown",
    }


def mixture(origins: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """In what the runs of a figure have several origins: names, each with its values."""
    values: dict[str, set[str]] = {}
    for each in origins:
        for name, value in each.items():
            values.setdefault(name, set()).add(value)
    return {name: sorted(found) for name, found in values.items() if len(found) > 1}


class _UnknownError(Exception):
    """Git did not answer; the message says why."""


def _git(package: Path, *words: str) -> str:
    """The output of a git command about the folder of this package.

    Variables such as GIT_DIR and GIT_INDEX_FILE, which a git hook sets, would direct git to other files. The options
    keep it from running hooks and a monitor that a repository's config names; its filters may run, but only if git or
    `_trusted` trusts its owner. The last variable keeps it from writing the index.
    """
    safe = ["-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", *_trusted(package)]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(package), *safe, *words],
            env=variables | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise _UnknownError("git is not installed") from None
    except OSError as error:
        raise _UnknownError(f"git cannot be started: {error.strerror or error}") from None
    except subprocess.TimeoutExpired:
        raise _UnknownError(f"git {words[0]} took longer than {TIMEOUT:g} s") from None
    if done.returncode:
        reasons = re.findall(r"^(?:fatal|error): (.+)", done.stderr, re.MULTILINE)
        raise _UnknownError(f"git {words[0]}: {reasons[0] if reasons else f'exit code {done.returncode}'}")
    return done.stdout.strip()


def _trusted(package: Path) -> list[str]:
    """Options that let git read a checkout of another user, as in a container that has it from outside.

    Git refuses that, as the config of a repository can make it run programs. Here the programs of that user run
    already: those of this package. So this holds only if the repository belongs to the owner of the package; another
    user may have put one into a folder above.
    """
    root = next((folder for folder in (package, *package.parents) if (folder / ".git").exists()), None)
    if os.name != "posix" or root is None:
        return []
    owners = {path.lstat().st_uid for path in (package / "__init__.py", package, root, root / ".git")}
    return ["-c", f"safe.directory={root}"] if len(owners) == 1 else []
