"""Fault 20: the config is no longer what a claim is about: another rule, another task, fewer rows.

Promised: no verdict for that claim; list, check, report and JSON name the keys that differ.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from fa_repro import check, registry
from fa_repro.claims.claim import Judgement, Verdict
from fa_repro.config.locate import shipped_folder
from fa_repro.config.resolve import resolve_config
from fa_repro.experiment import reference
from fa_repro.figures import linear
from fa_repro.io import yaml
from tests.support.reference import shipped_data

Command = Callable[..., Result]

RULE = "algorithms.feedback_alignment.rule"
SHORT = ("--set", "trials=5", "--set", "training.examples=30")


@pytest.fixture
def edited(workplace: Path) -> Path:
    """A folder with the shipped config of `linear`, in which backprop is the rule of `feedback_alignment`."""
    path = workplace / "configs/linear.yaml"
    text = (shipped_folder() / "linear.yaml").read_text()
    rule = "{rule: feedback_alignment, learning_rate: 7.5e-3, feedback_range: 0.5}"
    assert rule in text
    path.write_text(text.replace(rule, "{rule: backprop, learning_rate: 7.5e-3}"))
    return workplace


def judged(*names: str) -> dict[str, Judgement]:
    return {each.claim.name: each for figure in check(*names) for each in figure.judgements}


def test_another_rule_gets_no_verdict(edited: Path, command: Command) -> None:
    command("run", "linear", "--set", "trials=5")
    found = judged("linear")
    for name, each in found.items():
        if "feedback_alignment" in name or each.claim in linear.CLAIMS[-2:]:
            assert each.verdict is Verdict.NOT_RUN
            assert f"another config: {RULE} is backprop, not feedback_alignment" in each.reason
        else:
            assert each.verdict is Verdict.REPRODUCED
    assert sum(each.verdict is Verdict.NOT_RUN for each in found.values()) == 4


def test_what_differs_is_told_everywhere(edited: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    command("run", "linear", *SHORT)
    for words in (["list"], ["check", "linear"], ["report", "--markdown"]):
        assert f"differs from the shipped config in trials, training.examples, {RULE}" in command(*words).stdout
    (about, *_) = json.loads(command("check", "linear", "--json").stdout)["figures"]
    assert about["differences"][RULE] == {"value": "backprop", "shipped": "feedback_alignment"}
    command("report")
    page = Path("results/report.html").read_text()
    assert f"Differs from the shipped config: {RULE} is backprop, there feedback_alignment." in page


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("task.inputs", 29),
        ("task.target_range", 0.9),
        ("network.hidden", [21]),
        ("network.init_range", 0.02),
        ("training.batch_size", 2),
        ("training.weight_decay", 1e-5),
        ("algorithms.feedback_alignment.feedback_range", 0.4),
        ("algorithms.feedback_alignment.sparsity", 0.5),
        ("algorithms.feedback_alignment.network", {"hidden": [10]}),
    ],
)
def test_another_setting_gets_no_verdict(workplace: Path, command: Command, key: str, value: Any) -> None:
    shutil.rmtree(workplace / "configs")
    command("run", "linear", *SHORT, "--only", "feedback_alignment", "--set", f"{key}={json.dumps(value)}")
    each = judged("linear")["feedback_alignment_end"]
    assert each.verdict is Verdict.NOT_RUN
    assert key in each.reason


@pytest.mark.parametrize("option", ["seed=1", "training.dtype=float32", "algorithms.*.learning_rate=0.001"])
def test_other_differences_leave_a_verdict(workplace: Path, command: Command, option: str) -> None:
    """They are named, but the claim is still about this."""
    shutil.rmtree(workplace / "configs")
    command("run", "linear", *SHORT, "--only", "backprop", "--set", option)
    assert judged("linear")["backprop_end"].verdict is Verdict.NOT_ENOUGH
    assert option.partition("=")[0].replace("*", "backprop") in check("linear")[0].differences


@pytest.mark.parametrize(
    ("figure", "key", "value"),
    [
        ("flow-field", "theory.flow_field.B", 2),
        ("flow-field", "theory.flow_field.basin", 3),
        ("theorems", "theory.theorem_2.size", [3, 3, 3]),
    ],
)
def test_other_theory_gets_no_verdict(command: Command, figure: str, key: str, value: Any) -> None:
    found = reference.differences(figure, resolved(figure, {key: value}))
    about = reference.concerning_claims(found, figure_of(figure), ())
    assert about == {key: (value, found[key][1])}


def test_fewer_points_of_fig_4_get_no_verdict() -> None:
    figure = figure_of("nse")
    shipped = resolved("nse")["sweep"]["network.init_range"]
    for values, judged in (([*shipped, 0.3], True), (shipped[1:], False), ([0.001], False)):
        config = resolved("nse", {"sweep": {"network.init_range": values}})
        found = reference.concerning_claims(reference.differences("nse", config), figure, config["sweep"])
        assert (found == {}) is judged


def test_quick_results_are_about_the_same() -> None:
    for name in shipped_data():
        if name in ("linear", "nse", "angle", "nonlinear", "mnist", "receptive-fields", "flow-field", "theorems"):
            quick = resolved(name, quick=True)
            assert reference.differences(name, quick)
            assert reference.concerning_claims(reference.differences(name, quick), figure_of(name), ()) == {}


def test_the_reference_is_that_of_the_shipped_configs() -> None:
    known = json.loads(reference.reference_file().read_bytes())
    assert known == json.loads(json.dumps(shipped_data())), "remake it: python -m tests.support.reference"


def resolved(name: str, overrides: dict[str, Any] | None = None, **options: Any) -> Any:
    document = yaml.load((shipped_folder() / f"{name}.yaml").read_bytes(), name)
    return resolve_config(document, overrides, **options).data


def figure_of(name: str) -> Any:
    return registry.module("figures", name).FIGURE
