"""Fingerprints of the source of rules, tasks and studies."""

import hashlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fa_repro import loaded_code, registry, source_code
from fa_repro.errors import FaReproError
from tests.support.configs import small_runs

RULE = '''\
"""A rule."""
from helper import half


class Rule:
    """What it does."""

    rate = 0.5

    def signal(self, error):
        """The signal."""
        return half(error)  # a comment
'''
HELPER = "def half(x):\n    return x / 2\n"


@pytest.fixture
def rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a rule `mine` that imports another file of its folder."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # files are edited within the same second
    (tmp_path / "mine.py").write_text(RULE)
    (tmp_path / "helper.py").write_text(HELPER)
    yield tmp_path / "mine.py"
    for name in ("mine", "helper"):
        sys.modules.pop(name, None)
        source_code._remembered.pop(name, None)
        source_code._known.pop(name, None)


def imported() -> ModuleType:
    module = importlib.import_module("mine")
    source_code.remember(module)
    return module


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# a comment", "# another comment"),
        ('"""The signal."""', '"""Another text."""'),
        ('"""A rule."""', '"""A rule.\n\nAt length.\n"""'),
        ("half(error)", "half(\n            error\n        )"),
        ("    rate = 0.5\n", "\n\n    rate = 0.5\n    'of learning'\n"),
    ],
)
def test_comments_text_and_layout_do_not_count(rule: Path, old: str, new: str) -> None:
    before = source_code.fingerprint("mine", rule)
    assert old in RULE
    rule.write_text(RULE.replace(old, new))
    assert source_code.fingerprint("mine", rule) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("half(error)", "half(-error)"),
        ("rate = 0.5", "rate = 0.6"),
        ("rate = 0.5", "rate = '0.5'"),
        ("import half", "import half as other"),
        ("return half(error)", "return [half(error)]"),
        ("    rate = 0.5\n", ""),
    ],
)
def test_code_counts(rule: Path, old: str, new: str) -> None:
    before = source_code.fingerprint("mine", rule)
    rule.write_text(RULE.replace(old, new))
    assert source_code.fingerprint("mine", rule) != before


@pytest.mark.parametrize("line", ["from helper import half", "import helper", "from helper import *"])
def test_imports_from_its_folder_count(rule: Path, line: str) -> None:
    rule.write_text(RULE.replace("from helper import half", line))
    before = source_code.fingerprint("mine", rule)
    (rule.parent / "helper.py").write_text(HELPER.replace("2", "3"))
    assert source_code.fingerprint("mine", rule) != before


@pytest.mark.parametrize("line", ["from .helper import half", "from . import helper", "import plugins.helper"])
def test_imports_in_a_package_count(rule: Path, line: str) -> None:
    rule.write_text(RULE.replace("from helper import half", line))
    before = source_code.fingerprint("plugins.mine", rule)
    (rule.parent / "helper.py").write_text(HELPER.replace("2", "3"))
    assert source_code.fingerprint("plugins.mine", rule) != before


def test_what_all_rules_share_counts() -> None:
    for package in ("rules", "tasks", "theory"):
        for name in registry.names(package):
            module = f"fa_repro.{package}.{name}"
            assert {module, f"fa_repro.{package}"} <= source_code.files([module]).keys()


def test_the_fingerprint_is_of_the_code_in_use(rule: Path) -> None:
    module = imported()
    before = source_code.fingerprint("mine", rule)
    rule.write_text(RULE.replace("0.5", "0.6"))
    assert source_code.fingerprint("mine", rule) == before
    importlib.reload(module)
    assert source_code.fingerprint("mine", rule) != before


def test_a_reloaded_helper_counts(rule: Path) -> None:
    imported()
    before = source_code.fingerprint("mine", rule)
    (rule.parent / "helper.py").write_text(HELPER.replace("2", "3"))
    importlib.reload(sys.modules["helper"])
    assert source_code.fingerprint("mine", rule) != before


def test_code_replaced_in_place_is_that_of_the_file(rule: Path) -> None:
    """IPython's autoreload puts the functions of an edited file in place, without a reload."""
    module = imported()
    before = source_code.fingerprint("mine", rule)
    rule.write_text(RULE.replace("half(error)", "half(-error)"))
    edited: dict[str, Any] = {}
    exec(compile(rule.read_bytes(), str(rule), "exec"), edited)
    module.Rule.signal.__code__ = edited["Rule"].signal.__code__
    after = source_code.fingerprint("mine", rule)
    del sys.modules["mine"]
    assert before != after == source_code.fingerprint("mine", rule)


def test_code_replaced_by_hand_has_its_own(rule: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = imported()
    before = source_code.fingerprint("mine", rule)
    with monkeypatch.context() as patch:
        patch.setattr(module.Rule, "signal", lambda self, error: error)
        replaced = source_code.fingerprint("mine", rule)
        patch.setattr(module.Rule, "signal", lambda self, error: -error)
        assert len({before, replaced, source_code.fingerprint("mine", rule)}) == 3
    assert source_code.fingerprint("mine", rule) == before


def test_a_file_edited_before_it_was_noticed(rule: Path) -> None:
    """Between the import and the first use of the registry, or beside bytecode of an older file."""
    importlib.import_module("mine")
    rule.write_text(RULE.replace("half(error)", "half(-error)"))
    in_use = source_code.fingerprint("mine", rule)
    del sys.modules["mine"]
    assert in_use != source_code.fingerprint("mine", rule)
    rule.write_text(RULE)
    assert in_use != source_code.fingerprint("mine", rule)  # it is not known, so nothing is taken for it


@pytest.mark.parametrize("package", ["rules", "tasks", "theory"])
def test_every_shipped_module_is_that_of_its_file(package: str) -> None:
    for name in registry.names(package):
        module = registry.module(package, name)
        source = Path(str(module.__file__)).read_bytes()
        assert loaded_code.are_of(loaded_code.functions(module), source), name


def test_an_edit_that_is_not_in_use_is_known(rule: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "fa_repro.rules.backprop"
    registry.module("rules", "backprop")
    source_code.fingerprint(name)
    assert source_code.edited([name]) == []
    monkeypatch.setattr(source_code, "_read", lambda path: b"edited")
    assert source_code.edited([name]) == [name]


def test_a_missing_source_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FaReproError, match=r"the source of mine is not available.*Install its \.py file"):
        source_code.fingerprint("mine", tmp_path / "mine.py")


def test_fingerprints_do_not_depend_on_python() -> None:
    """Pinned for a text with what newer versions of Python represent otherwise in their syntax trees."""
    source = b"def f(x: int = 1, *y, z=None, **k) -> str:\n    return f'{x!r:>{z}} {y[1:]}' if not k else ...\n"
    plain = repr(source_code._plain(source)).encode()
    assert hashlib.sha256(plain).hexdigest() == "bca85af45b10da30ce36152d9a02e317be0909b4e1fe3cf04f4d2e8e386c5205"


def test_an_angle_depends_on_the_rule_it_refers_to() -> None:
    (run, *_) = small_runs("feedback_alignment", {"record.probes": ["nse", "angle_pseudobackprop_deg"]})
    assert list(map(registry.describe, run.condition.setup.sources)) == [
        "rule feedback_alignment",
        "rule pseudobackprop",
        "task linear",
    ]
