"""From Python."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import fa_repro
from fa_repro.errors import ConfigError, StorageError
from fa_repro.experiment.request import Request
from fa_repro.results.tables import read_table


@pytest.mark.draws
def test_run_gives_the_table_and_the_figure(workplace: Path) -> None:
    result = fa_repro.run("linear", {"trials": 2})
    assert isinstance(result.table, pd.DataFrame)
    assert isinstance(result.figure, Figure)
    assert list(result.table.columns) == ["algorithm", "trial", "example", "nse"]
    assert set(result.table["trial"]) == {0, 1}
    assert result._repr_png_().startswith(b"\x89PNG")
    assert result.table.equals(read_table((result.directory / "linear.csv").read_bytes()).astype(result.table.dtypes))


def test_numpy_values_are_valid_settings(workplace: Path) -> None:
    plain = fa_repro.run("linear", {"trials": 2}, sweep={"network.init_range": [0.1, 0.2]}, only="backprop")
    again = fa_repro.run(
        "linear", {"trials": np.int64(2)}, sweep={"network.init_range": np.array([0.1, 0.2])}, only=("backprop",)
    )
    assert again.trained == 0
    assert again.table.equals(plain.table)


def test_request_gives_its_command_line_options() -> None:
    sweep = {"network.hidden": [[3], [4, 5]], "network.activation": ["tanh", "linear"]}
    request = Request(
        "linear", {"network.bias": True, "seed": np.int64(3)}, Path("my config.yaml"), sweep, ("backprop",)
    )
    assert request.options() == [
        "--config 'my config.yaml'",
        "--set network.bias=true",
        "--set seed=3",
        "--sweep 'network.hidden=[3], [4, 5]'",
        "--sweep 'network.activation=tanh, linear'",
        "--only backprop",
    ]


@pytest.mark.parametrize("settings", [{1: 2}, {"seed": {1, 2}}, {"seed": object()}, "trials=5"])
def test_settings_outside_yaml_are_refused(workplace: Path, settings: Any) -> None:
    with pytest.raises(ConfigError, match="settings: "):
        fa_repro.run("linear", settings)


def test_results_are_loaded_checked_and_listed(workplace: Path) -> None:
    assert {each.name: each.status for each in fa_repro.list()}["linear"] == "not run"
    with pytest.raises(StorageError, match="Run: fa-repro run linear"):
        fa_repro.load("linear")
    result = fa_repro.run("linear")
    (linear,) = (each for each in fa_repro.list() if each.name == "linear")
    assert linear.status.startswith("done, differs from the shipped config in trials, task.inputs, task.outputs, and ")
    assert linear.title[:7] == "Fig. 1d"
    assert fa_repro.load("linear").table.equals(result.table)
    (checked,) = fa_repro.check("linear")
    assert (checked.name, len(checked.judgements)) == ("linear", 11)
    assert len(fa_repro.check()) == 8
    assert {each.name: each.status for each in fa_repro.list(results="elsewhere")}["linear"] == "not run"


def test_package_exports_only_its_public_names() -> None:
    for name in fa_repro.__all__:
        assert getattr(fa_repro, name)
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        _ = fa_repro.runn
    assert importlib.import_module("fa_repro.__main__")
