"""Fig. 1d."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fa_repro import run


@pytest.fixture(scope="module")
def linear(shipped_results: Path) -> pd.DataFrame:
    return pd.read_csv(shipped_results / "linear/linear.csv")


def test_every_example_of_20_trials_is_recorded(linear: pd.DataFrame) -> None:
    assert len(linear) == 4 * 20 * 2000
    assert list(linear["algorithm"].unique()) == ["backprop", "feedback_alignment", "reinforcement", "shallow"]


@pytest.mark.parametrize(
    ("algorithm", "low", "high"),
    [
        ("backprop", 0, 1e-10),
        ("feedback_alignment", 0, 1e-10),
        ("reinforcement", 3e-3, 3e-2),
        ("shallow", 0.5, 1),
    ],
)
def test_end_points_are_the_published_ones(linear: pd.DataFrame, algorithm: str, low: float, high: float) -> None:
    late = linear[(linear["algorithm"] == algorithm) & (linear["example"] >= 1950)]
    ends = np.log10(late["nse"]).groupby(late["trial"]).mean()
    assert len(ends) == 20
    assert low <= 10 ** ends.median() <= high


def test_feedback_alignment_leads_early(linear: pd.DataFrame) -> None:
    at = linear[linear["example"] == 500].pivot(index="trial", columns="algorithm", values="nse")
    assert (at["feedback_alignment"] < at["backprop"]).sum() >= 15


def test_learned_maps_approximate_the_target(shipped_results: Path) -> None:
    maps = pd.read_csv(shipped_results / "linear/linear_maps.csv").pivot(
        index=["output", "input"], columns="algorithm", values="weight"
    )
    assert len(maps) == 10 * 30
    for algorithm, worst in {"backprop": 1e-4, "feedback_alignment": 1e-4, "reinforcement": 0.5}.items():
        assert (maps[algorithm] - maps["target"]).abs().max() < worst
    assert maps["target"].abs().max() <= 1


def late_nse(settings: dict[str, Any], results: Path) -> pd.Series:
    """Median over trials of each algorithm's geometric mean over the last 50 examples."""
    table = run("linear", {"trials": 5, **settings}, results=results).table
    late = table[table["example"] >= table["example"].max() - 49]
    return 10 ** np.log10(late["nse"]).groupby([late["algorithm"], late["trial"]]).mean().groupby("algorithm").median()


@pytest.mark.parametrize(
    "settings",
    [
        {"task.inputs": 23, "network.hidden": [17], "seed": 4711},
        {"task.target_range": 0.5, "network.init_range": 0.05},
        {"network.bias": True, "algorithms.backprop.learning_rate": 0.004},
        {"training.dtype": "float32", "network.hidden": [40]},
    ],
)
def test_other_settings_learn_as_well(settings: dict[str, Any], tmp_path: Path) -> None:
    ends = late_nse(settings, tmp_path)
    assert ends["backprop"] < 1e-6
    assert ends["feedback_alignment"] < 1e-6
    assert ends["reinforcement"] < 0.1
    assert ends["shallow"] < 1


def test_two_hidden_layers_learn_at_a_lower_rate(tmp_path: Path) -> None:
    rates = {"algorithms.feedback_alignment.learning_rate": 1e-3, "algorithms.backprop.learning_rate": 6e-3}
    settings = {"network.hidden": [20, 15], "network.init_range": 0.1, "training.examples": 8000, **rates}
    slow = {"algorithms.reinforcement.learning_rate": 5e-4, "algorithms.shallow.learning_rate": 0.1}
    ends = late_nse({**settings, **slow}, tmp_path)
    assert ends["backprop"] < 1e-4
    assert ends["feedback_alignment"] < 1e-3
