"""Fault 3: a worker dies every time.

Promised: at most 2 retries, run marked failed with the reason, others finish, exit 1.
"""

import json
from pathlib import Path

import pandas as pd

from tests.support.drivers import DIES, driver
from tests.support.processes import begin, fa_repro, finish, session, stored, wait_until

OTHERS = {"shallow", "reinforcement", "feedback_alignment"}


def test_batch_is_given_up_after_two_retries(workplace: Path) -> None:
    process = begin("run", "linear", "--jobs", "2", script=driver(workplace, DIES))
    done = finish(process)
    assert done.code == 1, done.err
    assert wait_until(lambda: not session(process.pid))
    reason = "its worker process died 3 times: killed, or out of memory"
    assert f"error: backprop, 3 of 3 trials (0, 1, 2) failed: RuntimeError: {reason}" in done.err.splitlines()
    assert (workplace / "trainings").read_text().split().count("backprop") == 1 + 2
    manifest = json.loads((workplace / "results/linear/manifest.json").read_text())
    assert [(each["algorithm"], each["trial"]) for each in manifest["failed"]] == [("backprop", i) for i in range(3)]
    assert all(reason in each["reason"] for each in manifest["failed"])
    assert len(stored(workplace / "results")) == 9
    assert set(pd.read_csv("results/linear/linear.csv")["algorithm"]) == OTHERS
    again = fa_repro("run", "linear")
    assert again.code == 1  # remembered, and not taken for a success
    assert f"error: backprop, 3 of 3 trials (0, 1, 2) failed: RuntimeError: {reason}" in again.err
    before = stored(workplace / "results")
    done = fa_repro("run", "linear", "--retry-failed")
    assert done.code == 0, done.err
    assert "trained 3 runs, 9 cached" in done.err
    assert before.items() <= stored(workplace / "results").items()
