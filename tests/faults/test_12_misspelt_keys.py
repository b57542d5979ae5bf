"""Fault 12: every shipped key misspelt by one edit.

Promised: refused, the right key suggested in at least 95 %.
"""

import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from fa_repro.config.locate import shipped_folder
from fa_repro.config.resolve import resolve_config
from fa_repro.config.sweeps import RANGE
from fa_repro.errors import ConfigError
from fa_repro.io import yaml
from tests.support.processes import fa_repro

CONFIGS = sorted(shipped_folder().rglob("*.yaml"))


def misspellings() -> Iterator[tuple[Path, str, str]]:
    """(file, key, misspelt): every key of the shipped configs, by a swap, a loss, a double, and a wrong letter."""
    for path in CONFIGS:
        document = yaml.load(path.read_bytes(), path.name)
        found = {place[-1] for place in document.lines if place and isinstance(place[-1], str)}
        own = set(document.data.get("algorithms", {}))  # a person's own names
        for key in sorted(k for k in found - own if "." not in k):
            middle = len(key) // 2
            wrong = string.ascii_lowercase[(ord(key[middle]) + 3) % 26]
            for misspelt in {
                key[:middle] + key[middle + 1 :],
                key[: middle - 1] + key[middle] + key[middle - 1] + key[middle + 1 :],
                key[:middle] + key[middle] + key[middle:],
                key[:middle] + wrong + key[middle + 1 :],
            } - {key}:
                yield path, key, misspelt


def test_misspelt_keys_get_the_right_suggestion() -> None:
    suggested, total, files = 0, 0, set()
    for path, key, misspelt in misspellings():
        wrong = path.read_text().replace(f"{key}:", f"{misspelt}:", 1)
        with pytest.raises(ConfigError) as caught:
            # One point of a sweep has the keys of all of them.
            resolve_config(yaml.load(wrong, path.name), {} if key in ("sweep", *RANGE) else {"sweep": {}})
        total += 1
        suggested += f"{misspelt}: unknown key. Did you mean {key}?" in str(caught.value)
        files.add(path)
    assert files == set(CONFIGS)
    assert total > 150
    assert suggested / total >= 0.95, (suggested, total)


def test_a_real_command_refuses_one(workplace: Path) -> None:
    config = workplace / "configs/linear.yaml"
    config.write_text(config.read_text().replace("learning_rate", "learning_rte", 1))
    done = fa_repro("run", "linear")
    assert done.code == 2
    assert done.err.startswith(
        "error: configs/linear.yaml:9: algorithms.shallow.learning_rte: unknown key. Did you mean learning_rate?"
    )
    assert not (workplace / "results").exists()
