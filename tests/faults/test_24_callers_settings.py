"""Fault 24: the caller's NumPy print options, errstate, locale, decimal context, warnings filters.

Promised: the same bytes, and the settings as they were.
"""

import decimal
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import fa_repro
from tests.support.environment import environment
from tests.support.files import contents
from tests.support.processes import begin, finish

FLOW = "figure: flow-field\ntheory:\n  flow_field: {grid: 5, basin: 9, steps: 20}\n"
THEOREMS = "figure: theorems\ntrials: 2\ntheory:\n  theorem_2: {size: [8, 6, 4]}\n"
PANDAS: dict[str, Any] = {
    "display.float_format": "{:.1f}".format,
    "display.precision": 1,
    "mode.string_storage": "python",
    "compute.use_bottleneck": False,
}


@contextmanager
def all_warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


SETTINGS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "legacy print options": lambda: np.printoptions(legacy="1.13"),
    "print options": lambda: np.printoptions(precision=2, suppress=True, sign="+", formatter={"all": lambda _: "?"}),
    "errors raise": lambda: np.errstate(all="raise"),
    "decimal context": lambda: decimal.localcontext(decimal.Context(prec=2, traps=[decimal.Inexact])),
    "warnings are errors": all_warnings_are_errors,
    "options of pandas": lambda: pd.option_context(PANDAS),
}


def shared_settings() -> dict[str, Any]:
    return {
        "printing": np.get_printoptions(),
        "errors": np.geterr(),
        "decimal": decimal.getcontext().prec,
        "filters": list(warnings.filters),
        "pandas": {name: pd.get_option(name) for name in PANDAS},
    }


def make(results: Path) -> dict[str, dict[str, bytes]]:
    """Small figures, one with a run that diverges, and what is said of one of them."""
    fast = {"algorithms.backprop.learning_rate": 30.0}
    figures = {
        "linear": fa_repro.run("linear", results=results),
        "diverging": fa_repro.run("linear", fast, results=results / "diverging"),
        "flow-field": fa_repro.run("flow-field", results=results),
        "theorems": fa_repro.run("theorems", results=results),
    }
    assert figures["diverging"].diverged
    assert not any(figure.failed for figure in figures.values())
    texts = [each.result_text for figure in fa_repro.check("linear", results=results) for each in figure.judgements]
    return {name: contents(figure.directory) for name, figure in figures.items()} | {
        "check": {"": repr(texts).encode()}
    }


@pytest.fixture
def place(workplace: Path) -> Path:
    (workplace / "configs/flow-field.yaml").write_text(FLOW)
    (workplace / "configs/theorems.yaml").write_text(THEOREMS)
    return workplace


def test_callers_settings_change_no_byte(place: Path) -> None:
    usual = make(place / "usual")
    for name, setting in SETTINGS.items():
        with setting():
            before = shared_settings()
            made = make(place / name.replace(" ", "-"))
            assert shared_settings() == before, name
        assert made == usual, name


DRIVER = """\
import locale
import matplotlib
from fa_repro import run

locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
assert locale.localeconv()["decimal_point"] == ","
matplotlib.rcParams["axes.formatter.use_locale"] = True
run("linear")
"""


@pytest.mark.renders
def test_a_locale_with_commas_changes_no_byte(workplace: Path, undisturbed: Callable[..., Path]) -> None:
    compiler = shutil.which("localedef")
    if compiler is None:
        pytest.skip("no locale can be compiled here")
    command = [compiler, "-i", "de_DE", "-f", "UTF-8", "./de_DE.UTF-8"]
    if subprocess.run(command, cwd=workplace, capture_output=True, check=False).returncode:
        pytest.skip("the locale de_DE is not there")
    (workplace / "driver.py").write_text(DRIVER)
    done = finish(begin(script="driver.py", cwd=workplace, env=environment() | {"LOCPATH": str(workplace)}))
    assert done.code == 0, done
    assert contents(workplace / "results/linear") == contents(undisturbed(drawn=True) / "linear")
