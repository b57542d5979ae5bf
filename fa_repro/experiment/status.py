"""The status of each config's results."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fa_repro import registry, source_code
from fa_repro.config import locate
from fa_repro.config.source import read_source
from fa_repro.errors import ConfigError, StorageError
from fa_repro.experiment import reference
from fa_repro.io.manifest import ManifestError, read_manifest
from fa_repro.plain_text import amount
from fa_repro.results import commands, in_progress
from fa_repro.results.directory import config_hash
from fa_repro.results.fields import check_fields
from fa_repro.results.paths import figure_folder
from fa_repro.results.remedies import renamed
from fa_repro.training import numerics


@dataclass(frozen=True)
class ConfigStatus:
    """A config and the status of its results.

    Attributes
    ----------
    name : str
        Name of the config.
    status : str
        State of the results, such as `done` or `not run`, or why the config is not valid.
    title : str
        What the figure reproduces; empty if the config is not valid.
    """

    name: str
    status: str
    title: str = ""


def list_configs(results: Path) -> list[ConfigStatus]:
    """The status of every config; those without a folder, which make up `all`, come first, then others, then variants.

    Files in `configs/` that no name finds come last.
    """
    names = (*locate.config_names(), *locate.config_names(extras=True))
    kept = [status_of(*each) for each in variants(results)]
    unused = [ConfigStatus(str(path), f"not used: {why}") for path, why in locate.misnamed_configs()]
    return [*(status_of(name, results) for name in names), *kept, *unused]


def variants(results: Path) -> list[tuple[str, Path, str]]:
    """Results that were kept under names of their own: name, results folder, and name of the config, if known."""
    found, configs = [], {*locate.config_names(), *locate.config_names(extras=True)}
    for manifest in sorted(results.glob("*/manifest.json")):
        name, config = manifest.parent.name, ""
        if name in configs or not locate.is_config_name(name):
            continue
        with suppress(ManifestError, StorageError):
            config = str(read_manifest(manifest.parent).get("config_name", name))
        if config != name:
            found.append((name, results, config))
    return found


def status_of(name: str, results: Path, config: str = "") -> ConfigStatus:
    """The status of a config's results, or of a variant of the config.

    Only the top-level keys and the figure of the config are validated; full validation would take too long for a list.
    """
    if not config and name not in (*locate.config_names(), *locate.config_names(extras=True)):
        return ConfigStatus(name, _state(figure_folder(results, name), name, "", None))
    try:
        source, problems = read_source(locate.read_config(locate.find_config(config or name)))
        if problems:
            raise ConfigError(problems)
        figure = registry.module("figures", str(source.data.get("figure"))).FIGURE
    except (ConfigError, KeyError) as error:
        return ConfigStatus(name, f"config not valid: {str(error.args[0]).splitlines()[0]}")
    partial = in_progress.describe_progress(results, name)
    title = f"variant of {config}: {figure.title}" if config else figure.title
    return ConfigStatus(name, _state(figure_folder(results, name), name, config_hash(source.data), partial), title)


def _state(folder: Path, name: str, current: str, partial: str | None) -> str:
    """Describe the results in a folder in one line; reads only the manifest.

    `current` is the `config_hash` of the config as it is now, `partial` the progress of an unfinished command.
    """
    try:
        manifest = read_manifest(folder)
        check_fields(manifest)
    except ManifestError as error:
        if partial is not None:
            return partial
        return "not run" if not folder.exists() else f"not valid: {error}"
    except StorageError as error:
        return f"not readable: {error}"
    if other := renamed(folder, manifest, name):
        return partial or f"not valid: {other}"
    for file, promise in manifest["files"].items():
        path = folder / file
        if not path.is_file() or path.stat().st_size != promise["bytes"]:
            return partial or f"not valid: {file} does not match its manifest"
    lists = {key: manifest.get(key, []) for key in ("failed", "diverged")}
    noun = ("study", "studies") if "studies" in manifest else ("run",)
    words = [f"{key} ({amount(len(found), *noun)})" for key, found in lists.items() if found]
    options = commands.read_options(manifest.get("options", []))
    words += [f"stale: {reason}" for reason in _outdated(manifest, _hash_now(options or [], current))]
    if manifest.get("options"):
        words.append(
            f"created with {'options that are not valid' if options is None else commands.join_words(options)}"
        )
    remarks = []
    if differs := manifest.get("differs"):
        remarks.append(f"differs from the shipped config in {reference.listed(differs)}")
    if mixed := manifest.get("mixed"):
        remarks.append(f"runs of several origins ({reference.listed(mixed)})")
    done = ", ".join([*(words or ["done"]), *remarks])
    return f"{done}; a later command is {partial}" if partial else done


def _hash_now(options: Sequence[str], current: str) -> str | None:
    """The hash of the config file that options name, as it is now; `current` if they name none, None if it is gone."""
    if "--config" not in options:
        return current
    try:
        return config_hash(locate.read_config(Path(options[options.index("--config") + 1])).data)
    except ConfigError:
        return None


def _outdated(manifest: Mapping[str, Any], current: str | None) -> Iterator[str]:
    """What has changed since results were created."""
    if current is not None and manifest.get("config_hash") != current:
        yield "the config has changed since"
    version = manifest.get("numerics", "unknown")
    if version != numerics.VERSION:
        yield f"numerics {version}, now {numerics.VERSION}"
    if not manifest.get("sources"):
        yield "the source of its rules is unknown"
    for name in source_code.changed(manifest.get("sources", {}), manifest.get("source_files", {})):
        yield f"{registry.describe(name)} has changed since"
