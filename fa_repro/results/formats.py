"""Formats of pictures."""

from collections.abc import Iterable
from typing import Any

from fa_repro.errors import ConfigError

FORMATS: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
    "svg": {"Creator": None, "Date": None},
}
"""Formats of pictures, the one that is always written first; each with what is left out, as it changes by itself."""


def parse_formats(words: str | Iterable[str]) -> tuple[str, ...]:
    """Formats that are asked for, in the order of `FORMATS`; always with `png`.

    Raises
    ------
    ConfigError
        If there is none of this name.
    """
    each = (part for word in ([words] if isinstance(words, str) else words) for part in str(word).split(","))
    asked = {word.strip().lower() for word in each}
    unknown = sorted(asked - FORMATS.keys())
    if unknown:
        raise ConfigError([f"formats: there is no {word!r}, only {', '.join(FORMATS)}" for word in unknown])
    return tuple(name for name in FORMATS if name in asked | {"png"})
