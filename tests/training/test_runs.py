"""Which runs are the same, and which are trained together."""

from typing import Any

from fa_repro.execution.batching import form_batches
from tests.support.configs import small, small_runs


def test_run_key_covers_all_relevant_settings() -> None:
    def keys(changes: dict[str, Any]) -> list[str]:
        return [run.key for run in small_runs("feedback_alignment", changes, feedback_range=0.5)]

    base = keys({})
    assert len(set(base)) == 3
    assert keys({"trials": 5})[:3] == base
    assert keys({"record.probes": ["angle_backprop_deg", "nse"]}) == base
    assert keys({"record.points": 17}) == base  # `every` has no points
    assert keys({"network.init_range": [0.3, 0.3]}) != base  # spelt per layer; trained again rather than mistaken
    for changes in (
        {"seed": 1},
        {"network.init_range": 0.2},
        {"task.target_range": 0.5},
        {"algorithms.one.learning_rate": 0.02},
        {"algorithms.one.feedback_range": 0.4},
        {"record.weights": False},
        {"training.dtype": "float32"},
    ):
        assert not set(keys(changes)) & set(base), changes


def test_batches_are_compatible_without_repeats() -> None:
    runs = small({"sweep": {"network.hidden": [[4], [5]], "network.init_range": [0.1, 0.2]}}).runs()
    groups = form_batches([*runs, *runs])
    assert sorted(run.key for group in groups for run in group) == sorted({run.key for run in runs})
    for group in groups:
        assert len({(run.condition.algorithm, run.condition.setup.network.hidden) for run in group}) == 1


def test_batches_are_bounded_by_their_weights() -> None:
    runs = small({"trials": 50, "network.hidden": [3000]}, only=["backprop"]).runs()
    sizes = [len(group) for group in form_batches(runs)]
    assert sum(sizes) == 50
    assert max(sizes) * (6 * 3000 + 3000 * 3) * 8 <= 2 * 2**20
    assert max(sizes) - min(sizes) <= 1
