"""Configs: what is refused, in which words, and what a sweep expands to."""

import copy
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
from tests.support.configs import SMALL, small


def refused(text: str = SMALL, **options: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        resolve_config(yaml.load(text, "a.yaml"), **options)
    return list(caught.value.problems)


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new)


SHIPPED = sorted(path.name for path in shipped_folder().glob("*.yaml"))


def read_shipped(name: str) -> yaml.Document:
    return yaml.load((shipped_folder() / name).read_bytes(), name)


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
def test_a_resolved_config_whose_blocks_are_swept_resolves_to_itself(sweep: dict[str, Any]) -> None:
    """The defaults of one rule are no settings of another."""
    config = small(sweep=sweep)
    again = resolve_config(yaml.load(yaml.dump(dict(config.data)), "again"))
    assert again.data == config.data
    assert [run.key for run in again.runs()] == [run.key for run in config.runs()]


def test_resolving_changes_nothing_that_it_is_given() -> None:
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
        ("trials: 3", "trials: true", "a.yaml:3: trials: expected a whole number, got true (yes or no)"),
        ("name: linear", "name: liner", "a.yaml:4: task.name: unknown task 'liner'. Did you mean linear?"),
        ("inputs: 6", "inputs: six", "a.yaml:4: task.inputs: expected a whole number, got 'six' (text)"),
        (", outputs: 3", "", "a.yaml:4: task: outputs: missing"),
        ("hidden: [4]", "hidden: []", "a.yaml:5: network.hidden: expected at least one value, got []"),
        ("hidden: [4]", "hidden: 4", "a.yaml:5: network.hidden: expected a list, got 4"),
        ("hidden: [4]", "hidden: [4, 0]", "a.yaml:5: network.hidden.1: expected a number of at least 1, got 0"),
        ("init_range: 0.3", "init_range: [0.3]*", "a.yaml:5: not valid YAML"),
        ("init_range: 0.3", "init_range: [1, 2, 3]", "a.yaml:5: network.init_range: expected one number or 2"),
        ("init_range: 0.3", "init_range: -1", "a.yaml:5: network.init_range: expected a number of at least 0, got -1"),
        ("init_range: 0.3", "init_range: .nan", "a.yaml:5: network.init_range: expected a finite number, got nan"),
        (
            "init_range: 0.3",
            "init_range: 1, activation: tnh",
            "expected linear or tanh or logistic, got 'tnh' (text). Did",
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
            "a.yaml:9: algorithms.shallow.rule: unknown rule 'shalow'. Did you mean shallow",
        ),
        ("rule: shallow, ", "", "a.yaml:9: algorithms.shallow: rule: missing. Known: backprop"),
        (
            "noise_std: 0.1",
            "noise_sd: 0.1",
            "a.yaml:10: algorithms.reinforcement.noise_sd: unknown key. Did you mean noise",
        ),
        ("0.01, noise", "-0.01, noise", "a.yaml:10: algorithms.reinforcement.learning_rate: expected a number above 0"),
        ("0.01, noise", "'1e-3', noise", "got '1e-3' (text). Remove the quotes"),
        (": 0.5}", ": [0.5, 1]}", "a.yaml:12: algorithms.feedback_alignment.feedback_range: expected one number or 1"),
        (
            ": 0.5}",
            ": 0.5, network: {hiden: [3]}}",
            "a.yaml:12: algorithms.feedback_alignment.network.hiden: unknown key",
        ),
        ("figure: linear", "figure: lineer", "a.yaml:1: figure: unknown figure 'lineer'. Did you mean linear?"),
        ("figure: linear", "", "a.yaml: figure: missing. Name the figure"),
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
            "there is no algorithm 'bakprop'. Did you mean",
        ),
        ("sweep: {}", "sweep: [1, 2]", "a.yaml:13: sweep: expected a block of keys, got [1, 2]"),
        ("sweep: {}", "sweep: {trials: [1, 2]}", "this key cannot be swept"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_way_out(old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_config(yaml.load(changed(old, new), "a.yaml"))
    assert message in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
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
            "there is no algorithm 'bakprop'. Did you mean backprop?",
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
        ({"overrides": {"algorithms.target": {}}}, "algorithms.target: not a name for an algorithm"),
        ({"overrides": {"algorithms.$x": {}}}, "algorithms.$x: not a name for an algorithm: letters, digits"),
        (
            {"overrides": {"algorithms.backprop.record": {"probes": ["angle_backprop_deg"]}}},
            "--set algorithms.backprop.record={probes}: algorithms.backprop.record.probes: the figure needs nse",
        ),
        (
            {"overrides": {"algorithms.backprop.record": {"probes": ["nse", "nsx"]}}},
            "--set algorithms.backprop.record={probes}: algorithms.backprop.record.probes: unknown probe 'nsx'",
        ),
        ({"overrides": {"task.target_range": 1e-30}}, "task.target_range: expected a number of at least 1e-15"),
        ({"only": ["backprp"]}, "--only backprp: no such algorithm. Did you mean backprop?"),
        (
            {"sweep": {"network.init_range": []}},
            "--sweep network.init_range: sweep.network.init_range: expected a list",
        ),
        ({"sweep": {"seed": [1, "x"]}}, "--sweep seed: sweep: seed: expected a whole number, got 'x' (text)"),
        (
            {"sweep": {"seed": [1, 2]}, "overrides": {"seed": 3}},
            "--set seed: this key is swept. Use --sweep seed=VALUE, or --set sweep={} to end all sweeps",
        ),
        ({"sweep": {"seed": [*range(1000)], "task.inputs": [*range(1, 1001)]}}, "1,000,000 points; at most 20,000"),
    ],
)
def test_mistakes_in_options_name_the_option(options: dict[str, Any], message: str) -> None:
    assert any(message in problem for problem in refused(**options)), refused(**options)


