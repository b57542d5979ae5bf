"""Shards, and runs that another process has stored meanwhile."""

import os
from collections import Counter
from pathlib import Path

import pytest

from fa_repro import run
from fa_repro.execution import batching as units
from fa_repro.execution.batching import form_batches, shard
from fa_repro.results.store import Store
from tests.support.configs import small
from tests.support.files import contents
from tests.support.resuming import Command, broken


@pytest.mark.parametrize("parts", [1, 2, 3, 5, 12, 40])
def test_shards_split_all_runs_evenly(parts: int) -> None:
    runs = small(sweep={"seed": list(range(4))}).runs()
    shares = [shard(runs, part, parts) for part in range(1, parts + 1)]
    assert Counter(each.key for mine in shares for each in mine) == Counter(each.key for each in runs)
    sizes = sorted(map(len, shares))
    assert sizes[-1] - sizes[0] <= 2


def test_shards_balance_work_not_run_counts() -> None:
    long = small({"training.examples": 1000}).runs()
    short = small({"training.examples": 100}).runs()
    one, two = shard([*long, *short], 1, 2), shard([*long, *short], 2, 2)
    work = [sum(each.condition.setup.examples for each in mine) for mine in (one, two)]
    assert abs(work[0] - work[1]) <= 1000
    assert len(one) != len(two)


def test_shards_together_equal_one_command(command: Command, workplace: Path) -> None:
    run("linear", sweep={"seed": [0, 1]}, results="whole")
    sweep = ("--sweep", "seed=0,1")
    for part in (3, 1, 2):
        done = command("run", "linear", *sweep, "--shard", f"{part}/3")
        assert (done.exit_code, done.stdout) == (0, "")
        assert f"linear, shard {part} of 3: trained 8 runs, 0 cached" in done.stderr
        assert "When all shards have finished, run: fa-repro run linear --sweep 'seed=0, 1'" in done.stderr
        assert " runs, 8 cached" in command("run", "linear", *sweep, "--shard", f"{part}/3").stderr
        if part == 1:
            assert "partial: 16 of 24 runs are trained" in command("list").stdout
    last = command("run", "linear", *sweep)
    assert "nothing to train, all 24 runs are cached" in last.stderr
    assert contents(workplace / "results/linear") == contents(workplace / "whole/linear")
    assert "partial" not in command("list").stdout


def test_a_shard_tells_of_its_failed_runs_only(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    words = ("run", "linear", "--only", "backprop", "--only", "shallow", "--set", "record.probes=[nse]")
    codes = [command(*words, "--shard", f"{part}/2").exit_code for part in (1, 2)]
    assert sorted(codes) == [0, 1]


def test_a_shard_whose_runs_diverge_says_so(command: Command) -> None:
    rate = ("--set", "algorithms.backprop.learning_rate=50", "--set", "training.examples=300", "--only", "backprop")
    done = command("run", "linear", *rate, "--shard", "1/1")
    assert done.exit_code == 1
    assert "diverged" in done.stderr


@pytest.mark.parametrize("word", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3", "1.5/2", ""])
def test_a_shard_that_is_none_is_refused(command: Command, word: str) -> None:
    refused = command("run", "linear", "--shard", word)
    assert refused.exit_code == 2
    assert "expected I/N with I from 1 to N, such as 3/8" in refused.stderr


def test_figure_without_training_has_no_shards(command: Command) -> None:
    done = command("run", "flow-field", "--shard", "1/2")
    assert done.exit_code == 0
    assert "flow-field: nothing to train" in done.stderr


def test_run_stored_meanwhile_is_not_retrained(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (batch, *_) = form_batches(small().runs())
    store = Store(workplace / "results")
    store.prepare()
    units.train_and_store(batch[:2], store, overwrite=False)
    seen: list[int] = []
    original = units.train_timed
    monkeypatch.setattr(units, "train_timed", lambda left, *rest: (seen.append(len(left)), original(left, *rest))[1])
    units.train_and_store(batch, store, overwrite=False)
    units.train_and_store(batch, store, overwrite=False)
    units.train_and_store(batch, store, overwrite=True)
    assert seen == [len(batch) - 2, len(batch)]


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("1000 100000\n", 1),
        ("max 100000\n", 8),
        ("6400000 100000\n", 8),
        ("?", 8),
    ],
)
def test_cores_are_limited_by_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: str, expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(units, "CONTAINER_SHARE", tmp_path / "cpu.max")
    assert units.cores() == 8
    (tmp_path / "cpu.max").write_text(share)
    assert units.cores() == expected
