"""How a config differs from the shipped one of its figure, and which differences matter to the claims.

The shipped configs are kept here in their resolved form as well, because the files in a checkout may be edited.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fa_repro.figures import Figure

OPEN = ("seed", "trials", "training.examples", "training.epochs", "training.dtype")
"""Keys that may differ without concerning any claim; those of `record`, and learning rates, may differ too. Whether
there are enough trials and examples is decided claim by claim. Other keys that `--quick` reduces must not be below its
value, and swept values must include the shipped ones."""

MOST = 3
"""Number of keys up to which all are listed."""


def reference_file() -> Path:
    """The file with the resolved data of all shipped configs."""
    return Path(__file__).with_name("reference.json")


@cache
def _reference() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reference_file().read_bytes())
    return found


def differences(name: str, config: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Dotted keys that have other values than in the shipped config of this name: key to (value, shipped value).

    A missing value is None. Empty if there is no such shipped config.
    """
    shipped = _reference().get(name)
    return {} if shipped is None else compare(config, shipped)


def compare(config: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Dotted keys whose values differ between two configs, with both values; a missing value is None."""
    ours, theirs = _flat(config), _flat(other)
    keys = dict.fromkeys([*ours, *theirs])
    return {key: (ours.get(key), theirs.get(key)) for key in keys if ours.get(key) != theirs.get(key)}


def concerning_claims(
    found: Mapping[str, tuple[Any, Any]], figure: Figure, swept: Iterable[str]
) -> dict[str, tuple[Any, Any]]:
    """The differences that make the claims of a figure be about something else, see `OPEN`."""
    free = {*OPEN, *swept}
    return {
        key: (own, shipped)
        for key, (own, shipped) in found.items()
        if key not in free and not _is_open(key.split("."), own, shipped, figure.quick.get(key))
    }


def _is_open(parts: Sequence[str], own: Any, shipped: Any, least: float | None) -> bool:
    """Whether a difference concerns no claim; `least` is the value that `--quick` sets, if it sets one."""
    if parts[0] == "algorithms":
        return len(parts) > 2 and parts[2] in ("learning_rate", "record")
    if parts[0] == "sweep":  # claims refuse a key that is or is not swept
        return not (isinstance(own, list) and isinstance(shipped, list)) or all(value in own for value in shipped)
    return parts[0] == "record" or (least is not None and type(own) in (int, float) and own >= least)


def listed(keys: Iterable[str]) -> str:
    """Keys as text; of many, the first ones and the number of the others."""
    words = list(keys)
    return ", ".join(words if len(words) <= MOST + 1 else [*words[:MOST], f"and {len(words) - MOST} more"])


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_leaves(data, ""))


def _leaves(data: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        elif not isinstance(value, Mapping):
            yield f"{prefix}{key}", value