# ---- overrides and sweeps ----


def test_an_override_reaches_where_its_key_points() -> None:
    config = small({"training.examples": 7, "algorithms.backprop.learning_rate": 0.5, "network.hidden": [2, 3]})
    setups = {condition.algorithm: condition.setup for condition in config.conditions}
    assert setups["backprop"].learning_rate == 0.5
    assert setups["shallow"].learning_rate == 0.01
    assert all(setup.training.examples == 7 and setup.network.hidden == (2, 3) for setup in setups.values())


def test_a_block_that_the_file_leaves_out_can_be_set() -> None:
    text = changed("record: {grid: every, probes: [nse, angle_backprop_deg], weights: true}\n", "")
    config = resolve_config(yaml.load(text, "a.yaml"), {"record.grid": "log", "record.points": 5})
    assert config.conditions[0].setup.record.points == 5


def test_a_sweep_is_a_grid_and_every_axis_a_label() -> None:
    config = small(sweep={"seed": [1, 2], "network.hidden": [[3], [4, 5]]}, only=["backprop"])
    assert [dict(condition.swept) for condition in config.conditions] == [
        {"seed": seed, "network.hidden": hidden} for seed in (1, 2) for hidden in ([3], [4, 5])
    ]
    assert [(e.setup.seed, e.setup.network.hidden) for e in config.conditions] == [
        (1, (3,)), (1, (4, 5)), (2, (3,)), (2, (4, 5)),
    ]  # fmt: skip


def test_a_whole_algorithm_can_be_swept() -> None:
    rules = [{"rule": "backprop", "learning_rate": 0.1}, {"rule": "shallow", "learning_rate": 0.2}]
    config = small(sweep={"algorithms.backprop": rules}, only=["backprop"])
    assert [condition.setup.learning_rate for condition in config.conditions] == [0.1, 0.2]


def test_an_option_replaces_an_axis_of_the_file() -> None:
    text = changed("sweep: {}", "sweep: {seed: [1, 2, 3]}")
    config = resolve_config(yaml.load(text, "a.yaml"), sweep={"seed": [7]})
    assert {condition.setup.seed for condition in config.conditions} == {7}
    assert resolve_config(yaml.load(text, "a.yaml"), {"sweep": {}}).axes == ()


@pytest.mark.parametrize(
    ("span", "values"),
    [
        ({"from": 0.1, "to": 0.4, "num": 4}, [0.1, 0.2, 0.3, 0.4]),
        ({"from": 0.4, "to": 0.1, "num": 4, "scale": "linear"}, [0.4, 0.3, 0.2, 0.1]),
        ({"from": 1e-3, "to": 1e-1, "num": 5, "scale": "log"}, [1e-3, 0.00316227766017, 1e-2, 0.0316227766017, 1e-1]),
        ({"from": 1, "to": 2, "num": 2, "scale": "log"}, [1, 2]),
    ],
)
def test_a_range_is_swept_as_the_list_it_stands_for(span: dict[str, Any], values: list[float]) -> None:
    config = small(sweep={"network.init_range": span}, only=["backprop"])
    assert [condition.swept["network.init_range"] for condition in config.conditions] == values
    assert config.data["sweep"]["network.init_range"] == values
    assert small({"sweep": {"network.init_range": span}}, only=["backprop"]).conditions == config.conditions
    assert small(sweep={"network.init_range": values}, only=["backprop"]).runs() == config.runs()


