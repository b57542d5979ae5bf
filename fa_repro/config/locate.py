"""Where configs are: `configs/NAME.yaml` below the current folder, else the copies shipped with the package.

A name may have a folder in front, such as `search/mnist`; those without one make up `all`.
"""

import re
import shutil
from pathlib import Path

from fa_repro.errors import ConfigError, StorageError
from fa_repro.io.yaml import Document, load
from fa_repro.suggestions import did_you_mean

_WORD = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_NAME = re.compile(rf"(?:{_WORD}/)?{_WORD}")
RESERVED = ("all", "gallery", "runs")


def shipped_folder() -> Path:
    """The folder of the configs that come with the package."""
    inside = Path(__file__).parent / "shipped"  # in a wheel
    return inside if inside.is_dir() else Path(__file__).parents[2] / "configs"  # in a checkout


def is_config_name(word: str) -> bool:
    """Whether a config, and so a folder of results, can be called this."""
    return bool(_NAME.fullmatch(word)) and not {word, word.split("/")[0]} & set(RESERVED)


def config_names(extras: bool = False) -> list[str]:
    """Names of the configs that `find` finds, sorted: those of `all`, or with `extras` those in folders."""
    folders = (Path("configs"), shipped_folder())
    pattern = "*/*.yaml" if extras else "*.yaml"
    paths = {p.relative_to(folder).with_suffix("") for folder in folders for p in folder.glob(pattern) if p.is_file()}
    return sorted(path.as_posix() for path in paths if is_config_name(path.as_posix()))


def find_config(name: str, file: Path | None = None) -> Path:
    """The file of a config: the one given, else the one of this name.

    Raises
    ------
    ConfigError
        If the name cannot be one, or has no file; the message lists those there are.
    """
    if is_config_name(name):
        if file is not None:
            return file
        for folder in (Path("configs"), shipped_folder()):
            path = folder / f"{name}.yaml"
            if path.is_file():
                return path
    known = [*config_names(), *config_names(extras=True)]
    raise ConfigError([f"unknown figure {name!r}{did_you_mean(name, known)} Known: {', '.join(known)}."])


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
    """Copy the shipped configs to `directory/configs`, never over a file that differs.

    Returns
    -------
    written, kept : lists of Path
        Files written, and files of the same name but other content that were left alone.

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
