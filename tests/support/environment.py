"""The environment of processes that tests start."""

import os
from pathlib import Path

import fa_repro


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(fa_repro.__file__).parents[1]), "PYTHONWARNINGS": "error"}
