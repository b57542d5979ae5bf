"""Find config files: `configs/NAME.yaml` in the current folder, otherwise the copy shipped with the package.

A name may include a folder, such as `search/mnist`. On the command line, `all` stands for all names
without a folder.
"""

import re
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from fa_repro.errors import ConfigError, StorageError
from fa_repro.io.bounded import UnfitError, read_file, read_pipe
from fa_repro.io.yaml import MAX_BYTES, Document, load
from fa_repro.plain_text import shell_word
from fa_repro.suggestions import did_you_mean, suggest

_WORD = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_NAME = re.compile(rf"(?:{_WORD}/)?{_WORD}")
RESERVED = ("all", "gallery", "runs")
"""Names that are a command's word, or folders of the results folder; in any case, as file systems may ignore it."""

DAMAGED = "damaged"
"""Name of the folders for damaged files, also within the results of a config."""

DEVICES = ("con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)))
"""Names that no file can have on Windows."""

LONGEST = 100
"""Number of characters up to which the names of all files in the results fit any file system."""


def shipped_folder() -> Path:
    """The folder of the configs shipped with the package."""
    inside = Path(__file__).parent / "shipped"  # in a wheel
    return inside if inside.is_dir() else Path(__file__).parents[2] / "configs"  # in a checkout


def name_problem(word: str) -> str:
    """Why a word cannot name a config, and therefore not its folder of results; empty if it can."""
    parts = word.casefold().split("/")
    if not _NAME.fullmatch(word):
        return "a name has letters, digits, _ and -, begins with a letter or a digit, and may have one folder before it"
    if max(map(len, parts)) > LONGEST:
        return f"a name has at most {LONGEST} characters"
    if parts[0] in RESERVED or DAMAGED in parts or set(parts) & set(DEVICES):
        return "this name is reserved"
    shipped = _shipped_names().get(word.casefold(), word)
    return "" if shipped == word else f"this name differs from {shipped}, a shipped config, only in case"


@cache
def _shipped_names() -> dict[str, str]:
    """Names of the shipped configs, by the same in lower case."""
    names = (path.relative_to(shipped_folder()).with_suffix("").as_posix() for path in shipped_folder().rglob("*.yaml"))
    return {name.casefold(): name for name in names}


def is_config_name(word: str) -> bool:
    """Whether a word is a valid name for a config, and therefore for its folder of results."""
    return not name_problem(word)


def misnamed_configs() -> list[tuple[Path, str]]:
    """Files in `configs/` that look like configs but are not found by any name, and why."""
    found = []
    for path in sorted(Path("configs").rglob("*")):
        name = path.relative_to("configs").with_suffix("").as_posix()
        if path.suffix.lower() not in (".yaml", ".yml") or path.name.startswith(".") or not path.is_file():
            continue
        if path.suffix != ".yaml":
            found.append((path, f"its name does not end in .yaml. Rename it to {path.with_suffix('.yaml').name}"))
        elif problem := name_problem(name):
            found.append((path, f"{problem}. Rename it"))
    return found


def check_variant_name(name: str) -> None:
    """Raise ConfigError unless results of a variant can be kept under this name, beside those of all configs."""
    names = [*config_names(), *config_names(extras=True)]
    taken = {part.casefold() for each in names for part in (each, each.split("/")[0])}
    problem = "a config has this name" if name.casefold() in taken else name_problem(name)
    if problem or "/" in name:
        raise ConfigError([f"--name {name}: {problem or 'a name of results has no folder'}. Choose another one"])


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
    if not isinstance(name, str):
        raise ConfigError([f"expected the name of a figure, got {name!r}"])
    if is_config_name(name):
        if file is not None:
            return file
        own, shipped = Path("configs", f"{name}.yaml"), shipped_folder() / f"{name}.yaml"
        if own.exists() or own.is_symlink():
            return own
        if shipped.is_file():
            if unused := [f"{path} is not used: {why}" for path, why in misnamed_configs() if path.stem == own.stem]:
                raise ConfigError(unused)
            return shipped
    raise ConfigError([f"unknown figure {name!r}{_hint(name)}"])


def _hint(name: str) -> str:
    """The end of a message on a name that no config has: what it is instead, or what it may have been meant to be."""
    for path, problem in misnamed_configs():
        if name in (path.as_posix(), path.relative_to("configs").with_suffix("").as_posix()):
            return f": {path} is not used: {problem}"
    known = [*config_names(), *config_names(extras=True)]
    if meant := _meant_by_path(name, known):
        return f", which is a path. {meant}"
    problem = name_problem(name)
    return f": {problem}{did_you_mean(name, known)}" if problem else suggest(name, known)


def _meant_by_path(name: str, known: Sequence[str]) -> str:
    """What to type in place of the path of a config or of a results folder; empty if it is neither."""
    path = Path(name)
    is_file = path.suffix.lower() in (".yaml", ".yml")
    stem = path.with_suffix("").as_posix() if is_file else path.as_posix()
    found = max((word for word in known if f"/{stem}".endswith(f"/{word}")), key=len, default="")
    root = stem.removesuffix(found).rstrip("/")
    if found and (root == "configs" or (is_file and not root)):
        return f"Type the name of the config instead: {found}"
    if is_file:
        return f"To use a file, type the name of a figure and --config {shell_word(name)}"
    if not (found and path.is_dir()):
        return ""
    option = f" --results {shell_word(root)}" if root and Path(root) != Path("results") else ""
    return f"Type the name of the config instead: {found}{option}"


def read_config(path: Path, piped: bool = False) -> Document:
    """Read a config file; `piped` says whether it may come through a pipe, as `--config <(COMMAND)` does.

    Raises
    ------
    ConfigError
        If it is missing, unreadable, or not YAML.
    """
    try:
        read = read_pipe if piped and path.is_fifo() else read_file
        return load(read(path, MAX_BYTES), str(path))
    except OSError as error:
        hint = ". Save the config as a file" if isinstance(error, UnfitError) else ""
        raise ConfigError([f"{path}: cannot be read: {error.strerror}{hint}"]) from None


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
                if not _is_copy(target, source):
                    kept.append(target)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            written.append(target)
        except OSError as error:
            raise StorageError(f"cannot write {target}: {error.strerror}") from error
    return written, kept


def _is_copy(path: Path, source: Path) -> bool:
    try:
        return read_file(path, MAX_BYTES) == source.read_bytes()
    except UnfitError:
        return False
