"""What keeps the project easy to carry on: layers, discovery, and the call from Python."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas

import fa_repro
from fa_repro import registry
from fa_repro.errors import ConfigError, StorageError
from fa_repro.experiment.request import Request
from fa_repro.rules import Rule
from tests.support.configs import SMALL
from tests.support.environment import environment

PACKAGE = Path(fa_repro.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))


def test_a_rule_imports_what_it_needs_from_one_place() -> None:
    for path in (PACKAGE / "rules").glob("[a-z]*.py"):
        modules = {node.module for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)}
        ours = {name for name in modules if name and name.startswith("fa_repro")}
        assert ours - {"fa_repro.nn.weight_decay"} == {"fa_repro.rules"}, path


@pytest.mark.parametrize("package", ["rules", "tasks", "figures", "theory"])
def test_every_module_is_found_and_its_misspelt_name_suggested(package: str) -> None:
    for name in registry.names(package):
        registry.module(package, name)
        with pytest.raises(KeyError, match=f"Did you mean {name}"):
            registry.module(package, name[0] + name[2:])


def test_a_rule_module_must_define_one_rule() -> None:
    with pytest.raises(TypeError, match="must define one subclass of Rule, it defines 0"):
        registry.find("tasks", "linear", Rule)


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    for path in MODULES:
        assert ast.get_docstring(ast.parse(path.read_text())), path
        assert path.read_text().count("\n") <= 300, path


def test_a_new_rule_is_one_file(tmp_path: Path) -> None:
    """A rule dropped into a copy of the package runs from a YAML, is a probe, and is suggested when misspelt."""
    copy = tmp_path / "fa_repro"
    for path in PACKAGE.rglob("*"):
        if path.suffix in (".py", ".csv"):
            target = copy / path.relative_to(PACKAGE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (copy / "rules/sign_symmetry.py").write_text(
        '"""Sign symmetry: errors return through the signs of the forward weights."""\n'
        "from dataclasses import dataclass\nfrom typing import Any\n\nimport numpy as np\n\n"
        "from fa_repro.rules import Rule, Signals, Step, cascade\n\n\n"
        "@dataclass(frozen=True)\nclass SignSymmetry(Rule):\n"
        "    def signals(self, step: Step, state: Any) -> tuple[Signals, Any]:\n"
        "        return cascade(step, [np.sign(weights) for weights in step.upper_weights]), state\n"
    )
    text = SMALL.replace("rule: backprop", "rule: sign_symmetry").replace("[nse, ", "[nse, angle_sign_symmetry_deg, ")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/linear.yaml").write_text(text)
    variables = {**environment(), "PYTHONPATH": str(tmp_path)}
    for words, code, message in (
        (["run", "linear"], 0, "trained 12 runs"),
        (["run", "linear", "--set", "algorithms.backprop.rule=sign_symetry"], 2, "Did you mean sign_symmetry?"),
    ):
        command = [sys.executable, "-m", "fa_repro", *words]
        done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert message in done.stderr


# ---- from Python ----


def test_run_gives_the_table_and_the_figure(workplace: Path) -> None:
    result = fa_repro.run("linear", {"trials": 2})
    assert isinstance(result.table, pd.DataFrame)
    assert isinstance(result.figure, Canvas)
    assert list(result.table.columns) == ["algorithm", "trial", "example", "nse"]
    assert set(result.table["trial"]) == {0, 1}
    assert result._repr_png_().startswith(b"\x89PNG")
    assert result.table.equals(pd.read_csv(result.directory / "linear.csv").astype(result.table.dtypes))


def test_numpy_values_are_settings_like_any_other(workplace: Path) -> None:
    plain = fa_repro.run("linear", {"trials": 2}, sweep={"network.init_range": [0.1, 0.2]}, only="backprop")
    again = fa_repro.run(
        "linear", {"trials": np.int64(2)}, sweep={"network.init_range": np.array([0.1, 0.2])}, only=("backprop",)
    )
    assert again.trained == 0
    assert again.table.equals(plain.table)


def test_a_request_is_told_as_the_options_that_make_it() -> None:
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
def test_settings_that_yaml_cannot_say_are_refused_in_words(workplace: Path, settings: Any) -> None:
    with pytest.raises(ConfigError, match="settings: "):
        fa_repro.run("linear", settings)


def test_results_are_loaded_checked_and_listed(workplace: Path) -> None:
    assert {each.name: each.status for each in fa_repro.list()}["linear"] == "not run"
    with pytest.raises(StorageError, match="Run: fa-repro run linear"):
        fa_repro.load("linear")
    result = fa_repro.run("linear")
    (linear,) = (each for each in fa_repro.list() if each.name == "linear")
    assert (linear.status, linear.title[:7]) == ("done", "Fig. 1d")
    assert fa_repro.load("linear").table.equals(result.table)
    (checked,) = fa_repro.check("linear")
    assert (checked.name, len(checked.judgements)) == ("linear", 11)
    assert len(fa_repro.check()) == 8
    assert {each.name: each.status for each in fa_repro.list(results="elsewhere")}["linear"] == "not run"


def test_no_function_is_called_like_a_module() -> None:
    """But for what the package offers; rules, tasks, figures and studies are called like what they are about."""
    discovered = {"rules", "tasks", "figures", "theory"}
    modules = {path.stem for path in MODULES if path.parent.name not in discovered} | {"__main__"}
    modules |= {path.parent.name for path in MODULES}
    for path in MODULES:
        functions = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
        offered = {*fa_repro.__all__, "main"} if path.name in ("__main__.py", "api.py", "pipeline.py") else set()
        assert not (functions & modules) - offered, path


def test_the_package_offers_only_what_it_promises() -> None:
    for name in fa_repro.__all__:
        assert getattr(fa_repro, name)
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        _ = fa_repro.runn
    assert importlib.import_module("fa_repro.__main__")
