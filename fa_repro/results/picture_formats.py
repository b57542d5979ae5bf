"""File formats of pictures."""

from collections.abc import Iterable
from typing import Any

from fa_repro.errors import ConfigError

FORMATS: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
    "svg": {"Creator": None, "Date": None},
}
"""Formats of pictures, first the one that is always written; each with metadata to omit, so that bytes are stable."""


def parse_formats(words: str | Iterable[str]) -> tuple[str, ...]:
    """Requested formats in the order of `FORMATS`, always including `png`.

    Raises
    ------
    ConfigError
        If a format is unknown.
    """
    each = (part for word in ([words] if isinstance(words, str) else words) for part in str(word).split(","))
    asked = {word.strip().lower() for word in each}
    unknown = sorted(asked - FORMATS.keys())
    if unknown:
        raise ConfigError([f"formats: unknown format {word!r}. Known: {', '.join(FORMATS)}." for word in unknown])
    return tuple(name for name in FORMATS if name in asked | {"png"})
