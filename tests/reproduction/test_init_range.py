"""Fig. 4a, 4b, 4c and 1e."""

from pathlib import Path

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def angle(shipped_results: Path) -> pd.DataFrame:
    return pd.read_csv(shipped_results / "angle/angle.csv")


def test_feedback_alignment_learns_at_any_range(shipped_results: Path) -> None:
    table = pd.read_csv(shipped_results / "nse/nse.csv")
    ranges = [0.0001, 0.001, 0.01, 0.05, 0.1, 0.125, 0.15, 0.2, 0.25]
    assert sorted(table["network.init_range"].unique()) == ranges
    assert table.groupby("network.init_range")["trial"].nunique().eq(20).all()
    ends = table[table["example"] == 20_000].groupby("network.init_range")["nse"].median()
    assert (ends < 1e-10).all()


def test_updates_start_orthogonal_to_backprop(angle: pd.DataFrame) -> None:
    first = angle[angle["example"] == 0].groupby("network.init_range")["angle_backprop_deg"].mean()
    assert first.between(80, 100).all()


def test_updates_align_within_1000_examples(angle: pd.DataFrame) -> None:
    small = angle[angle["network.init_range"] <= 0.01]
    at = small[small["example"] == 1000].groupby("network.init_range")["angle_backprop_deg"].mean()
    assert len(at) == 3
    assert (at < 40).all()


def test_small_weights_align_with_pseudobackprop(angle: pd.DataFrame) -> None:
    late = angle[(angle["network.init_range"] <= 0.01) & (angle["example"] >= 4000)]
    nearer = late["angle_pseudobackprop_deg"] < late["angle_backprop_deg"]
    assert nearer.groupby([late["network.init_range"], late["example"]]).mean().min() >= 0.95
    ends = late[late["example"] == 20_000].groupby("network.init_range")["angle_pseudobackprop_deg"].mean()
    assert (ends < 5).all()


def test_figure_1e_is_measured_at_every_example(shipped_results: Path) -> None:
    online = pd.read_csv(shipped_results / "angle/angle_online.csv")
    assert online.groupby("trial")["example"].nunique().eq(2000).all()
    mean = online.groupby("example")["angle_backprop_deg"].mean()
    assert 80 < mean[0] < 100
    assert mean[1990:].mean() < 40
