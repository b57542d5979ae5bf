"""The environment of processes that tests start."""

import os
from pathlib import Path

import fa_repro


def environment() -> dict[str, str]:
    """The environment of this process, in which the package is found and warnings are errors unless it says else."""
    return {"PYTHONWARNINGS": "error", **os.environ, "PYTHONPATH": str(Path(fa_repro.__file__).parents[1])}
