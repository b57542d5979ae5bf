"""The functions that `fa_repro` offers beside `run`: load, check and list results."""

import builtins
from pathlib import Path

from fa_repro.experiment.check import CheckedFigure, check_figures
from fa_repro.experiment.status import ConfigStatus, list_configs
from fa_repro.results import directory
from fa_repro.results.figure_results import FigureResults


def load(name: str, results: str | Path = "results") -> FigureResults:
    """Load the saved results of a figure.

    Parameters
    ----------
    name : str
        The figure, or the name of another config.
    results : path
        The results folder.

    Raises
    ------
    StorageError
        If there are none, or they are not what their manifest says.
    """
    return directory.load(Path(results) / name, name)


def check(*names: str, results: str | Path = "results") -> builtins.list[CheckedFigure]:
    """Compare saved results with the paper's claims; trains and changes nothing.

    Parameters
    ----------
    *names : str
        Figures; all that have claims if none is given.
    results : path
        The results folder.

    Raises
    ------
    ConfigError
        If a name is not that of a figure with claims.
    """
    return check_figures(Path(results), names)


def list(results: str | Path = "results") -> builtins.list[ConfigStatus]:
    """List all configs with the status of their results.

    Parameters
    ----------
    results : path
        The results folder.
    """
    return list_configs(Path(results))
