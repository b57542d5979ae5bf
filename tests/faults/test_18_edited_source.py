"""Fault 18: the source of a rule, task or study is edited.

Promised: its runs are trained again, and that is told; no other run is. Comments and layout do not count.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import fa_repro
from fa_repro.errors import FaReproError
from fa_repro.execution.batching import train_timed
from tests.support.configs import SMALL, small_runs
from tests.support.environment import environment
from tests.support.processes import Done
from tests.support.processes import fa_repro as command

Run = Callable[..., Done]

ROOT = Path(fa_repro.__file__).parents[1]
RULE, TASK, SHARED = "rules/feedback_alignment.py", "tasks/linear.py", "rules/__init__.py"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, whose source may be edited, beside a small config."""
    shutil.copytree(ROOT / "fa_repro", tmp_path / "fa_repro", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "configs").symlink_to(ROOT / "configs")  # the shipped ones
    (tmp_path / "here/configs").mkdir(parents=True)
    (tmp_path / "here/configs/linear.yaml").write_text(SMALL)
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "fa_repro"


@pytest.fixture
def run(package: Path) -> Run:
    variables = {**environment(), "PYTHONPATH": os.pathsep.join(map(str, (package.parent, ROOT)))}
    variables["PYTHONDONTWRITEBYTECODE"] = "1"  # files are edited within the same second

    def run(*words: str) -> Done:
        done = command(*words, env=variables)
        assert done.code == 0, done.err
        return done

    return run


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, old
    file.write_text(text.replace(old, new))


def state(run: Run, figure: str = "linear") -> str:
    (line,) = (line for line in run("list").out.splitlines() if line.startswith(f"{figure} "))
    return line.removeprefix(figure).strip()


def table() -> pd.DataFrame:
    return pd.read_csv("results/linear/linear.csv")


def test_an_edited_rule_is_trained_again(package: Path, run: Run) -> None:
    run("run", "linear")
    before = table()
    edit(package / RULE, "return cascade(step, state), state", "return cascade(step, [-each for each in state]), state")
    plan = run("run", "linear", "--dry-run").out
    assert "feedback_alignment: 0 cached, 3 to train" in plan
    assert plan.count(" 0 to train") == 3
    assert "why: rule feedback_alignment has changed since results/linear was created" in plan
    assert state(run).startswith("stale: rule feedback_alignment has changed since")
    done = run("run", "linear")
    assert "linear: rule feedback_alignment has changed since: training again" in done.err
    assert done.err.count("training again") == 1
    assert "trained 3 runs, 9 cached" in done.err
    after = table()
    ours = before["algorithm"] == "feedback_alignment"
    assert before[~ours].equals(after[~ours])
    learned = ours & (before["example"] > 0)
    assert (before[learned]["nse"] != after[learned]["nse"]).all()
    assert state(run).startswith("done")
    edit(package / RULE, "[-each for each in state]", "state")  # the old runs are still there
    assert "nothing to train, all 12 runs are cached" in run("run", "linear").err
    assert table().equals(before)


def test_comments_and_layout_train_nothing(package: Path, run: Run) -> None:
    run("run", "linear")
    edit(
        package / RULE, "return cascade(step, state), state", "return (\n            cascade(step, state), state)  # !"
    )
    edit(package / TASK, '"""A random', '"""As in the paper: a random')
    with (package / SHARED).open("a") as file:
        file.write("\n\n# The end.\n")
    assert "linear: 12 runs, 0 to train" in run("run", "linear", "--dry-run").out
    assert state(run).startswith("done")


@pytest.mark.parametrize(("file", "noun"), [(TASK, "task linear"), (SHARED, "rule backprop")])
def test_shared_source_concerns_every_run(package: Path, run: Run, file: str, noun: str) -> None:
    run("run", "linear", "--set", "trials=1")
    with (package / file).open("a") as source:
        source.write("\n\nTHREE = 3\n")
    done = run("run", "linear", "--set", "trials=1")
    assert "trained 4 runs, 0 cached" in done.err
    assert f"{noun} has changed since: training again" in done.err


def test_an_interrupted_command_is_told_too(package: Path, run: Run) -> None:
    run("run", "linear", "--shard", "1/2")
    edit(package / RULE, "return cascade(step, state), state", "return cascade(step, [-each for each in state]), state")
    assert "rule feedback_alignment has changed since: training again" in run("run", "linear").err


def test_an_edited_study_is_stale_in_the_list(package: Path, run: Run) -> None:
    run("run", "flow-field", "--quick")
    assert state(run, "flow-field").startswith("created with --quick")
    with (package / "theory/_integrate.py").open("a") as source:
        source.write("\n\nTHREE = 3\n")
    assert state(run, "flow-field").startswith("stale: study flow_field has changed since")


def test_a_worker_with_other_source_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker imports the files as they are when it starts, after the command has made the keys."""
    (run, *_) = small_runs("feedback_alignment")
    (edited, *_) = small_runs("backprop")
    monkeypatch.setattr(type(run.condition.setup), "sources", edited.condition.setup.sources)
    text = "one: its worker has another source of its rule or task than this command started with. After an edit, run"
    with pytest.raises(FaReproError, match=text):
        train_timed([run])
