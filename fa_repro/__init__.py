"""A reproduction of Lillicrap et al. (2014) on feedback alignment, for the command line and for Python.

`run` trains the missing runs of a figure and draws it, `load` returns its saved results, `check` compares results with
the paper's claims, and `list` lists all configs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fa_repro.experiment.api import check, list, load
    from fa_repro.experiment.pipeline import run

__all__ = ["__version__", "check", "list", "load", "run"]
__version__ = "0.1.0"

_HOMES = {"run": "pipeline", "check": "api", "list": "api", "load": "api"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:  # imported on first use: these modules need NumPy and pydantic, `--help` does not
        return getattr(import_module(f"fa_repro.experiment.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'fa_repro' has no attribute {name!r}")