def test_a_range_of_whole_numbers_is_one_of_whole_numbers() -> None:
    config = small(sweep={"seed": {"from": 2, "to": 6, "num": 3}}, only=["backprop"])
    assert [condition.setup.seed for condition in config.conditions] == [2, 4, 6]
    with pytest.raises(ConfigError, match=r"seed: expected a whole number, got 2\.5"):
        small(sweep={"seed": {"from": 2, "to": 3, "num": 3}})


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ({"from": 0.1, "to": 0.4}, "num: expected a whole number from 2 to 20,000, got nothing"),
        ({"from": 0.1, "to": 0.4, "num": 1}, "num: expected a whole number from 2"),
        ({"from": 0.1, "to": 0.4, "num": 2.5}, "num: expected a whole number from 2"),
        ({"from": 0.1, "to": 0.4, "num": 10**9}, "num: expected a whole number from 2 to 20,000"),
        ({"from": "a", "to": 0.4, "num": 3}, "from: expected a number, got 'a' (text)"),
        ({"from": 0.1, "to": float("inf"), "num": 3}, "to: expected a number, got inf"),
        ({"from": True, "to": 0.4, "num": 3}, "from: expected a number, got true"),
        ({"from": 0, "to": 0.4, "num": 3, "scale": "log"}, "from, to: expected numbers above 0"),
        (
            {"from": 0.1, "to": 0.4, "num": 3, "scale": "lg"},
            "scale: expected linear or log, got 'lg' (text). Did you mean log",
        ),
        ({"from": 0.1, "to": 0.4, "nmu": 3}, "nmu: unknown key. Did you mean num?"),
        ({"form": 0.1, "to": 0.4, "num": 3}, "expected a list of values"),
    ],
)
def test_a_range_that_is_none_is_told(span: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small({"sweep": {"network.init_range": span}})
    assert message in str(error.value)


def test_an_algorithms_own_settings_win_over_a_sweep_and_are_trained_once() -> None:
    own = {"rule": "backprop", "learning_rate": 0.1, "network": {"init_range": 0.7}}
    config = small({"algorithms.own": own}, sweep={"network.init_range": [0.1, 0.2]}, only=["own", "backprop"])
    assert [(e.algorithm, e.swept["network.init_range"], e.setup.network.init_range) for e in config.conditions] == [
        ("backprop", 0.1, (0.1,)), ("own", 0.7, (0.7,)), ("backprop", 0.2, (0.2,)),
    ]  # fmt: skip


def test_equal_values_are_one_point_however_they_are_written() -> None:
    assert len(small(sweep={"network.init_range": [1, 1.0, 0.5]}, only=["backprop"]).conditions) == 2


def test_what_is_swept_needs_no_other_value() -> None:
    lines = [line for line in SMALL.splitlines() if not line.startswith(("network:", "task:"))]
    axes = {"network": [{"hidden": [4], "init_range": 0.1}], "task": [{"name": "linear", "inputs": 3, "outputs": 2}]}
    config = resolve_config(yaml.load("\n".join(lines), "a.yaml"), sweep=axes)
    assert len(config.conditions) == 4
    assert resolve_config(yaml.load(yaml.dump(dict(config.data)), "again.yaml")) == config


def test_a_block_swept_whole_keeps_its_points_apart_from_an_algorithms_own_keys() -> None:
    own = {"rule": "backprop", "learning_rate": 0.1, "network": {"init_range": 0.7}}
    blocks = [{"hidden": [3], "init_range": 0.1}, {"hidden": [4], "init_range": 0.1}]
    config = small({"algorithms.own": own}, sweep={"network": blocks}, only=["own"])
    assert [condition.setup.network.hidden for condition in config.conditions] == [(3,), (4,)]
    assert {condition.setup.network.init_range for condition in config.conditions} == {(0.7,)}


def test_there_are_bounds_to_the_number_of_runs() -> None:
    assert "3,200,000 runs; at most 1,000,000" in "".join(
        refused(overrides={"trials": 100_000}, sweep={"seed": [*range(8)]})
    )


def test_quick_lowers_numbers_and_never_raises_one() -> None:
    assert {condition.trials for condition in small({"trials": 9}, quick=True).conditions} == {4}
    assert {condition.trials for condition in small({"trials": 2}, quick=True).conditions} == {2}


def test_quick_reaches_into_algorithms() -> None:
    config = resolve_config(read_shipped("angle.yaml"), {"algorithms.figure_1e.training.examples": 9000}, quick=True)
    assert {condition.setup.training.examples for condition in config.conditions} == {2000}


# ---- a key of every algorithm ----

EVERY = "algorithms.*.learning_rate"
STAR = "* stands only for the whole name of an algorithm, before one of its keys: algorithms.*.learning_rate"


def keys_of(config: Config) -> list[str]:
    return [run.key for run in config.runs()]


def test_a_star_sets_a_key_in_every_algorithm() -> None:
    by_hand = {f"algorithms.{name}.learning_rate": 0.5 for name in small().data["algorithms"]}
    assert small({EVERY: 0.5}) == small(by_hand)
    assert {condition.setup.learning_rate for condition in small({EVERY: 0.5}).conditions} == {0.5}
    nested = small({"algorithms.*.network.init_range": 0.7})
    assert {condition.setup.network.init_range for condition in nested.conditions} == {(0.7,)}


rates = st.floats(1e-6, 1.0)


@settings(max_examples=50, deadline=None)
@given(st.lists(rates, min_size=1, max_size=4, unique=True), st.sets(st.sampled_from(["seed", "network"])))
def test_a_star_axis_gives_the_runs_of_the_keys_set_by_hand(values: list[float], others: set[str]) -> None:
    more = {"seed": [1, 2], "network": [{"hidden": [3], "init_range": 0.1}, {"hidden": [5], "init_range": 0.2}]}
    sweep = {key: own for key, own in more.items() if key in others}
    names = list(small().data["algorithms"])
    config = small(sweep={EVERY: values, **sweep})
    by_hand = [small({f"algorithms.{name}.learning_rate": value for name in names}, sweep=sweep) for value in values]
    assert keys_of(config) == [key for each in by_hand for key in keys_of(each)]
    assert config.axes == (EVERY, *sweep)
    assert [condition.swept[EVERY] for condition in config.conditions] == [
        condition.setup.learning_rate for condition in config.conditions
    ]
    again = resolve_config(yaml.load(yaml.dump(dict(config.data)), "again.yaml"))
    assert again == config


def test_a_star_axis_is_one_axis_and_stays_with_only() -> None:
    text = changed("sweep: {}", "sweep: {algorithms.*.learning_rate: {from: 0.01, to: 1, num: 3, scale: log}}")
    config = resolve_config(yaml.load(text, "a.yaml"))
    assert len(config.conditions) == 4 * 3
    kept = resolve_config(yaml.load(text, "a.yaml"), only=["backprop", "shallow"])
    assert kept.axes == (EVERY,)
    assert {(e.algorithm, e.swept[EVERY]) for e in kept.conditions} == {
        (name, rate) for name in ("backprop", "shallow") for rate in (0.01, 0.1, 1.0)
    }
    assert kept.data["sweep"] == {EVERY: [0.01, 0.1, 1.0]}


def test_what_a_star_sweeps_needs_no_other_value() -> None:
    text = SMALL.replace(", learning_rate: 0.01", "")
    config = resolve_config(yaml.load(text, "a.yaml"), sweep={EVERY: [0.1, 0.2]})
    assert keys_of(config) == keys_of(small(sweep={EVERY: [0.1, 0.2]}))
    assert resolve_config(yaml.load(yaml.dump(dict(config.data)), "again.yaml")) == config


@pytest.mark.parametrize("first", [True, False])
def test_a_key_that_names_an_algorithm_wins_over_a_star_wherever_it_stands(first: bool) -> None:
    own = "algorithms.backprop.learning_rate"
    keys = [own, EVERY] if first else [EVERY, own]
    config = small({key: 0.3 if key == own else 0.2 for key in keys})
    rates = {condition.algorithm: condition.setup.learning_rate for condition in config.conditions}
    assert rates == {"shallow": 0.2, "reinforcement": 0.2, "backprop": 0.3, "feedback_alignment": 0.2}
    swept = small(sweep={key: [0.3, 0.4] if key == own else [0.1, 0.2] for key in keys}, only=["backprop", "shallow"])
    assert {e.setup.learning_rate for e in swept.conditions if e.algorithm == "backprop"} == {0.3, 0.4}
    assert {e.setup.learning_rate for e in swept.conditions if e.algorithm == "shallow"} == {0.1, 0.2}
    assert all(condition.swept[EVERY] == condition.setup.learning_rate for condition in swept.conditions)


def test_a_key_that_some_rule_does_not_have_is_refused_naming_the_algorithm() -> None:
    sweep = {"algorithms.*.feedback_range": [0.5, 1.0]}
    place = "--sweep algorithms.*.feedback_range: sweep: algorithms"
    assert [problem[: problem.index("_range: unknown") + 15] for problem in refused(sweep=sweep)] == [
        f"{place}.{name}.feedback_range: unknown" for name in ("shallow", "reinforcement", "backprop")
    ]
    assert len(small(sweep=sweep, only=["feedback_alignment"]).conditions) == 2


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        (
            {"overrides": {EVERY: -1}},
            [f"--set {EVERY}=-1: algorithms.{n}.learning_rate: expected a number above 0" for n in ("shallow",)],
        ),
        ({"sweep": {EVERY: []}}, [f"--sweep {EVERY}: sweep.{EVERY}: expected a list of values, got []"]),
        ({"sweep": {EVERY: [0.1], "seed": [1]}, "overrides": {EVERY: 1}}, [f"--set {EVERY}: this key is swept. Use"]),
        (
            {"sweep": {EVERY: [0.1]}, "overrides": {"algorithms.backprop.learning_rate": 1}},
            [f"--set algorithms.backprop.learning_rate: this key is swept by {EVERY}. Use --sweep"],
        ),
        ({"overrides": {"algorithms": {"*": {}}}}, ["algorithms.*: not a name for an algorithm"]),
        ({"overrides": {"algorithms": 3, EVERY: 1}}, [f"--set {EVERY}=1: {EVERY}: there are no algorithms"]),
        ({"overrides": {"algorithms.backprop": 3, EVERY: 1}}, ["algorithms.backprop.learning_rate: backprop is 3"]),
        *(
            ({"overrides": {key: 1}}, [f"--set {key}=1: {key}: {STAR}"])
            for key in ("*", "algorithms.*", "algorithms.back*.learning_rate", "algorithms.*.*", "network.*", "*.seed")
        ),
        *(
            ({"sweep": {key: [1]}}, [f"--sweep {key}: sweep.{key}: {STAR}"])
            for key in ("*", "algorithms.*", "algorithms.*.network.*", "theory.*.B", "tr*ning.examples")
        ),
    ],
)  # fmt: skip
def test_mistakes_with_a_star_are_told(options: dict[str, Any], messages: list[str]) -> None:
    problems = refused(**options)
    for message in messages:
        assert any(problem.startswith(message) or message in problem for problem in problems), problems


