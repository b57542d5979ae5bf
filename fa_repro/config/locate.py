"""Find config files: `configs/NAME.yaml` in the current folder, otherwise the copy shipped with the package.

A name may include a folder, such as `search/mnist`. On the command line, `all` stands for all names
without a folder.
"""

import re
import shutil
from pathlib import Path

from fa_repro.errors import ConfigError, StorageError
from fa_repro.io.yaml import Document, load
from fa_repro.suggestions import suggest

_WORD = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_NAME = re.compile(rf"(?:{_WORD}/)?{_WORD}")
RESERVED = ("all", "gallery", "runs")


def shipped_folder() -> Path:
    """The folder of the configs shipped with the package."""
    inside = Path(__file__).parent / "shipped"  # in a wheel
    return inside if inside.is_dir() else Path(__file__).parents[2] / "configs"  # in a checkout


def is_config_name(word: str) -> bool:
    """Whether a word is a valid name for a config, and therefore for its folder of results."""
    return bool(_NAME.fullmatch(word)) and not {word, word.split("/")[0]} & set(RESERVED)


def check_variant_name(name: str) -> None:
    """Raise ConfigError unless results of a variant can be kept under this name, beside those of all configs."""
    known = {each.casefold() for each in (*config_names(), *config_names(extras=True))}
    taken = {*known, *(each.split("/")[0] for each in known), *RESERVED}
    if name.casefold() in taken:
        raise ConfigError([f"--name {name}: this name is taken. Choose another one"])
    if "/" in name or not is_config_name(name):
        raise ConfigError([f"--name {name}: expected letters, digits, - and _, beginning with a letter or digit"])


def config_names(extras: bool = False) -> list[str]:
    """Sorted names of all configs without a folder (those of `all`), or with `extras` of all configs in folders."""
    folders = (Path("configs"), shipped_folder())
    pattern = "*/*.yaml" if extras else "*.yaml"
    paths = {p.relative_to(folder).with_suffix("") for folder in folders for p in folder.glob(pattern) if p.is_file()}
    return sorted(path.as_posix() for path in paths if is_config_name(path.as_posix()))


def find_config(name: str, file: Path | None = None) -> Path:
    """The path of a config: `file` if given, otherwise the config file of this name.

    Raises
    ------
    ConfigError
        If the name is invalid or there is no such config; the message lists all known names.
    """
    if is_config_name(name):
        if file is not None:
            return file
        for folder in (Path("configs"), shipped_folder()):
            path = folder / f"{name}.yaml"
            if path.is_file():
                return path
    known = [*config_names(), *config_names(extras=True)]
    raise ConfigError([f"unknown figure {name!r}{suggest(name, known)}"])


def read_config(path: Path) -> Document:
    """Read a config file.

    Raises
    ------
    ConfigError
        If it is missing, unreadable, or not YAML.
    """
    try:
        return load(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None


def copy_shipped(directory: Path) -> tuple[list[Path], list[Path]]:
    """Copy the shipped configs to `directory/configs` without overwriting files that differ.

    Returns
    -------
    written, kept : lists of Path
        Files that were written, and existing files with other content that were not overwritten.

    Raises
    ------
    StorageError
        If a file cannot be written.
    """
    written, kept = [], []
    for source in sorted(shipped_folder().rglob("*.yaml")):
        target = directory / "configs" / source.relative_to(shipped_folder())
        try:
            if target.exists():
                if target.read_bytes() != source.read_bytes():
                    kept.append(target)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            written.append(target)
        except OSError as error:
            raise StorageError(f"cannot write {target}: {error.strerror}") from error
    return written, kept
