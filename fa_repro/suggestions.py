"""Suggestions for misspelt words: "Did you mean ...?"."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`. Did you mean X?` for the choice closest to a misspelt word, or `.` if none is close."""
    near = nearest(word, choices)
    return f". Did you mean {near}?" if near else "."


def suggest(word: str, choices: Iterable[str]) -> str:
    """`. Did you mean X? Known: X, Y.`, the end of a message on an unknown word."""
    known = list(choices)
    return f"{did_you_mean(word, known)} Known: {', '.join(known) or 'none'}."


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice closest to a misspelt word, or None if none is close."""
    near = difflib.get_close_matches(str(word), list(choices), n=1, cutoff=0.55)
    return near[0] if near else None
