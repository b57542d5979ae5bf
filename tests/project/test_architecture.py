"""What keeps the project easy to carry on: discovery, names, one file for a new rule."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fa_repro
from fa_repro import registry
from fa_repro.rules import Rule
from tests.support.configs import SMALL
from tests.support.environment import environment

PACKAGE = Path(fa_repro.__file__).parent


MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted(Path(__file__).parents[1].rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Full names of the modules that a file imports, or of what it imports from them."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {
        name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        for name in (node.module, f"{node.module}.{alias.name}")
    }


def test_private_modules_stay_in_their_package() -> None:
    private = {path for path in MODULES if path.stem.startswith("_") and not path.stem.startswith("__")}
    names = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path.parent for path in private}
    assert names
    for path in MODULES:
        assert all(names[name] == path.parent for name in imported(path) & names.keys()), path


def test_no_test_module_imports_another() -> None:
    for path in TESTS:
        assert not [name for name in imported(path) if name.split(".")[-1].startswith("test_")], path
        assert path.read_text(encoding="utf-8").count("\n") <= 400, path


def test_rules_import_from_one_package() -> None:
    for path in (PACKAGE / "rules").glob("[a-z]*.py"):
        modules = {node.module for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)}
        ours = {name for name in modules if name and name.startswith("fa_repro")}
        assert ours - {"fa_repro.nn.weight_decay"} == {"fa_repro.rules"}, path


@pytest.mark.parametrize("package", ["rules", "tasks", "figures", "theory"])
def test_modules_are_found_misspelt_get_a_hint(package: str) -> None:
    for name in registry.names(package):
        registry.module(package, name)
        with pytest.raises(KeyError, match=f"Did you mean {name}"):
            registry.module(package, name[0] + name[2:])


def test_a_rule_module_must_define_one_rule() -> None:
    with pytest.raises(TypeError, match="must define one subclass of Rule, but defines 0"):
        registry.find("tasks", "linear", Rule)


def test_modules_are_short_and_have_docstrings() -> None:
    for path in MODULES:
        assert ast.get_docstring(ast.parse(path.read_text())), path
        assert path.read_text().count("\n") <= 300, path


def test_a_new_rule_is_one_file(tmp_path: Path) -> None:
    """A rule dropped into a copy of the package runs from a YAML, is a probe, and is suggested when misspelt."""
    copy = tmp_path / "fa_repro"
    for path in PACKAGE.rglob("*"):
        if path.suffix in (".py", ".csv", ".json"):
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


def test_no_function_is_called_like_a_module() -> None:
    """But for what the package offers; rules, tasks, figures and studies are called like what they are about."""
    discovered = {"rules", "tasks", "figures", "theory"}
    modules = {path.stem for path in MODULES if path.parent.name not in discovered} | {"__main__"}
    modules |= {path.parent.name for path in MODULES}
    for path in MODULES:
        functions = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
        offered = {*fa_repro.__all__, "main"} if path.name in ("__main__.py", "api.py", "pipeline.py") else set()
        assert not (functions & modules) - offered, path
