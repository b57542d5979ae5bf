"""Paths in a results folder; imports nothing heavy."""

import uuid
from pathlib import Path


def figure_folder(results: Path, name: str) -> Path:
    """The folder of the results of a figure, by the name of its config."""
    return results / name


def damaged_file(folder: Path, name: str) -> Path:
    """A new path for the damaged file or run `name` of a folder."""
    return folder / "damaged" / f"{name}-{uuid.uuid4().hex[:8]}"


def runs_folder(results: Path) -> Path:
    """The folder of all stored runs."""
    return results / "runs"


def run_folder(results: Path, key: str) -> Path:
    """The folder of one stored run."""
    return runs_folder(results) / key[:2] / key


def in_progress_file(results: Path, name: str) -> Path:
    """The file that records what an unfinished command for the figure `name` is to train."""
    return runs_folder(results) / "unfinished" / f"{name.replace('/', '+')}.json"


def failure_file(results: Path, key: str) -> Path:
    """The file that records why a run failed when it was last trained."""
    return runs_folder(results) / key[:2] / f"{key}.failed.json"
