"""Feedback alignment, reproduced: every result of Lillicrap et al. (2014) from the command line.

From Python: `fa_repro.run("linear", {"trials": 5})`, see `fa_repro.experiment.run`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fa_repro.experiment.pipeline import Result, run

__all__ = ["Result", "__version__", "run"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in ("run", "Result"):  # only when asked for: they bring NumPy and pydantic, which `--help` does not need
        from fa_repro.experiment import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module 'fa_repro' has no attribute {name!r}")
