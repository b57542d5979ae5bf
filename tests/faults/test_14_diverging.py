"""Fault 14: a diverging run (NaN, overflow).

Promised: recorded as diverged at example N, drawn as such, never cached as success; other runs go on.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import Result

from fa_repro import run
from tests.support.files import contents
from tests.support.processes import fa_repro, stored

Command = Callable[..., Result]
DIVERGING = ("--set", "algorithms.backprop.learning_rate=0.9", "--set", "training.examples=300")


def test_divergence_is_recorded_and_reported(workplace: Path) -> None:
    command = ("run", "linear", *DIVERGING, "--jobs", "2")
    first = fa_repro(*command)
    assert first.code == 1
    assert "trained 12 runs, 0 cached" in first.err
    (line,) = [line for line in first.err.splitlines() if line.startswith("error: ")]
    told = re.fullmatch(
        r"error: backprop, 3 of 3 trials \(0, 1, 2\) diverged from example (\d+) on \(the output is not finite\)\. "
        r"Lower algorithms\.backprop\.learning_rate \(now 0\.9\)\.",
        line,
    )
    assert told is not None, line
    manifest = json.loads((workplace / "results/linear/manifest.json").read_text())
    assert [(each["algorithm"], each["trial"]) for each in manifest["diverged"]] == [("backprop", i) for i in range(3)]
    assert min(each["example"] for each in manifest["diverged"]) == int(told[1])
    table = pd.read_csv("results/linear/linear.csv").set_index(["algorithm", "trial", "example"])["nse"]
    for each in manifest["diverged"]:
        one = table["backprop", each["trial"]]
        np.testing.assert_array_equal(np.isinf(one), one.index >= each["example"])
    assert np.isfinite(table.drop("backprop")).all()
    assert len(table.unstack("example").dropna()) == 12
    before, runs = contents(workplace / "results/linear"), stored(workplace / "results")
    again = fa_repro(*command)
    assert again.code == 1  # remembered, and not taken for a success
    assert "nothing to train" in again.err
    assert line in again.err.splitlines()
    assert "diverged (3 runs)" in fa_repro("list").out
    assert contents(workplace / "results/linear") == before
    assert stored(workplace / "results") == runs


@pytest.mark.draws
def test_it_is_drawn_as_diverged(workplace: Path) -> None:
    settings = {"algorithms.backprop.learning_rate": 0.9, "training.examples": 300}
    result = run("linear", settings)
    notes = [text.get_text() for axes in result.figure.axes for text in axes.texts]
    assert "  3 of 3 diverged" in notes
    at = min(example for _, example in result.diverged)
    crosses = [
        line.get_xdata() for axes in result.figure.axes for line in axes.lines if line.get_marker() in ("x", "X")
    ]
    assert any(len(xs) and xs[0] == at for xs in crosses), crosses
    sound = run("linear", {"training.examples": 300}, results="sound")
    assert not [text for axes in sound.figure.axes for text in axes.texts if "diverged" in text.get_text()]


def test_one_trial_alone_is_reported_as_one(command: Command) -> None:
    told = command("run", "linear", *DIVERGING, "--set", "trials=1").stderr
    assert "error: backprop, trial 0 diverged at example" in told


def test_divergence_before_updates_blames_init(command: Command) -> None:
    result = command("run", "linear", "--set", "network.init_range=1e100", "--only", "backprop")
    assert result.exit_code == 1
    way_out = "Lower network.init_range (now 1e+100)."
    assert f"diverged from example 0 on (the output is not finite). {way_out}" in result.stderr


def test_a_sound_rate_afterwards_ends_well(command: Command, workplace: Path) -> None:
    assert command("run", "linear", *DIVERGING).exit_code == 1
    result = command("run", "linear", *DIVERGING[2:])
    assert result.exit_code == 0
    assert "trained 3 runs, 9 cached" in result.stderr
    assert json.loads((workplace / "results/linear/manifest.json").read_text())["diverged"] == []
