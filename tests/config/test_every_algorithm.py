"""Keys of every algorithm: algorithms.*.KEY."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fa_repro.config.resolve import Config, resolve_config
from fa_repro.errors import ConfigError
from fa_repro.io import yaml
from tests.support.configs import SMALL, changed, read_shipped, refused, small

EVERY = "algorithms.*.learning_rate"


STAR = "* can only stand for a whole algorithm name, followed by a key, such as algorithms.*.learning_rate"


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
def test_star_axis_equals_keys_set_by_hand(values: list[float], others: set[str]) -> None:
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


def test_star_axis_is_one_axis_and_survives_only() -> None:
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
def test_key_of_one_algorithm_overrides_a_star(first: bool) -> None:
    own = "algorithms.backprop.learning_rate"
    keys = [own, EVERY] if first else [EVERY, own]
    config = small({key: 0.3 if key == own else 0.2 for key in keys})
    rates = {condition.algorithm: condition.setup.learning_rate for condition in config.conditions}
    assert rates == {"shallow": 0.2, "reinforcement": 0.2, "backprop": 0.3, "feedback_alignment": 0.2}
    swept = small(sweep={key: [0.3, 0.4] if key == own else [0.1, 0.2] for key in keys}, only=["backprop", "shallow"])
    assert {e.setup.learning_rate for e in swept.conditions if e.algorithm == "backprop"} == {0.3, 0.4}
    assert {e.setup.learning_rate for e in swept.conditions if e.algorithm == "shallow"} == {0.1, 0.2}
    assert all(condition.swept[EVERY] == condition.setup.learning_rate for condition in swept.conditions)


def test_key_unknown_to_one_rule_is_refused() -> None:
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
        (
            {"sweep": {EVERY: [0.1], "seed": [1]}, "overrides": {EVERY: 1}},
            [f"--set {EVERY}: this key is swept. Leave out this or"],
        ),
        (
            {"sweep": {EVERY: [0.1]}, "overrides": {"algorithms.backprop.learning_rate": 1}},
            [f"--set algorithms.backprop.learning_rate: this key is swept by {EVERY}. Use --sweep"],
        ),
        ({"overrides": {"algorithms": {"*": {}}}}, ["algorithms.*: invalid algorithm name"]),
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
def test_mistakes_with_a_star_are_reported(options: dict[str, Any], messages: list[str]) -> None:
    problems = refused(**options)
    for message in messages:
        assert any(problem.startswith(message) or message in problem for problem in problems), problems


def test_star_needs_a_figure_with_algorithms() -> None:
    with pytest.raises(ConfigError, match=r"algorithms\.\*\.learning_rate: there are no algorithms"):
        resolve_config(read_shipped("flow-field.yaml"), sweep={EVERY: [0.1]})


def test_layout_and_comments_do_not_change_runs() -> None:
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
