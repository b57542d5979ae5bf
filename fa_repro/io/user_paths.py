"""Paths that the user gives as text: on the command line, from Python, or in the environment."""

import os
from pathlib import Path

from fa_repro.errors import ConfigError


def user_path(given: str | os.PathLike[str], name: str) -> Path:
    """The path that the user means, with `~` expanded; `name` is the option, argument or variable in messages.

    Raises
    ------
    ConfigError
        If it is empty or no path, or `~` cannot be expanded.
    """
    word: object = os.fspath(given) if isinstance(given, os.PathLike) else given
    if not isinstance(word, str) or not word or "\0" in word:
        raise ConfigError([f"{name}: expected a path, got {word!r}"])
    try:
        return Path(word).expanduser()
    except RuntimeError:
        text = f"no home folder is known for {Path(word).parts[0]}. Write the path in full"
        raise ConfigError([f"{name}: {text}"]) from None
