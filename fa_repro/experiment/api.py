"""The public functions of `fa_repro` other than `run`: load, check and list results."""

import builtins
from pathlib import Path

from fa_repro.config import locate
from fa_repro.experiment.check import CheckedFigure, check_figures
from fa_repro.experiment.saved import load_results
from fa_repro.experiment.status import ConfigStatus, list_configs
from fa_repro.io.user_paths import user_path
from fa_repro.results.figure_results import FigureResults
from fa_repro.results.paths import figure_folder


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
    ConfigError
        If there is neither a config nor a results folder of this name, or `results` is not a path.
    StorageError
        If there are no results, or they do not match their manifest.
    """
    folder = figure_folder(user_path(results, "results"), name)
    if not (locate.is_config_name(name) and folder.is_dir()):
        locate.find_config(name)
    return load_results(folder, name)


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
    return check_figures(user_path(results, "results"), names)


def list(results: str | Path = "results") -> builtins.list[ConfigStatus]:
    """List all configs with the status of their results.

    Parameters
    ----------
    results : path
        The results folder.
    """
    return list_configs(user_path(results, "results"))
