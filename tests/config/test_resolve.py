"""What a config resolves to, and what is refused in which words."""

import copy
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fa_repro.config.defaults import fill_defaults
from fa_repro.config.locate import config_names, shipped_folder
from fa_repro.config.resolve import Config, resolve_config
from fa_repro.config.source import read_source
from fa_repro.errors import ConfigError
from fa_repro.io import yaml
from tests.support.configs import SMALL, changed, read_shipped, refused, small

SHIPPED = sorted(path.name for path in shipped_folder().glob("*.yaml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_resolved_config_resolves_to_itself(name: str) -> None:
    once = resolve_config(read_shipped(name))
    again = resolve_config(yaml.load(yaml.dump(dict(once.data)), "resolved.yaml"))
    assert again == once


@pytest.mark.parametrize(
    "sweep",
    [
        {"algorithms.feedback_alignment.rule": ["feedback_alignment", "direct_feedback_alignment"]},
        {"algorithms.backprop": [{"rule": "backprop", "learning_rate": 0.1}, {"rule": "shallow", "learning_rate": 1}]},
        {"training": [{"examples": 5}, {"examples": 6}]},
    ],
)
def test_resolving_swept_blocks_is_idempotent(sweep: dict[str, Any]) -> None:
    """The defaults of one rule are no settings of another."""
    config = small(sweep=sweep)
    again = resolve_config(yaml.load(yaml.dump(dict(config.data)), "again"))
    assert again.data == config.data
    assert [run.key for run in again.runs()] == [run.key for run in config.runs()]


def test_resolving_does_not_mutate_its_inputs() -> None:
    document, overrides, sweep = yaml.load(SMALL, "small.yaml"), {"algorithms.*.learning_rate": 0.1}, {"seed": [1, 2]}
    before = copy.deepcopy((document, overrides, sweep))
    resolve_config(document, overrides, sweep, only=["backprop"], quick=True)
    assert (document, overrides, sweep) == before


def test_defaults_are_filled_in_once() -> None:
    """What a run has is what its config says, but for the rule's own defaults where the rule is swept."""
    config = small({"trials": 1})
    again = fill_defaults(read_source(yaml.load(yaml.dump(dict(config.data)), "again"))[0])
    assert again.data == config.data
    assert {key: config.data["training"][key] for key in ("batch_size", "loss")} == {
        "batch_size": 1,
        "loss": "squared_error",
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed: 0", "sed: 0", "a.yaml:2: sed: unknown key. Did you mean seed?"),
        ("seed: 0", "seed: -1", "a.yaml:2: seed: expected a number of at least 0, got -1"),
        ("seed: 0", "seed: 1.5", "a.yaml:2: seed: expected a whole number, got 1.5"),
        ("trials: 3", "trials: 0", "a.yaml:3: trials: expected a number of at least 1, got 0"),
        ("trials: 3", "trials: true", "a.yaml:3: trials: expected a whole number, got true (boolean)"),
        ("name: linear", "name: liner", "unknown task 'liner'. Did you mean linear? Known: linear, mnist, nonlinear."),
        ("inputs: 6", "inputs: six", "a.yaml:4: task.inputs: expected a whole number, got 'six' (text)"),
        (", outputs: 3", "", "a.yaml:4: task: outputs: missing"),
        ("hidden: [4]", "hidden: []", "a.yaml:5: network.hidden: expected at least one value, got []"),
        ("hidden: [4]", "hidden: 4", "a.yaml:5: network.hidden: expected a list, got 4"),
        ("hidden: [4]", "hidden: [4, 0]", "a.yaml:5: network.hidden.1: expected a number of at least 1, got 0"),
        ("init_range: 0.3", "init_range: [0.3]*", "a.yaml:5: not valid YAML"),
        ("init_range: 0.3", "init_range: [1, 2, 3]", "network.init_range: expected one number or a list of 2 (one per"),
        ("init_range: 0.3", "init_range: -1", "a.yaml:5: network.init_range: expected a number of at least 0, got -1"),
        ("init_range: 0.3", "init_range: .nan", "a.yaml:5: network.init_range: expected a finite number, got nan"),
        (
            "init_range: 0.3",
            "init_range: 1, activation: tnh",
            "expected linear, tanh or logistic, got 'tnh' (text). Did",
        ),
        ("init_range: 0.3", "init_range: 1, bias: on", "network.bias: expected true or false, got 'on' (text)"),
        (
            "init_range: 0.3",
            "init_range: 1, bias_range: 1",
            "a.yaml:5: network.bias_range: the network has no biases; set bias",
        ),
        ("examples: 40", "exmples: 40", "a.yaml:6: training.exmples: unknown key. Did you mean examples?"),
        ("examples: 40", "examples: 40, loss: cross_entropy", "a.yaml:6: training.loss: cross_entropy needs network"),
        ("[nse, ", "[nsa, ", "a.yaml:7: record.probes: unknown probe 'nsa'. Did you mean nse?"),
        ("[nse, ", "[", "a.yaml:7: record.probes: the figure needs nse"),
        (
            "rule: shallow",
            "rule: shalow",
            "a.yaml:9: algorithms.shallow.rule: unknown rule 'shalow'. Did you mean shallow? Known: backprop, ",
        ),
        ("rule: shallow", "rule: bp", "algorithms.shallow.rule: unknown rule 'bp'. Known: backprop, batchwise_"),
        ("rule: shallow, ", "", "a.yaml:9: algorithms.shallow: rule: missing. Known: backprop"),
        (
            "noise_std: 0.1",
            "noise_sd: 0.1",
            "a.yaml:10: algorithms.reinforcement.noise_sd: unknown key. Did you mean noise",
        ),
        ("0.01, noise", "-0.01, noise", "a.yaml:10: algorithms.reinforcement.learning_rate: expected a number above 0"),
        ("0.01, noise", "'1e-3', noise", "got '1e-3' (text). Remove the quotes"),
        (": 0.5}", ": [0.5, 1]}", "a.yaml:12: algorithms.feedback_alignment.feedback_range: expected one number (one"),
        (
            ": 0.5}",
            ": 0.5, network: {hiden: [3]}}",
            "a.yaml:12: algorithms.feedback_alignment.network.hiden: unknown key",
        ),
        ("figure: linear", "figure: lineer", "unknown figure 'lineer'. Did you mean linear? Known: angle, "),
        ("figure: linear", "figure: lineer", "a.yaml:1: figure: unknown figure 'lineer'."),
        ("figure: linear", "", "a.yaml: figure: missing. Name the figure that draws this config. Known: angle, "),
        ("sweep: {}", "sweep: {network.init_rang: [1]}", "network.init_rang: unknown key. Did you mean init_range?"),
        ("sweep: {}", "sweep: {netwrk.init_range: [1]}", "netwrk.init_range: unknown key. Did you mean network?"),
        (
            "sweep: {}",
            "sweep: {network.init_range: 1}",
            "a.yaml:13: sweep.network.init_range: expected a list of values",
        ),
        (
            "sweep: {}",
            "sweep: {network.init_range: [0.1, no]}",
            "a.yaml:13: sweep: network.init_range: expected a number",
        ),
        (
            "sweep: {}",
            "sweep: {algorithms.bakprop.learning_rate: [1]}",
            "there is no algorithm 'bakprop'. Did you mean backprop? Known: shallow, reinforcement, ",
        ),
        ("sweep: {}", "sweep: [1, 2]", "a.yaml:13: sweep: expected a block of keys, got [1, 2]"),
        ("sweep: {}", "sweep: {trials: [1, 2]}", "this key cannot be swept"),
    ],
)
def test_errors_name_the_place_and_the_fix(old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_config(yaml.load(changed(old, new), "a.yaml"))
    assert message in str(caught.value)


def test_all_mistakes_are_reported_at_once() -> None:
    text = (
        changed("seed: 0", "sed: 0").replace("inputs: 6", "inputs: x").replace("noise_std", "noise").replace("40", "-4")
    )
    assert len(refused(text)) == 5  # noise is unknown, and noise_std missing


@pytest.mark.parametrize("text", ["", "[1, 2]", "3", "a", "figure:", "figure: [linear]", "figure: {a: 1}"])
def test_what_is_no_config_at_all_is_refused(text: str) -> None:
    assert all(problem.startswith("a.yaml") for problem in refused(text))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"overrides": {"algorithms.bakprop.learning_rate": 1}},
            "there is no algorithm 'bakprop'. Did you mean backprop? Known: shallow, reinforcement, ",
        ),
        (
            {"overrides": {"trainin.examples": 1}},
            "--set trainin.examples=1: trainin.examples: unknown key. Did you mean",
        ),
        ({"overrides": {"trials.x": 1}}, "--set trials.x=1: trials.x: trials is 3, not a block of keys"),
        ({"overrides": {"training.examples": "x"}}, "--set training.examples='x': training.examples: expected a whole"),
        ({"overrides": {"network.hidden": [0]}}, "--set network.hidden=[0]: network.hidden.0: expected a number of"),
        (
            {"overrides": {"network.init_range": [1, 2, 3]}},
            "--set network.init_range=[1, 2, 3]: network.init_range: exp",
        ),
        ({"overrides": {"algorithms.target": {}}}, "algorithms.target: invalid algorithm name: target is reserved"),
        ({"overrides": {"algorithms.$x": {}}}, "algorithms.$x: invalid algorithm name: expected a letter"),
        (
            {"overrides": {"algorithms.backprop.record": {"probes": ["angle_backprop_deg"]}}},
            "--set algorithms.backprop.record={probes}: algorithms.backprop.record.probes: the figure needs nse",
        ),
        (
            {"overrides": {"algorithms.backprop.record": {"probes": ["nse", "nsx"]}}},
            "--set algorithms.backprop.record={probes}: algorithms.backprop.record.probes: unknown probe 'nsx'",
        ),
        ({"overrides": {"task.target_range": 1e-30}}, "task.target_range: expected a number of at least 1e-15"),
        ({"only": ["bp"]}, "--only bp: no such algorithm. Known: shallow, reinforcement, backprop, feed"),
        ({"overrides": {"theory.flow_field.B": 1}}, "there is no study 'flow_field'. Known: none."),
        ({"overrides": {"trials": None}}, "--set trials=null: trials: expected a whole number, got nothing"),
        (
            {"sweep": {"network.init_range": []}},
            "--sweep network.init_range: sweep.network.init_range: expected a list",
        ),
        ({"sweep": {"seed": [1, "x"]}}, "--sweep seed: sweep: seed: expected a whole number, got 'x' (text)"),
        (
            {"sweep": {"seed": [1, 2]}, "overrides": {"seed": 3}},
            "--set seed: this key is swept. Leave out this or --sweep seed",
        ),
        (
            {"overrides": {"sweep.seed": [1, 2], "seed": 3}},
            "--set seed: this key is swept. Use --sweep seed=VALUE, or --set sweep={} to remove all sweeps",
        ),
        ({"sweep": {"seed": [*range(1000)], "task.inputs": [*range(1, 1001)]}}, "1,000,000 points; at most 20,000"),
    ],
)
def test_mistakes_in_options_name_the_option(options: dict[str, Any], message: str) -> None:
    assert any(message in problem for problem in refused(**options)), refused(**options)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("1e-3")


