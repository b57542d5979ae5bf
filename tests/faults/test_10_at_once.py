"""Fault 10: two identical commands at once; 16 at once.

Promised: one committed copy, no error.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.files import contents
from tests.support.processes import Done, begin, finish, leftovers, stored, verifies
from tests.support.zygote import zygote


def assert_one_copy(results: Path, runs: int, done: list[Done]) -> None:
    for each in done:
        assert each.code == 0, each.err
        assert "error" not in each.err
        assert "WARNING" not in each.err
    assert len(stored(results)) == runs
    assert not (results / "runs/damaged").exists()
    assert verifies(results / "linear")
    assert not leftovers(results)


def test_two_identical_commands_at_once_agree(workplace: Path, undisturbed: Callable[..., Path]) -> None:
    both = [begin("run", "linear", "--jobs", "2") for _ in range(2)]
    assert_one_copy(workplace / "results", 12, [finish(each) for each in both])
    assert contents(workplace / "results/linear") == contents(undisturbed() / "linear")


@pytest.mark.parametrize(("count", "before"), [(16, []), (6, ["--set", "trials=2"])], ids=["", "older results there"])
def test_sixteen_identical_commands_agree(workplace: Path, count: int, before: list[str]) -> None:
    with zygote(workplace / "zygote", workplace) as processes:
        command = ("run", "linear", "--only", "backprop", "--only", "shallow")
        assert processes.warm(*command, "--results", "alone") == 0
        if before:
            assert processes.warm(*command, *before) == 0
        done = processes.wait(processes.start(*command, count=count))
    assert_one_copy(workplace / "results", 6, done)
    assert contents(workplace / "results/linear") == contents(workplace / "alone/linear")


def test_sixteen_commands_that_train_again_agree(workplace: Path) -> None:
    with zygote(workplace / "zygote", workplace) as processes:
        command = ("run", "linear", "--only", "backprop", "--only", "shallow")
        assert processes.warm(*command) == 0
        before = contents(workplace / "results/linear")
        done = processes.wait(processes.start(*command, "--force", count=16))
    assert_one_copy(workplace / "results", 6, done)
    assert contents(workplace / "results/linear") == before
