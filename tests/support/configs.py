"""Small configs, and the runs that they expand to."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

import pytest

from fa_repro import registry
from fa_repro.config.locate import shipped_folder
from fa_repro.config.resolve import Config, resolve_config
from fa_repro.errors import ConfigError
from fa_repro.io import yaml
from fa_repro.results.tables import TrainedRuns
from fa_repro.rules import Rule
from fa_repro.training.runs import Run
from fa_repro.training.trainer import train

SMALL = """\
figure: linear
seed: 0
trials: 3
task: {name: linear, inputs: 6, outputs: 3}
network: {hidden: [4], init_range: 0.3}
training: {examples: 40}
record: {grid: every, probes: [nse, angle_backprop_deg], weights: true}
algorithms:
  shallow: {rule: shallow, learning_rate: 0.01}
  reinforcement: {rule: node_perturbation, learning_rate: 0.01, noise_std: 0.1}
  backprop: {rule: backprop, learning_rate: 0.01}
  feedback_alignment: {rule: feedback_alignment, learning_rate: 0.01, feedback_range: 0.5}
sweep: {}
"""


def small(overrides: Mapping[str, Any] | None = None, **options: Any) -> Config:
    """The small config, with overrides as a user would give them."""
    return resolve_config(yaml.load(SMALL, "small.yaml"), overrides, **options)


def needed_keys(rule: str) -> dict[str, float]:
    """The settings of a rule that have no default, each 0.5."""
    return {f.name: 0.5 for f in fields(registry.find("rules", rule, Rule)) if f.default is MISSING}


def small_runs(rule: str, overrides: Mapping[str, Any] | None = None, **keys: Any) -> list[Run]:
    """The runs of one algorithm, `keys` being those of its rule; 0.5 for a needed one that is not given."""
    algorithm = {"rule": rule, "learning_rate": 0.01, **needed_keys(rule), **keys}
    return small({"algorithms": {"one": algorithm}, **(overrides or {})}).runs()


def freshly_trained(runs: Sequence[Run]) -> TrainedRuns:
    """What runs give, trained now and kept nowhere."""
    return TrainedRuns(runs, lambda run: train([run])[0])


def digit_runs(name: str = "mnist", overrides: Mapping[str, Any] | None = None, **options: Any) -> list[Run]:
    """Runs of a shipped config on the small MNIST, with a small net."""
    changes = {"network.hidden": [20], "training.epochs": 2, "trials": 2, **(overrides or {})}
    document = yaml.load((shipped_folder() / f"{name}.yaml").read_bytes(), f"{name}.yaml")
    return resolve_config(document, changes, **options).runs()


def refused(text: str = SMALL, **options: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        resolve_config(yaml.load(text, "a.yaml"), **options)
    return list(caught.value.problems)


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new)


def read_shipped(name: str) -> yaml.Document:
    return yaml.load((shipped_folder() / name).read_bytes(), name)
