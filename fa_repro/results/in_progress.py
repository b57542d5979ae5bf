"""Unfinished commands: which runs they were to train, so that `list` can report their progress."""

import contextlib
import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fa_repro.io import atomic, bounded
from fa_repro.plain_text import amount
from fa_repro.results import commands, paths

SCHEMA = 1


def begin(
    results: Path, name: str, command: Sequence[str], total: int, missing: Sequence[str], sources: Mapping[str, str]
) -> None:
    """Record which runs a command is to train for a figure.

    Parameters
    ----------
    results : Path
        The results folder.
    name : str
        Name of the figure.
    command : sequence of str
        The words of the command that resumes the training.
    total : int
        Total number of runs.
    missing : sequence of str
        Keys of the runs that are not stored yet.
    sources : mapping of str to str
        Fingerprints of the source of their rules and tasks.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    about = {"command": shlex.join(command), "total": total, "missing": list(missing), "sources": dict(sources)}
    note = {"schema": SCHEMA, **about}
    path = paths.in_progress_file(results, name)
    atomic.replace_together(path.parent, {path.name: json.dumps(note).encode()})


def end(results: Path, name: str) -> None:
    """Remove the record, as all runs are stored or have failed."""
    with contextlib.suppress(OSError):  # a leftover record is harmless: all its runs are stored
        paths.in_progress_file(results, name).unlink(missing_ok=True)


def sources(results: Path, name: str) -> dict[str, str]:
    """Fingerprints of the source of the rules and tasks of an unfinished command; empty if there is none."""
    try:
        path = paths.in_progress_file(results, name)
        found = bounded.parse_json(bounded.read_file(path, bounded.MOST_JSON))["sources"]
        return {str(key): str(value) for key, value in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def describe_progress(results: Path, name: str) -> str | None:
    """Describe the progress of an unfinished command; None if there is none."""
    try:
        note: Any = bounded.parse_json(bounded.read_file(paths.in_progress_file(results, name), bounded.MOST_JSON))
        total, missing, command = note["total"], note["missing"], commands.read_command(note["command"])
        if note["schema"] != SCHEMA or command is None or not _fits(total, missing):
            return None
        left = [key for key in missing if not (paths.run_folder(results, key) / "manifest.json").is_file()]
        failed = sum(paths.failure_file(results, key).is_file() for key in left)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    words = [f"failed ({amount(failed, 'run')})"] if failed else []
    count = f"{total - len(left)} of {total}" if left else f"all {total}"
    return ", ".join([*words, f"partial: {count} runs are trained, resume with: {commands.join_words(command)}"])


def _fits(total: Any, missing: Any) -> bool:
    listed = isinstance(missing, list) and all(isinstance(key, str) and key.isalnum() for key in missing)
    return listed and type(total) is int and total >= len(missing)
