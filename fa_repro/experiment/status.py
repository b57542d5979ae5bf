"""The status of a config's results."""

from pathlib import Path

from fa_repro import registry
from fa_repro.config import locate
from fa_repro.config.source import read_source
from fa_repro.errors import ConfigError
from fa_repro.results import in_progress
from fa_repro.results.directory import config_hash, state


def status_of(name: str, results: Path) -> tuple[str, str]:
    """State of the results of a config, and what its figure reproduces, both in words.

    Raises
    ------
    ConfigError, KeyError
        If the config is not valid, as far as can be seen at a glance: to validate all of it takes too long for a list.
    """
    source, problems = read_source(locate.read_config(locate.find_config(name)))
    if problems:
        raise ConfigError(problems)
    figure = registry.module("figures", str(source.data.get("figure"))).FIGURE
    return state(results / name, config_hash(source.data), in_progress.describe_progress(results, name)), figure.title
