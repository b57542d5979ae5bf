"""Overrides, sweeps and what they expand to."""

from typing import Any

import pytest

from fa_repro.config.resolve import resolve_config
from fa_repro.errors import ConfigError
from fa_repro.io import yaml
from tests.support.configs import SMALL, changed, read_shipped, refused, small


def test_override_sets_the_key_it_names() -> None:
    config = small({"training.examples": 7, "algorithms.backprop.learning_rate": 0.5, "network.hidden": [2, 3]})
    setups = {condition.algorithm: condition.setup for condition in config.conditions}
    assert setups["backprop"].learning_rate == 0.5
    assert setups["shallow"].learning_rate == 0.01
    assert all(setup.training.examples == 7 and setup.network.hidden == (2, 3) for setup in setups.values())


def test_override_can_add_a_missing_block() -> None:
    text = changed("record: {grid: every, probes: [nse, angle_backprop_deg], weights: true}\n", "")
    config = resolve_config(yaml.load(text, "a.yaml"), {"record.grid": "log", "record.points": 5})
    assert config.conditions[0].setup.record.points == 5


def test_sweep_is_a_labelled_grid() -> None:
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
def test_range_equals_its_list_of_values(span: dict[str, Any], values: list[float]) -> None:
    config = small(sweep={"network.init_range": span}, only=["backprop"])
    assert [condition.swept["network.init_range"] for condition in config.conditions] == values
    assert config.data["sweep"]["network.init_range"] == values
    assert small({"sweep": {"network.init_range": span}}, only=["backprop"]).conditions == config.conditions
    assert small(sweep={"network.init_range": values}, only=["backprop"]).runs() == config.runs()


def test_integer_range_gives_integers() -> None:
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
def test_a_range_that_is_none_is_reported(span: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small({"sweep": {"network.init_range": span}})
    assert message in str(error.value)


def test_own_settings_win_over_a_sweep() -> None:
    own = {"rule": "backprop", "learning_rate": 0.1, "network": {"init_range": 0.7}}
    config = small({"algorithms.own": own}, sweep={"network.init_range": [0.1, 0.2]}, only=["own", "backprop"])
    assert [(e.algorithm, e.swept["network.init_range"], e.setup.network.init_range) for e in config.conditions] == [
        ("backprop", 0.1, (0.1,)), ("own", 0.7, (0.7,)), ("backprop", 0.2, (0.2,)),
    ]  # fmt: skip


def test_equal_values_are_one_point() -> None:
    assert len(small(sweep={"network.init_range": [1, 1.0, 0.5]}, only=["backprop"]).conditions) == 2


def test_what_is_swept_needs_no_other_value() -> None:
    lines = [line for line in SMALL.splitlines() if not line.startswith(("network:", "task:"))]
    axes = {"network": [{"hidden": [4], "init_range": 0.1}], "task": [{"name": "linear", "inputs": 3, "outputs": 2}]}
    config = resolve_config(yaml.load("\n".join(lines), "a.yaml"), sweep=axes)
    assert len(config.conditions) == 4
    assert resolve_config(yaml.load(yaml.dump(dict(config.data)), "again.yaml")) == config


def test_swept_block_keeps_algorithms_own_keys() -> None:
    own = {"rule": "backprop", "learning_rate": 0.1, "network": {"init_range": 0.7}}
    blocks = [{"hidden": [3], "init_range": 0.1}, {"hidden": [4], "init_range": 0.1}]
    config = small({"algorithms.own": own}, sweep={"network": blocks}, only=["own"])
    assert [condition.setup.network.hidden for condition in config.conditions] == [(3,), (4,)]
    assert {condition.setup.network.init_range for condition in config.conditions} == {(0.7,)}


def test_there_are_bounds_to_the_number_of_runs() -> None:
    assert "3,200,000 runs; at most 1,000,000" in "".join(
        refused(overrides={"trials": 100_000}, sweep={"seed": [*range(8)]})
    )


def test_quick_only_lowers_numbers() -> None:
    assert {condition.trials for condition in small({"trials": 9}, quick=True).conditions} == {4}
    assert {condition.trials for condition in small({"trials": 2}, quick=True).conditions} == {2}


def test_quick_reaches_into_algorithms() -> None:
    config = resolve_config(read_shipped("angle.yaml"), {"algorithms.figure_1e.training.examples": 9000}, quick=True)
    assert {condition.setup.training.examples for condition in config.conditions} == {2000}
