"""What to do about results that cannot be used."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fa_repro.errors import ConfigError, StorageError
from fa_repro.io import bounded, yaml
from fa_repro.io.manifest import ManifestError, read_manifest
from fa_repro.results import commands


def renamed(directory: Path, manifest: Mapping[str, Any], name: str | None = None) -> str:
    """What is wrong if a folder contains the results of another config than its name says; empty if it does not."""
    own = manifest.get("name")
    if not isinstance(own, str):
        return ""
    stem = own.split("/")[-1]
    if name == own or (name is None and stem == directory.name):
        return ""
    back = f"rename the folder to {stem}" if stem != directory.name else f"move the folder to where {own} belongs"
    return f"these are the results of {own}, as their files are named. To use them, {back}"


def way_out(directory: Path, name: str | None) -> str:
    """The command that generates the results of a folder again."""
    try:
        manifest = read_manifest(directory)
    except (ManifestError, StorageError):
        manifest = {}
    if not manifest and (directory / "config.yaml").is_file() and not Path("configs", f"{name}.yaml").is_file():
        figure = _figure_of(directory / "config.yaml")
        if figure not in (None, name) and "/" not in str(name):  # a variant
            kept = ["--config", str(directory / "config.yaml"), "--name", directory.name]
            return f"Run: {commands.join_words(commands.run_words(str(figure), kept, directory.parent))}"
    options = commands.read_options(manifest.get("options", []))
    known = manifest.get("name")
    name = name or (known if isinstance(known, str) and known.split("/")[-1] == directory.name else directory.name)
    root = directory.parents[min(name.count("/"), len(directory.parents) - 1)]
    config = manifest.get("config_name", name)
    kept = ["--name", name] if config != name else []
    command = commands.join_words(commands.run_words(str(config), [*(options or []), *kept], root))
    return f"Run: {command}" + (", with its options; those in its manifest are not valid" if options is None else "")


def _figure_of(config: Path) -> str | None:
    """The figure that a config draws; None if it cannot be read."""
    try:
        data = yaml.load(bounded.read_file(config, yaml.MAX_BYTES), str(config)).data
    except (ConfigError, OSError):
        return None
    return data.get("figure") if isinstance(data, dict) else None
