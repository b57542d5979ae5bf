"""What a person asks for, and what it comes to before anything is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fa_repro import config_files, registry
from fa_repro.config import Config, resolve
from fa_repro.errors import ConfigError
from fa_repro.runs import Run
from fa_repro.store import Store
from fa_repro.yaml12 import Document


@dataclass(frozen=True)
class Request:
    """What a person asks for: a config and how to change it.

    Attributes
    ----------
    name : str
        A config's name, normally a figure's; results go to a folder of this name.
    settings : mapping
        Dotted key to value.
    config : Path, optional
        Another file than the config's own.
    sweep : mapping
        Dotted key to values.
    only : tuple of str
        Algorithms to keep.
    quick : bool
        A small version of the same figure.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    config: Path | None = None
    sweep: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    quick: bool = False

    def document(self) -> Document:
        """The config as it is written."""
        return config_files.read(config_files.locate(self.name, self.config))

    def resolve(self) -> Config:
        """The config as it will run.

        Raises
        ------
        ConfigError
            With every problem found.
        """
        config = resolve(self.document(), self.settings, self.sweep, self.only, self.quick)
        if self.name in registry.names("figures") and config.figure != self.name:
            raise ConfigError([f"{self.config or self.name}: figure: this draws {config.figure!r}, not {self.name!r}"])
        return config

    def options(self) -> list[str]:
        """The request's changes as command-line options."""
        changes = [f"--config {self.config}"] if self.config else []
        changes += [f"--set {key}={value}" for key, value in self.settings.items()]
        changes += [f"--sweep {key}={','.join(map(str, values))}" for key, values in self.sweep.items()]
        return changes + [f"--only {name}" for name in self.only] + (["--quick"] if self.quick else [])


@dataclass(frozen=True)
class Plan:
    """What a request comes to.

    Attributes
    ----------
    runs : list of Run
        All of them, in the order of the config.
    missing : list of Run
        Those that are not stored yet.
    """

    config: Config
    runs: list[Run]
    missing: list[Run]


def plan(request: Request, directory: Path) -> Plan:
    """What would run, and what is already there; trains and writes nothing."""
    config, store = request.resolve(), Store(directory)
    runs = [run for entry in config.entries for run in entry.runs()]
    return Plan(config, runs, [run for run in runs if not store.has(run)])
