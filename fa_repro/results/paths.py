"""Where things are below a results folder; imports nothing heavy."""

from pathlib import Path


def runs(results: Path) -> Path:
    """The folder of all stored runs."""
    return results / "runs"


def run(results: Path, key: str) -> Path:
    """The folder of one stored run."""
    return runs(results) / key[:2] / key


def unfinished(results: Path, name: str) -> Path:
    """The file that says what a command for the figure `name` was to train, while that has not ended."""
    return runs(results) / "unfinished" / f"{name.replace('/', '+')}.json"


def failure(results: Path, key: str) -> Path:
    """The file that says why a run failed when it was last tried."""
    return runs(results) / key[:2] / f"{key}.failed.json"
