"""Requests: a config with the changes that the user asks for, and its resolved form."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fa_repro import registry
from fa_repro.config import locate
from fa_repro.config.resolve import Config, resolve_config
from fa_repro.errors import ConfigError
from fa_repro.io.yaml import Document, inline
from fa_repro.results.commands import run_words


@dataclass(frozen=True)
class Request:
    """A config and the changes to it that the user asks for.

    Attributes
    ----------
    name : str
        Name of a config, normally of a figure; results go to a folder of this name, unless they are a variant.
    settings : mapping
        Dotted key to value.
    config : Path, optional
        File to use instead of the config of this name.
    sweep : mapping
        Dotted key to values.
    only : tuple of str
        Algorithms to keep.
    quick : bool
        Use a small, fast version of the figure.
    formats : tuple of str, optional
        Picture formats, see `results.picture_formats`; None for the formats of the existing results. They do
        not affect any numbers, so they are not part of `options`.
    variant : str, optional
        Name under which the results are kept, beside those of the config itself.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    config: Path | None = None
    sweep: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    quick: bool = False
    formats: tuple[str, ...] | None = None
    variant: str | None = None

    @property
    def results_name(self) -> str:
        """The name of the results and of their folder."""
        return self.variant or self.name

    @cached_property
    def document(self) -> Document:
        """The config file; read once."""
        return locate.read_config(locate.find_config(self.name, self.config), piped=self.config is not None)

    @cached_property
    def resolved(self) -> Config:
        """The resolved config.

        Raises
        ------
        ConfigError
            If the config or its changes are invalid; reports every problem.
        """
        if not (isinstance(self.settings, Mapping) and isinstance(self.sweep, Mapping)):
            raise ConfigError(["settings: expected a mapping of dotted keys to values"])
        if self.variant is not None:
            locate.check_variant_name(self.variant)
        config = resolve_config(self.document, to_plain(self.settings), to_plain(self.sweep), self.only, self.quick)
        if self.name in registry.names("figures") and config.figure != self.name:
            place = self.config or self.name
            raise ConfigError([f"{place}: figure: this config draws {config.figure!r}, not {self.name!r}"])
        return config

    def options(self) -> list[str]:
        """The changes of the request as command-line options."""
        return [shlex.join(words) for words in self._options()]

    def _options(self) -> list[tuple[str, ...]]:
        words: list[tuple[str, ...]] = [("--config", str(self.config))] if self.config else []
        words += [("--set", f"{key}={inline(to_plain(value))}") for key, value in self.settings.items()]
        words += [("--sweep", f"{key}={inline(to_plain(values))[1:-1]}") for key, values in self.sweep.items()]
        words += [("--only", name) for name in self.only]
        return words + ([("--quick",)] if self.quick else [])

    def command(self, results: Path, formats: Sequence[str] | None = None) -> list[str]:
        """The words of this request's command; `formats`, if given, replace the picture formats of the request."""
        asked = (self.formats or ()) if formats is None else formats
        beside = [name for name in asked if name != "png"] or asked[: formats is None]  # `--format png` removes others
        options = [word for words in self._options() for word in words]
        options += ["--name", self.variant] if self.variant else []
        options += ["--format", ",".join(beside)] if beside else []
        return run_words(self.name, options, results)


def to_plain(value: Any) -> Any:
    """Convert settings from Python to the plain data that YAML would give.

    Raises
    ------
    ConfigError
        If a value cannot be expressed in YAML.
    """
    if hasattr(value, "tolist"):  # NumPy's arrays and numbers
        return to_plain(value.tolist())
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ConfigError([f"settings: expected strings as keys, got {', '.join(map(repr, value))}"])
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [to_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ConfigError([f"settings: expected numbers, strings, lists and mappings, got {value!r}"])
