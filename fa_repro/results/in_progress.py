"""Commands that have begun and not ended: what they were to train, so that `list` can tell how far they came."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fa_repro.io import atomic
from fa_repro.results import paths

SCHEMA = 1


def begin(results: Path, name: str, command: str, total: int, missing: Sequence[str]) -> None:
    """Note what is to be trained for a figure.

    Parameters
    ----------
    results : Path
        The results folder.
    name : str
        The figure's.
    command : str
        The command that goes on from here.
    total : int
        Runs in all.
    missing : sequence of str
        Keys of those that are not stored yet.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    note = {"schema": SCHEMA, "command": command, "total": total, "missing": list(missing)}
    path = paths.in_progress_file(results, name)
    atomic.replace_together(path.parent, {path.name: json.dumps(note).encode()})


def end(results: Path, name: str) -> None:
    """What was to be trained is, or has failed."""
    with contextlib.suppress(OSError):  # a note too many is no harm: it tells of runs that are all there
        paths.in_progress_file(results, name).unlink(missing_ok=True)


def describe_progress(results: Path, name: str) -> str | None:
    """How far an unfinished command came, for a person; None if there is none."""
    try:
        note: Any = json.loads(paths.in_progress_file(results, name).read_bytes())
        total, missing, command = note["total"], note["missing"], note["command"]
        if note["schema"] != SCHEMA or type(total) is not int:
            return None
        left = [key for key in map(str, missing) if not (paths.run_folder(results, key) / "manifest.json").is_file()]
        failed = sum(paths.failure_file(results, key).is_file() for key in left)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    words = [f"failed ({failed} runs)"] if failed else []
    count = f"{total - len(left)} of {total}" if left else f"all {total}"
    return ", ".join([*words, f"partial: {count} runs are trained, go on by: {command}"])