anything = st.recursive(
    scalars, lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x, max_size=3)
)


dotted = st.sampled_from(
    [
        "figure",
        "seed",
        "trials",
        "task",
        "task.name",
        "task.inputs",
        "network.hidden",
        "network.init_range",
        "record",
        "record.grid",
        "record.points",
        "record.probes",
        "training.examples",
        "training.epochs",
        "training.loss",
        "training.dtype",
        "algorithms",
        "algorithms.backprop",
        "sweep",
        "sweep.seed",
        "a.b",
        ".",
        "algorithms.backprop.rule",
        "algorithms.backprop.learning_rate",
        "algorithms.backprop.network",
        "sweep.network.init_range",
        "algorithms.feedback_alignment.feedback_range",
        "algorithms.*.learning_rate",
        "algorithms.*.network.init_range",
        "algorithms.*",
        "sweep.algorithms.*.learning_rate",
    ]
)


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.dictionaries(dotted, anything, max_size=3), st.dictionaries(dotted, st.lists(anything, max_size=2), max_size=1)
)
def test_any_settings_are_valid_or_config_errors(overrides: dict[str, Any], sweep: dict[str, Any]) -> None:
    try:
        config = small(overrides, sweep=sweep)
    except ConfigError as error:
        assert all(problem.strip() for problem in error.problems)
    else:
        assert isinstance(config, Config)
        assert resolve_config(yaml.load(yaml.dump(dict(config.data)), "again.yaml")) == config


def test_every_shipped_config_can_run() -> None:
    assert set(config_names()) >= {path.removesuffix(".yaml") for path in SHIPPED} >= {"linear", "nse", "angle"}


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("name: linear", "name: null", "task.name"),
        ("{rule: backprop", "{rule: null", "algorithms.backprop.rule"),
    ],
)
def test_name_that_is_null_is_missing(old: str, new: str, key: str) -> None:
    (by_file,) = refused(changed(old, new))
    assert re.match(rf"a\.yaml:\d+: {key}: missing\. Known: ", by_file)
    (by_option,) = refused(overrides={key: None})
    assert by_option.startswith(f"--set {key}=null: {key}: missing. Known: ")
