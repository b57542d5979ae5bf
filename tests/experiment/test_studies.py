"""Studies from a config to results."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import Result

from fa_repro import run
from fa_repro.config.resolve import resolve_config
from fa_repro.errors import ConfigError, FaReproError
from fa_repro.experiment.request import Request
from fa_repro.io import yaml
from fa_repro.theory.flow_field import FlowField
from fa_repro.theory.theorem_2 import Theorem2
from tests.support.theory import LINEAR

FLOW = "figure: flow-field\ntheory:\n  flow_field: {grid: 5, basin: 9, steps: 20}\n"


THEOREMS = """\
figure: theorems
trials: 2
theory:
  theorem_1: {sizes: [[6, 5, 3]], counter_size: [6, 2, 4], online_size: [4, 4, 2], rates: [0.01, 0.005], points: 21}
  theorem_2: {size: [8, 6, 4]}
  theorem_3: {size: [8, 6, 3], learning_rate: 2.0e-3, many_size: [8, 6, 5], many_examples: 8000, updates: 20}
"""


@pytest.fixture
def place(workplace: Path) -> Path:
    (workplace / "configs/flow-field.yaml").write_text(FLOW)
    (workplace / "configs/theorems.yaml").write_text(THEOREMS)
    return workplace


def test_the_flow_field_from_the_command_line(place: Path, command: Callable[..., Result]) -> None:
    result = command("run", "flow-field")
    assert (result.exit_code, result.stdout) == (0, "results/flow-field/flow-field.png\n")
    assert "computed 1 study" in result.stderr
    table = pd.read_csv(place / "results/flow-field/flow-field.csv")
    assert list(table) == ["kind", "id", "step", "w0", "w", "dw0", "dw"]
    assert table[["kind", "id", "step"]].apply(tuple, axis=1).is_monotonic_increasing
    config = yaml.load((place / "results/flow-field/config.yaml").read_text(), "c").data
    assert config["theory"]["flow_field"]["T"] == 1.0
    assert not {"task", "network", "training", "record", "algorithms"} & set(config)
    again = command("run", "flow-field", "--config", "results/flow-field/config.yaml", "--results", "other")
    assert again.exit_code == 0
    for name in ("flow-field.csv", "flow-field.png", "config.yaml"):
        assert (place / "results/flow-field" / name).read_bytes() == (place / "other/flow-field" / name).read_bytes()
    picture = (place / "results/flow-field/flow-field.png").read_bytes()
    assert command("plot", "flow-field").exit_code == 0
    assert (place / "results/flow-field/flow-field.png").read_bytes() == picture
    assert "done" in command("list").stdout.split("flow-field")[1].splitlines()[0]
    assert "1 study to compute" in command("run", "flow-field", "--dry-run").stdout


def test_the_theorems_from_the_command_line(place: Path, command: Callable[..., Result]) -> None:
    assert command("run", "theorems").exit_code == 0
    table = pd.read_csv(place / "results/theorems/theorems.csv")
    assert list(table) == ["theorem", "quantity", "trial", "time", "value"]
    assert set(table["theorem"]) == {1, 2, 3}
    assert table[["theorem", "quantity", "trial", "time"]].apply(tuple, axis=1).is_monotonic_increasing
    summary = pd.read_csv(place / "results/theorems/theorems_summary.csv")
    assert summary["holds"].all()
    assert command("run", "theorems", "--only", "theorem_2").exit_code == 0
    assert set(pd.read_csv(place / "results/theorems/theorems.csv")["theorem"]) == {2}


def test_swept_settings_become_columns(place: Path, command: Callable[..., Result]) -> None:
    words = ["--sweep", "theory.flow_field.B=1,-0.5", "--sweep", "theory.flow_field.T=1,2"]
    assert command("run", "flow-field", *words).exit_code == 0
    table = pd.read_csv(place / "results/flow-field/flow-field.csv")
    assert list(table)[-2:] == ["theory.flow_field.B", "theory.flow_field.T"]
    for (B, T), part in table.groupby(["theory.flow_field.B", "theory.flow_field.T"]):
        own = FlowField(T=T, B=B, grid=5, basin=9, steps=20).compute(0, 1)["main"]
        np.testing.assert_allclose(np.sort(part["w"]), np.sort(own["w"]), atol=1e-9)
    assert command("run", "theorems", "--sweep", "seed=0,1", "--only", "theorem_3").exit_code == 0
    assert set(pd.read_csv(place / "results/theorems/theorems_summary.csv")["seed"]) == {0, 1}


def test_failed_study_does_not_stop_the_others(
    place: Path, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Theorem2, seed: int, trials: int) -> Any:
        raise ArithmeticError("cannot be integrated: on purpose")

    monkeypatch.setattr(Theorem2, "compute", fail)
    result = command("run", "theorems")
    assert result.exit_code == 1
    assert "error: theorem_2 failed: cannot be integrated: on purpose" in result.stderr
    assert "theorems: 13 of 13 statements hold" in result.stderr
    assert set(pd.read_csv(place / "results/theorems/theorems.csv")["theorem"]) == {1, 3}
    assert "failed (1 " in command("list").stdout
    with pytest.raises(FaReproError, match="every study failed"):
        run("theorems", only=["theorem_2"])


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("flow-field", {"theory.flow_field.T": 0}, "theory.flow_field.T: expected a number other than 0"),
        ("flow-field", {"theory.flow_field.B": 0.0}, "theory.flow_field.B: expected a number other than 0"),
        ("flow-field", {"theory.flow_field.B": [1, 2]}, "B: expected one number, as there is one neuron per layer"),
        ("flow-field", {"theory.flow_field.B": [[1]]}, "B: expected one number"),
        ("flow-field", {"theory.flow_field.T": "one"}, "T: expected a number, got 'one' (text)"),
        ("flow-field", {"theory.flow_field.T": float("inf")}, "T: expected a"),
        ("flow-field", {"theory.flow_field.range": -1}, "range: expected a number"),
        ("flow-field", {"theory.flow_field.T": 1e-3, "theory.flow_field.range": 100}, "range: 100 is too wide"),
        ("flow-field", {"theory.flow_field.starts": [[1, 2, 3]]}, "theory.flow_field.starts"),
        (
            "flow-field",
            {"theory.flow_field.starts": [[900, 0]]},
            "duration: the path from (900, 0) would take too many",
        ),
        ("flow-field", {"theory.flow_field.starts": 3}, "starts: expected a list"),
        ("flow-field", {"theory.flow_field.grdi": 9}, "unknown key. Did you mean grid?"),
        ("flow-field", {"theory.flow_feild.T": 9}, "'flow_feild'. Did you mean flow_field? Known: flow_field."),
        ("flow-field", {"theory": {"theorem_1": {}}}, "unknown study. Known: flow_field."),
        ("flow-field", {"theory": {}}, "theory: missing. Known: flow_field"),
        ("flow-field", {"theory": 3}, "theory: expected a block of keys"),
        ("flow-field", {"network.hidden": [3]}, "network: this figure trains nothing"),
        ("flow-field", {"training": {"examples": 3}}, "training: this figure trains nothing"),
        ("flow-field", {"trials": 0}, "trials: expected"),
        ("linear", {"theory": {"flow_field": {"T": 1.0}}}, "theory: this figure draws no studies"),
        ("theorems", {"theory.theorem_1.sizes": [[5, 3, 4]]}, "sizes: 5-3-4 has more output than hidden units"),
        ("theorems", {"theory.theorem_1.online_size": [5, 3, 4]}, "online_size: 5-3-4 has more output than hidden"),
        ("theorems", {"theory.theorem_1.counter_size": [5, 4, 4]}, "counter_size: expected more output than hidden"),
        ("theorems", {"theory.theorem_1.counter_size": [3, 4, 6]}, "more inputs than hidden units"),
        ("theorems", {"theory.theorem_1.sizes": [[5, 3, 2], [5, 3, 2]]}, "sizes: expected different values"),
        ("theorems", {"theory.theorem_1.sizes": [[10**6, 10**6, 2]]}, "at most 300"),
        ("theorems", {"theory.theorem_2.activations": ["tanh", "tanh"]}, "activations: expected different values"),
        ("theorems", {"theory.theorem_2.rates": [0.01, 0.01, 0.001]}, "rates: expected different values"),
        ("theorems", {"theory.theorem_3.many_size": [30, 20, 3]}, "many_size: expected no layer larger than the one"),
        ("theorems", {"theory.theorem_3.many_size": [9, 20, 7]}, "many_size: expected no layer larger than the one"),
        ("theorems", {"theory.theorem_3.many_learning_rate": 1e-5}, "many_examples: expected at least 5 / many_learn"),
        ("flow-field", {"theory.flow_field.duration": 1e4, "theory.flow_field.B": 1000.0}, "duration: the path from ("),
        (
            "flow-field",
            {"theory.flow_field.T": 1000.0, "theory.flow_field.B": 1000.0},
            "duration: the path from (",
        ),
        ("theorems", {"theory.theorem_1.sizes": [[5, 3]]}, "theory.theorem_1.sizes"),
        ("theorems", {"theory.theorem_1.sizes": []}, "theory.theorem_1.sizes"),
        (
            "theorems",
            {"theory.theorem_1.rates": [0.1, 0.05], "theory.theorem_1.online_time": 0.2},
            "online_time: expected 4 (one round) to 1,000,000 examples at rate 0.1, got 2",
        ),
        ("theorems", {"theory.theorem_1.rates": [0.1, 1e-6]}, "examples at rate 1e-06, got 3,000,000"),
        ("theorems", {"theory.theorem_2.rates": [0.1, 0.1]}, "rates: expected different values"),
        ("theorems", {"theory.theorem_2.activations": ["relu"]}, "expected linear, tanh or logistic, got"),
        ("theorems", {"theory.theorem_3.feedback_range": 0}, "feedback_range: expected a number of at least 0.1"),
    ],
)
def test_impossible_settings_are_reported(place: Path, name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        _ = Request(name, settings).resolved
    assert message in str(error.value)


def test_invalid_sweeps_and_choices_are_reported(place: Path) -> None:
    for request, message in (
        (Request("flow-field", sweep={"theory.flow_field.T": [1, 0]}), "T: expected a number other than 0"),
        (Request("flow-field", sweep={"network.hidden": [3]}), "this figure trains nothing"),
        (Request("flow-field", sweep={"theory.flow_field": [{"T": 2.0}]}), "sweep the keys of a study one by one"),
        (Request("flow-field", sweep={"theory": [{"flow_field": {"T": 2.0}}]}), "sweep the keys of a study one by one"),
        (
            Request("theorems", only=("theorem2",)),
            "no such study. Did you mean theorem_2? Known: theorem_1, theorem_2, ",
        ),
    ):
        with pytest.raises(ConfigError) as error:
            _ = request.resolved
        assert message in str(error.value)


def test_bug_in_one_study_loses_no_other(
    place: Path, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Theorem2, "_deviation", lambda *_: 1 + None)  # type: ignore[operator]
    result = command("run", "theorems")
    assert result.exit_code == 1
    assert "error: theorem_2 failed: TypeError: " in result.stderr
    assert set(pd.read_csv(place / "results/theorems/theorems.csv")["theorem"]) == {1, 3}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"theory.theorem_3.learning_rate": 0.1, "theory.theorem_3.size": [300, 20, 10]}, "the single pair diverges"),
        ({"theory.theorem_3.many_learning_rate": 0.1}, "trial 0 diverged at example"),
    ],
)
def test_learning_that_diverges_is_reported(
    place: Path, command: Callable[..., Result], settings: dict[str, Any], message: str
) -> None:
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    result = command("run", "theorems", *words)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "lower" in result.stderr.lower()


def test_failed_statement_is_reported(
    place: Path, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fa_repro.theory.theorem_2.EXACT", 1e-300)
    result = command("run", "theorems", "--only", "theorem_2")
    assert result.exit_code == 0  # `check` judges
    assert "theorems: 4 of 5 statements hold" in result.stderr
    assert f"theorems: does not hold: theorem 2, {LINEAR}" in result.stderr
    manifest = json.loads((place / "results/theorems/manifest.json").read_text())
    assert manifest["remarks"][0] == "4 of 5 statements hold"
    assert "scipy" in manifest["versions"]


def test_equal_sweep_points_are_computed_once(place: Path) -> None:
    assert len(Request("flow-field", sweep={"theory.flow_field.T": [1, 1.0, 2]}).resolved.studies) == 2


def test_resolved_config_gives_the_same_studies(place: Path) -> None:
    config = Request("theorems").resolved
    again = resolve_config(yaml.load(yaml.dump(dict(config.data)), "again.yaml"))
    assert again.studies == config.studies
    assert again.data == config.data
