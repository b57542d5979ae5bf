"""What a dry run says."""

from collections import Counter

import pytest

from fa_repro.execution.batching import divide, form_batches, makespan, seconds
from tests.support.configs import digit_runs, small
from tests.support.resuming import Command

SWEEP = ("--sweep", "network.init_range=0.1,0.3", "--sweep", "seed={from: 0, to: 2, num: 3}")


def test_dry_run_prints_grid_reason_and_duration(command: Command) -> None:
    command("run", "linear", *SWEEP, "--set", "trials=2")
    told = command("run", "linear", *SWEEP, "--dry-run").stdout.splitlines()
    assert told[:4] == [
        "linear: 72 runs, 24 to train",
        "  network.init_range: 0.1, 0.3 (2 values)",
        "  seed: 0, 1, 2 (3 values)",
        "  sweep over network.init_range, seed: 6 points",
    ]
    assert "  backprop: 12 cached, 6 to train" in told
    assert "  missing: shallow, network.init_range=0.1, seed=0, trial 2" in told
    assert "  ... and 14 more" in told
    assert "  why: trials is 3 now, but 2 in results/linear" in told
    assert told[-1].startswith("  time: very roughly ")
    assert told[-1].endswith(" in one process")


def test_single_run_is_not_called_several(command: Command) -> None:
    words = ("run", "linear", "--only", "backprop", "--set", "trials=1", "--sweep", "seed=4")
    planned = command(*words, "--dry-run").stdout
    assert "linear: 1 run, 1 to train" in planned
    assert "sweep over seed: 1 point\n" in planned
    assert "linear: trained 1 run, 0 cached" in command(*words).stderr
    assert "linear: nothing to train, its only run is cached" in command(*words).stderr


def test_estimates_scale_with_work_and_processes() -> None:
    few, many = (form_batches(digit_runs(overrides={"training.epochs": epochs})) for epochs in (1, 10))
    assert makespan(many, 1) == pytest.approx(10 * makespan(few, 1))
    assert makespan(many, 1) == pytest.approx(sum(map(seconds, many)))
    assert makespan(many, 1) > makespan(many, 2) >= max(map(seconds, many))
    assert makespan([], 3) == 0.0


@pytest.mark.parametrize("jobs", [1, 3, 4, 5, 12, 50])
def test_every_job_gets_a_batch(jobs: int) -> None:
    whole = form_batches(small().runs())
    parts = divide(whole, jobs)
    assert len(parts) == max(len(whole), min(jobs, 12))
    assert Counter(each.key for part in parts for each in part) == Counter(each.key for each in small().runs())
    assert all(len({id(each.condition) for each in part}) == 1 for part in parts)
