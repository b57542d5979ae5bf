"""The results that a command is about to replace: what has changed since, and what is lost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fa_repro import registry
from fa_repro.config import locate
from fa_repro.config.resolve import resolve_config
from fa_repro.errors import ConfigError, StorageError
from fa_repro.experiment.reference import compare
from fa_repro.io import yaml
from fa_repro.io.manifest import ManifestError, read_manifest, read_verified
from fa_repro.results import commands, directory, in_progress
from fa_repro.results.fields import check_fields
from fa_repro.results.figure_results import FigureResults
from fa_repro.results.paths import figure_folder
from fa_repro.results.store import Store
from fa_repro.training.runs import Run


@dataclass(frozen=True)
class Previous:
    """Results as they are before a command replaces them.

    Attributes
    ----------
    config : mapping, optional
        Their resolved config; None if there are no valid results.
    manifest : mapping
        Their manifest; empty if there is none.
    sources : mapping of str to str
        Fingerprints of the source of their rules and tasks, or of those of an unfinished command.
    """

    config: Mapping[str, Any] | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def changed_sources(self, missing: Iterable[Run]) -> list[str]:
        """The rules and tasks of runs, such as `rule backprop`, whose source has changed since."""
        now = {name: each for run in missing for name, each in run.condition.setup.sources.items()}
        return [registry.describe(name) for name, each in now.items() if self.sources.get(name, each) != each]

    def replaced_by(self, new: FigureResults, results: Path) -> str:
        """What was lost, and how to get it back, if new results of another config replace these; else empty."""
        if self.config is None or not compare(new.config, self.config):
            return ""
        name, options = str(self.manifest.get("name")), commands.read_options(self.manifest.get("options", []))
        config = str(self.manifest.get("config_name", name))
        kept = ["--name", name] if name != config else []
        back = ""
        if options is not None:
            free = ", which trains nothing" if self._is_stored(results) else ""
            command = commands.join_words(commands.run_words(config, [*options, *kept], results))
            back = f"To get them back{free}, {self._undo(config, options)}run: {command}. "
        both = "use another --name" if kept else "add --name NAME to one of the commands"
        return f"replaced results of another config. {back}To keep both, {both}"

    def _is_stored(self, results: Path) -> bool:
        """Whether all runs are stored, also with the source and numerics of now."""
        try:
            runs = resolve_config(yaml.Document("config.yaml", self.config, {})).runs()
        except ConfigError:
            return False
        store = Store(results)
        return all(store.has(run) for run in runs)

    def _undo(self, name: str, options: Sequence[str]) -> str:
        """What to undo first: an edit of the config file that was used."""
        file = Path(options[options.index("--config") + 1]) if "--config" in options else None
        try:
            path = locate.find_config(name, file)
            same = directory.config_hash(locate.read_config(path).data) == self.manifest.get("config_hash")
        except ConfigError:
            return f"restore {file or f'the config {name}'} and "
        return "" if same else f"undo the edit of {path} and "


def read_previous(results: Path, name: str) -> Previous:
    """The results of this name that exist, as far as they are valid; changes nothing."""
    folder, sources = figure_folder(results, name), in_progress.sources(results, name)
    try:
        manifest = read_manifest(folder)
        verified = read_verified(folder, manifest, ["config.yaml"], yaml.MAX_BYTES)
        config = yaml.load(verified["config.yaml"], str(folder / "config.yaml")).data
        check_fields(manifest)
    except (ManifestError, StorageError, ConfigError, KeyError):
        return Previous(sources=sources)
    if not isinstance(config, dict):
        return Previous(sources=sources)
    return Previous(config, manifest, {**manifest.get("sources", {}), **sources})
