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
_VERSION = re.compile(r"\d[0-9A-Za-z.+!]*")


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
    """Commit of the checkout this package runs from, and whether it has uncommitted changes; None if there is none."""
    package = Path(__file__).parents[1]
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return {"git_commit": None, "git_dirty": None}
    return {
        "git_commit": _git(package, "rev-parse", "HEAD"),
        "git_dirty": bool(_git(package, "status", "--porcelain", ".")),
    }


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
        words.append(f"git checkout {commit}" + ("  # and changes not committed" if source.get("git_dirty") else ""))
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


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
