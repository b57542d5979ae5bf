"""Command lines that are suggested to the user, built from words that are checked and quoted."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fa_repro.plain_text import shell_word

RUN = ("fa-repro", "run")

_WITH_VALUE = ("--config", "--set", "--sweep", "--only", "--format", "--results", "--jobs", "--name")
_FLAGS = ("--quick",)


def join_words(words: Sequence[str]) -> str:
    """A command line of these words, each quoted."""
    return " ".join(map(shell_word, words))


def run_words(name: str, options: Sequence[str], results: Path) -> list[str]:
    """The words of the command that creates the results of a config in a results folder."""
    return [*RUN, name, *options, *(() if results == Path("results") else ("--results", str(results)))]


def read_command(text: Any) -> list[str] | None:
    """The words of a stored command line; None if it is not one that `run_words` gives."""
    words = _split(text)
    if words is None or tuple(words[:2]) != RUN or len(words) < 3 or words[2].startswith("-"):
        return None
    return words if _are_options(words[3:]) else None


def read_options(options: Any) -> list[str] | None:
    """The words of the options in a manifest, a list of texts such as `--set seed=1`; None if they are not valid."""
    if not isinstance(options, list) or not all(isinstance(option, str) for option in options):
        return None
    words = _split(" ".join(options))
    return words if words is not None and _are_options(words) else None


def _split(text: Any) -> list[str] | None:
    try:
        return shlex.split(text) if isinstance(text, str) else None
    except ValueError:  # a quote that is not closed
        return None


def _are_options(words: Sequence[str]) -> bool:
    rest = list(words)
    while rest:
        option = rest.pop(0)
        if option in _WITH_VALUE and rest:
            rest.pop(0)
        elif option not in _FLAGS:
            return False
    return True
