"""Fault 15: same seed with 1 and 4 workers, shuffled order, resumed.

Promised: byte-identical CSV.
"""

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from fa_repro import run
from fa_repro.execution import missing
from fa_repro.training.runs import Run
from tests.support.configs import SMALL
from tests.support.drivers import HALTS_ONCE, driver
from tests.support.files import contents
from tests.support.processes import begin, fa_repro, finish, leftovers, session, stored, wait_until

LONGER = ("--set", "training.examples=1500", "--set", "trials=4")


@pytest.fixture
def one_worker(undisturbed: Callable[..., Path]) -> dict[str, bytes]:
    return contents(undisturbed(training__examples=1500, trials=4) / "linear")


def test_four_workers_give_the_same_bytes(workplace: Path, one_worker: dict[str, bytes]) -> None:
    done = fa_repro("run", "linear", *LONGER, "--jobs", "4")
    assert done.code == 0, done.err
    assert "trained 16 runs" in done.err
    assert contents(workplace / "results/linear") == one_worker


def test_algorithm_order_changes_no_bytes(workplace: Path, one_worker: dict[str, bytes]) -> None:
    path = workplace / "configs/linear.yaml"
    head, _, tail = SMALL.partition("algorithms:\n")
    *lines, sweep = tail.splitlines()
    path.write_text("\n".join([head + "algorithms:", *reversed(lines), sweep, ""]))
    run("linear", {"training.examples": 1500, "trials": 1}, only=["shallow"])
    result = run("linear", {"training.examples": 1500, "trials": 4})
    assert (result.trained, result.cached) == (15, 1)
    now = contents(workplace / "results/linear")
    assert {name: now[name] for name in now if name.endswith(".csv")} == {
        name: one_worker[name] for name in one_worker if name.endswith(".csv")
    }


def test_shuffled_runs_give_the_same_bytes(
    workplace: Path, one_worker: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch is split, too: what is trained together is of no account."""
    original, clock = missing.form_batches, random.Random(0)

    def shuffled(runs: list[Run]) -> list[list[Run]]:
        singles = [[each] for batch in original(runs) for each in batch]
        clock.shuffle(singles)
        return singles

    monkeypatch.setattr(missing, "form_batches", shuffled)
    result = run("linear", {"training.examples": 1500, "trials": 4})
    assert result.trained == 16
    assert contents(workplace / "results/linear") == one_worker


def test_resumed_after_a_kill_gives_same_bytes(workplace: Path, one_worker: dict[str, bytes]) -> None:
    """Four workers, then the parent is killed in the midst of the training of one; resumed by one process."""
    command = ("run", "linear", *LONGER)
    process = begin(*command, "--jobs", "4", script=driver(workplace, HALTS_ONCE))
    assert wait_until(lambda: (workplace / "halted").exists() and len(stored(workplace / "results")) == 12)
    os.kill(process.pid, signal.SIGKILL)
    finish(process)
    assert wait_until(lambda: not session(process.pid))
    before = stored(workplace / "results")
    done = fa_repro(*command, "--jobs", "1")
    assert done.code == 0, done.err
    assert "trained 4 runs, 12 cached" in done.err
    assert before.items() <= stored(workplace / "results").items()
    assert contents(workplace / "results/linear") == one_worker
    assert not leftovers(workplace / "results")
