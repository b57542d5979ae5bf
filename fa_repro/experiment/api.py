"""The public functions of `fa_repro` other than `run`: load, check and list results."""

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
        Name of a figure or of another config.
    results : path
        The results folder.

    Raises
    ------
    StorageError
        If there are no results, or they do not match their manifest.
    """
    return directory.load(Path(results) / name, name)


def check(*names: str, results: str | Path = "results") -> builtins.list[CheckedFigure]:
    """Compare saved results with the paper's claims; trains and changes nothing.

    Parameters
    ----------
    *names : str
        Names of figures; all figures with claims if none is given.
    results : path
        The results folder.

    Raises
    ------
    ConfigError
        If a name is not a figure with claims.
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
