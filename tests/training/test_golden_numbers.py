"""The numbers of the engine: a change of any of them needs another version of the numerics.

The key of a run follows the source of its rule and task, but not that of the engine, whose version is raised by hand.
"""

import json
from typing import Any

import numpy as np
import pytest

from fa_repro.training import numerics
from tests.support import golden

KNOWN = json.loads(golden.FILE.read_text())
AGAIN = "Raise fa_repro.training.numerics.VERSION, and run: python -m tests.support.golden"


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    return json.loads(json.dumps(golden.golden()))  # as the file has it


def test_they_are_of_this_version() -> None:
    assert KNOWN["numerics"] == numerics.VERSION, AGAIN


def test_no_rule_is_missing(now: dict[str, Any]) -> None:
    """A new rule needs no golden numbers: its own source is part of the keys of its runs."""
    assert now["runs"].keys() >= KNOWN["runs"].keys(), AGAIN


@pytest.mark.parametrize("name", KNOWN["runs"])
def test_numbers_are_as_before(now: dict[str, Any], name: str) -> None:
    """To rounding, as other processors add in another order; on a machine like that of the file, to the bit."""
    before, after = KNOWN["runs"][name], now["runs"][name]
    tolerance = 2e-3 if "single" in name else 1e-7
    assert after["numbers"].keys() == before["numbers"].keys()
    for column, values in before["numbers"].items():
        np.testing.assert_allclose(after["numbers"][column], values, rtol=tolerance, atol=tolerance, err_msg=AGAIN)
    if now["machine"] == KNOWN["machine"]:
        assert after["sha256"] == before["sha256"], AGAIN
