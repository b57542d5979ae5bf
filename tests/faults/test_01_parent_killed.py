"""Fault 1: SIGKILL of the parent at 100 random times.

Promised: no partial run visible; the rerun's CSV is byte-identical to an uninterrupted one; finished runs are not
trained again.
"""

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from fa_repro.plain_text import amount
from tests.support.configs import SMALL
from tests.support.files import contents
from tests.support.processes import (
    ENDLESS,
    Seen,
    begin,
    cpu_seconds,
    fa_repro,
    finish,
    leftovers,
    needs_proc,
    session,
    stored,
    wait_until,
    workers,
)
from tests.support.zygote import Zygote, zygote

ROUNDS, KILLS, RUNS = 20, 5, 30
MANY_RUNS = (
    SMALL[: SMALL.index("algorithms:")]
    .replace("figure: linear", "figure: nse")
    .replace("trials: 3", f"trials: {RUNS}")
    .replace("grid: every", "grid: linear, points: 3")
) + "algorithms: {backprop: {rule: backprop, learning_rate: 0.01}}\n"
"""To store them takes about as long as all the rest."""

TWO_HUNDRED = ("network.hidden=[3],[4]", "trials=25", "training.examples=500", "record.grid=linear")


def unchanged(before: Seen, now: Seen) -> bool:
    """Whether every run that was stored is still the same file: it was neither lost nor trained again."""
    return before.items() <= now.items()


def test_100_kills_lose_and_repeat_nothing(
    workplace: Path,
) -> None:
    """Twenty times five kills of one command, each time followed by an undisturbed one; two at once."""
    (workplace / "configs/nse.yaml").write_text(MANY_RUNS)
    with ExitStack() as stack:
        lanes = [stack.enter_context(zygote(workplace / f"lane{i}", workplace)) for i in range(2)]
        assert [lane.warm("run", "nse", "--results", f"whole{i}") for i, lane in enumerate(lanes)] == [0, 0]
        whole = contents(workplace / "whole0/nse")
        duration = min(seconds(lanes[0], f"timed{i}") for i in range(3))
        clocks = [random.Random(i) for i in range(2)]

        def carry_out(number: int) -> tuple[int, set[int]]:
            lane = number % 2
            return kill_and_finish(lanes[lane], clocks[lane], workplace / f"results{number}", duration, whole)

        with ThreadPoolExecutor(2) as pool:
            halves = [pool.submit(lambda i=i: [carry_out(n) for n in range(i, ROUNDS, 2)]) for i in range(2)]
            done = [each for half in halves for each in half.result()]
    assert sum(kills for kills, _ in done) == ROUNDS * KILLS
    amounts = set().union(*(amounts for _, amounts in done))
    assert len(amounts) > 5, amounts  # kills have come in the midst of storing


def seconds(processes: Zygote, results: str) -> float:
    began = time.monotonic()
    (done,) = processes.wait(processes.start("run", "nse", "--results", results))
    assert done.code == 0, done.err
    return time.monotonic() - began


def kill_and_finish(
    processes: Zygote, clock: random.Random, results: Path, duration: float, whole: dict[str, bytes]
) -> tuple[int, set[int]]:
    """Kill a command that resumes each time, then let it finish; returns the kills, and the numbers of runs stored."""
    kills, seen, amounts = 0, Seen(), set()
    while kills < KILLS:
        victim = processes.start("run", "nse", "--results", results.name)
        time.sleep(clock.uniform(0, duration))
        os.kill(victim[0], signal.SIGKILL)
        (done,) = processes.wait(victim)
        assert done.code in (0, -signal.SIGKILL), done.err  # it may have ended before
        now = stored(results)
        assert unchanged(seen, now)
        kills, seen = kills + (done.code != 0), now
        amounts.add(len(now))
    (done,) = processes.wait(processes.start("run", "nse", "--results", results.name))
    assert done.code == 0, done.err
    assert (
        "nothing to train" if len(seen) == RUNS else f"trained {amount(RUNS - len(seen), 'run')}, {len(seen)} cached\n"
    ) in done.err
    assert unchanged(seen, stored(results))
    assert contents(results / "nse") == whole
    assert not leftovers(results)
    return kills, amounts


def test_sweep_killed_ten_times_completes(workplace: Path) -> None:
    """Each kill is of a real command, some with workers, at a random time after its start, which is always the same."""
    axis, *changes = TWO_HUNDRED
    command = ("run", "linear", "--sweep", axis, *(word for change in changes for word in ("--set", change)))
    results, whole = workplace / "results", workplace / "whole"
    times = [time.monotonic()]
    undisturbed = begin(*command, "--results", whole)
    assert wait_until((whole / "runs").exists)
    times.append(time.monotonic())
    assert finish(undisturbed).code == 0
    times.append(time.monotonic())
    start, training = times[1] - times[0], times[2] - times[1]
    assert len(stored(whole)) == 200
    clock, seen, amounts = random.Random(1), Seen(), []
    for kill in range(10):
        victim = begin(*command, *(("--jobs", "2") if kill % 3 == 1 else ()))
        time.sleep(clock.uniform(0.8 * start, start + training / 2))  # it gets further each time
        victim.kill()
        finish(victim)
        assert wait_until(lambda leader=victim.pid: not session(leader))  # workers end by themselves
        now = stored(results)
        assert unchanged(seen, now)
        seen = now
        amounts.append(len(now))
    last = fa_repro(*command)
    assert last.code == 0, last.err
    assert (
        "nothing to train" if len(seen) == 200 else f"trained {amount(200 - len(seen), 'run')}, {len(seen)} cached"
    ) in last.err
    assert unchanged(seen, stored(results))
    assert contents(results / "linear") == contents(whole / "linear")
    assert not leftovers(results)


@needs_proc
def test_workers_end_when_their_parent_is_killed(workplace: Path) -> None:
    process = begin("run", "linear", "--jobs", "2", *ENDLESS)
    assert wait_until(lambda: len(workers(process.pid)) == 2)
    assert wait_until(lambda: max(map(cpu_seconds, workers(process.pid))) > 1)
    process.kill()
    finish(process)
    assert wait_until(lambda: not session(process.pid))
