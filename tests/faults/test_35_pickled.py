"""Fault 35: `Result` is pickled, and returned from a process pool.

Promised: it is equal on the other side.
"""

import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

import fa_repro
from fa_repro.plotting.render import save_figure
from tests.support.figures import CASES

DIGITS = {"network.hidden": [20], "training.epochs": 1, "trials": 2}

SEARCH = {"network.hidden": [8], "training.epochs": 0.5, "task.validation": 100}


def described(fig: Figure) -> list[Any]:
    """What a figure shows: its texts, how it writes numbers, its lines."""
    found: list[Any] = [(text.get_text(), text.get_position()) for text in fig.findobj(Text)]
    axes = [axis for ax in fig.axes for axis in (ax.xaxis, ax.yaxis)]
    found += [axis.get_major_formatter().format_ticks([1e-3, 0.1, 2.0, 30_000.0]) for axis in axes]
    return found + [line.get_xydata().tolist() for line in fig.findobj(Line2D)]


def through_pickle(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@pytest.mark.draws
@pytest.mark.parametrize("case", CASES)
def test_every_figure_is_the_same_on_the_other_side(drawn_case: Callable[[str], Figure], case: str) -> None:
    fig = drawn_case(case)
    assert str(described(through_pickle(fig))) == str(described(fig))


@pytest.mark.draws
@pytest.mark.parametrize(
    ("name", "settings", "sweep"),
    [
        ("mnist", {}, {}),
        ("receptive-fields", {"network.hidden": [40], "trials": 1}, {}),
        ("search/mnist", SEARCH, {}),
        ("search/mnist", {**SEARCH, "sweep": {}}, {"network.init_range": [0.1, 0.2]}),
    ],
)
def test_results_on_digits_are_equal(
    workplace: Path, digits: Path, name: str, settings: dict[str, Any], sweep: dict[str, Any]
) -> None:
    result = fa_repro.run(name, {**DIGITS, **settings}, sweep=sweep, only=["backprop", "feedback_alignment"])
    other = through_pickle(result)
    assert other == result
    assert str(described(other.figure)) == str(described(result.figure))


def test_results_that_differ_are_not_equal(workplace: Path) -> None:
    result = fa_repro.run("linear", {"trials": 1})
    assert replace(result) == result
    assert replace(result, trained=7) != result
    assert replace(result, table=result.table.iloc[1:]) != result
    assert replace(result, extra={}) != result or not result.extra
    assert result != "a result"


@pytest.mark.renders
def test_a_pool_returns_what_this_process_gets(workplace: Path) -> None:
    settings = {"algorithms.backprop.learning_rate": 0.9, "training.examples": 300}  # some runs diverge
    here = fa_repro.run("linear", settings, results="here")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        there = pool.submit(fa_repro.run, "linear", settings, results="there").result(timeout=120)
    assert there.diverged == here.diverged
    assert there.diverged
    place = {"directory": here.directory, "pictures": here.pictures}
    assert replace(there, **place) == here
    assert save_figure(there.figure) == save_figure(here.figure)
