"""The status of a config's results."""

from pathlib import Path

from fa_repro import registry
from fa_repro.config import locate
from fa_repro.config.overrides import Draft
from fa_repro.results import in_progress
from fa_repro.results.directory import config_hash, state


def status_of(name: str, results: Path) -> tuple[str, str]:
    """State of the results of a config, and what its figure reproduces, both in words.

    Raises
    ------
    ConfigError, KeyError
        If the config is not valid.
    """
    draft = Draft(locate.read(locate.find(name)))
    draft.stop_if_wrong()  # its plain mistakes only: a look at all of them takes too long for a list
    figure = registry.module("figures", str(draft.data.get("figure"))).FIGURE
    return state(results / name, config_hash(draft.data), in_progress.told(results, name)), figure.title