def test_a_figure_without_algorithms_refuses_a_star_of_them() -> None:
    with pytest.raises(ConfigError, match=r"algorithms\.\*\.learning_rate: there are no algorithms"):
        resolve_config(read_shipped("flow-field.yaml"), sweep={EVERY: [0.1]})


def test_comments_key_order_and_layout_do_not_change_a_run() -> None:
    lines = SMALL.splitlines()
    moved = "\n".join(["# a comment", *reversed(lines[:7]), *lines[7:]]).replace("seed: 0", "seed:   0   # zero")
    keys = [run.key for run in small().runs()]
    assert [run.key for run in resolve_config(yaml.load(moved, "a.yaml")).runs()] == keys


def test_angle_finds_the_runs_of_nse_and_linear() -> None:
    keys = {
        name: {run.key for run in resolve_config(read_shipped(f"{name}.yaml")).runs()}
        for name in ("linear", "nse", "angle")
    }
    assert keys["nse"] < keys["angle"]
    assert len(keys["angle"]) == 200
    assert len(keys["angle"] - keys["nse"] - keys["linear"]) == 0


# ---- at random ----

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
def test_any_settings_are_valid_or_refused_in_words(overrides: dict[str, Any], sweep: dict[str, Any]) -> None:
    try:
        config = small(overrides, sweep=sweep)
    except ConfigError as error:
        assert all(problem.strip() for problem in error.problems)
    else:
        assert isinstance(config, Config)
        assert resolve_config(yaml.load(yaml.dump(dict(config.data)), "again.yaml")) == config


def test_every_shipped_config_is_a_figure_that_can_run() -> None:
    assert set(config_names()) >= {path.removesuffix(".yaml") for path in SHIPPED} >= {"linear", "nse", "angle"}
