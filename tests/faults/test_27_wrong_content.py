"""Fault 27: valid hashes over wrong content: config, CSV, npz, manifest.

Promised: told as damaged, trained or made again, other figures unharmed.
"""

import copy
import io
import json
import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from fa_repro.errors import StorageError
from fa_repro.experiment.saved import load_results
from fa_repro.io import yaml
from tests.support.files import contents
from tests.support.pictures import stand_in
from tests.support.processes import stored
from tests.support.resealing import FIGURES, fuzz, prepare, reseal, write_manifest
from tests.support.shared import shared_folder

Command = Callable[..., Result]

COMMANDS = int(os.environ.get("FA_REPRO_FUZZ", "2000"))
"""Number of commands of the long fuzz."""


def all_figures(factory: pytest.TempPathFactory) -> Path:
    """A folder with small results of each figure, made once."""

    def make(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            stand_in(patch)
            prepare(folder)

    return shared_folder(factory, "resealing", make)


@pytest.fixture
def workplace(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as the current folder."""
    folder = shutil.copytree(all_figures(tmp_path_factory), tmp_path / "work")
    monkeypatch.chdir(folder)
    return folder


def without_rows(*words: str) -> Callable[[str], str]:
    """A table without the rows that begin with some text."""
    return lambda text: "".join(line for line in text.splitlines(keepends=True) if not line.startswith(words))


def replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


DAMAGE: list[tuple[str, str, Callable[[str], str], str]] = [
    ("linear", "linear.csv", without_rows("backprop,2,"), "there is no algorithm backprop, trial 2"),
    ("linear", "linear.csv", without_rows("shallow"), "there is no algorithm shallow, trial 0"),
    ("linear", "linear.csv", without_rows("backprop,1,39,"), "not the examples that the config records, for"),
    ("linear", "linear.csv", lambda text: text + text.splitlines()[-1] + "\n", "not the examples that the config"),
    ("linear", "linear.csv", replaced("shallow,0", "shallow,7"), "the config has no algorithm shallow, trial 7"),
    ("linear", "linear.csv", replaced("shallow,0", "deep,0"), "the config has no algorithm deep, trial 0"),
    ("linear", "linear.csv", replaced("shallow,0", ",0"), "algorithm: expected texts in all rows"),
    ("linear", "linear.csv", replaced("shallow,0,0,", "shallow,0,0,-"), "nse: expected numbers from 0 to inf"),
    ("linear", "linear.csv", replaced("shallow,0,0,", "shallow,0,0,x"), "nse: expected numbers in all rows"),
    ("linear", "linear.csv", replaced("nse", "error"), "expected the columns algorithm,trial,example,nse, found"),
    ("linear", "linear.csv", lambda _: "", "expected the columns algorithm,trial,example,nse, found"),
    ("linear", "linear.csv", lambda text: "\ufeff" + text, "expected the columns algorithm,trial,example,nse, found"),
    ("linear", "linear_maps.csv", without_rows("target"), "maps: expected the target and those algorithms that"),
    ("linear", "linear_maps.csv", without_rows("backprop,2,0,0,"), "maps: expected each output with each"),
    ("linear", "config.yaml", lambda _: "[]", "config.yaml: expected a config"),
    ("linear", "config.yaml", replaced("trials: 3", "trials: 4"), "there is no algorithm shallow, trial 3"),
    ("linear", "config.yaml", replaced("examples: 40", "examples: 80"), "not the examples that the config records"),
    ("linear", "config.yaml", replaced("rule: shallow", "rule: deep"), "unknown rule 'deep'"),
    ("linear", "config.yaml", replaced("figure: linear", "figure: nse"), "manifest.json: figure: not that of config"),
    (
        "nse",
        "nse.csv",
        lambda text: "".join(x for x in text.splitlines(True) if not x.endswith(",0.3\n")),
        "there is no",
    ),
    ("angle", "angle_online.csv", replaced("algorithm", "rule"), "expected the columns algorithm,trial,example,"),
    ("nonlinear", "nonlinear_angles.csv", without_rows("feedback_alignment_4,1"), "there is no algorithm feedback"),
    ("nonlinear", "nonlinear_summary.csv", without_rows("backprop"), "there is no rule backprop"),
    ("rules", "rules_summary.csv", without_rows("backprop"), "there is no algorithm backprop"),
    ("flow-field", "flow-field.csv", without_rows("basin,3,"), "not the parts of the flow field"),
    ("flow-field", "flow-field.csv", replaced("field,0,0,-", "field,0,0,inf"), "w0: expected numbers in all rows"),
    ("theorems", "theorems.csv", without_rows("3,angle_deg/one_pair,"), "not the quantities and trials of theorem 3"),
    ("theorems", "theorems.csv", without_rows("2,"), "there is no theorem 2"),
    ("theorems", "theorems_summary.csv", without_rows("1,random"), "not the statements of theorem 1"),
]
"""Figure, file, what is done to it, and what is said."""


@pytest.mark.parametrize(("figure", "name", "change", "words"), DAMAGE)
def test_damaged_results_are_told_and_made_again(
    command: Command, workplace: Path, figure: str, name: str, change: Callable[[str], str], words: str
) -> None:
    folder = workplace / "results" / figure
    text = (folder / name).read_text()
    assert change(text) != text
    reseal(folder, name, change(text).encode())
    told = command("plot", figure)
    assert told.exit_code == 4
    assert told.stderr.startswith(f"error: results/{figure}: ")
    assert words in told.stderr
    assert f"Run: fa-repro run {figure}" in told.stderr
    repeated = command("run", "--from", f"results/{figure}")
    assert repeated.exit_code == 4
    assert words in repeated.stderr


@pytest.mark.parametrize("figure", FIGURES)
def test_config_without_a_key_has_its_default(workplace: Path, figure: str) -> None:
    """What is drawn and judged finds all keys of a config, or the results are damaged."""
    folder = workplace / "results" / figure
    data, whole = yaml.load((folder / "config.yaml").read_bytes(), "").data, load_results(folder).config
    blocks = [key for key in data if isinstance(data[key], dict)]
    places = [(key,) for key in data] + [(key, inner) for key in blocks for inner in data[key]]
    places = [place for place in places if ".".join(place) not in data["sweep"]]  # these have their value in the sweep
    kept = set()
    for place in places:
        changed = copy.deepcopy(data)
        block = changed if len(place) == 1 else changed[place[0]]
        del block[place[-1]]
        reseal(folder, "config.yaml", yaml.dump(changed).encode())
        try:
            found = load_results(folder).config
        except StorageError as error:
            assert "Run: fa-repro run" in str(error)
            continue
        assert found.keys() == whole.keys(), place
        assert all(found[key].keys() == whole[key].keys() for key in blocks if key not in ("algorithms", "sweep")), (
            place
        )
        kept.add(place)
    assert {("seed",)} <= kept
    assert ("sweep",) in kept or data["sweep"]


def test_check_and_report_go_on_with_other_figures(command: Command, workplace: Path) -> None:
    def verdicts() -> dict[str, list[Any]]:
        claims = json.loads(command("check", "--json").stdout)["claims"]
        return {name: [each for each in claims if each["figure"] == name] for name in FIGURES}

    before, files = verdicts(), contents(workplace / "results/linear")
    reseal(workplace / "results/linear", "linear.csv", files["linear.csv"][:-200] + b"\n")
    reseal(workplace / "results/nse", "config.yaml", b"x: [")
    after = verdicts()
    assert {name for name in FIGURES if before[name] != after[name]} == {"linear", "nse"}
    assert {each["verdict"] for name in ("linear", "nse") for each in after[name]} == {"not run"}
    for words in (("check",), ("report",), ("report", "--markdown")):
        done = command(*words)
        assert done.exit_code == 4
        assert "error: results/linear: linear.csv: " in done.stderr
        assert "error: results/nse: " in done.stderr
    assert "results/linear: linear.csv: " in (workplace / "results/report.html").read_text()
    assert command("run", "linear", "-q").exit_code == 0
    assert contents(workplace / "results/linear") == files
    assert verdicts()["linear"] == before["linear"]


MANIFEST: list[tuple[str, Any]] = [
    *[("failed", 5), ("failed", ["x"]), ("failed", [{"algorithm": "backprop", "trial": 9}]), ("options", {"a": 1})],
    *[("diverged", {}), ("diverged", [{"algorithm": "backprop", "trial": 0, "example": -1}]), ("config_hash", 1)],
    *[("diverged", [{"algorithm": "backprop", "trial": 0, "example": 41}]), ("seconds", {"training": "x"})],
    *[("diverged", [{"algorithm": "backprop", "trial": 0, "example": 1.5}]), ("versions", []), ("made", None)],
    *[("source", "x"), ("machine", [1]), ("repeat", [1]), ("name", ["x"]), ("seconds", {"training": float("inf")})],
]


@pytest.mark.parametrize(("key", "value"), MANIFEST)
def test_manifest_of_other_types_is_told(command: Command, workplace: Path, key: str, value: Any) -> None:
    path = workplace / "results/linear/manifest.json"
    write_manifest(path, {**json.loads(path.read_bytes()), key: value})
    done = command("check", "linear")
    assert done.exit_code == 4
    assert f"error: results/linear: manifest.json: {key}: " in done.stderr
    if not (isinstance(value, list) and value and isinstance(value[0], dict)):  # `list` does not compare runs
        assert f"not valid: manifest.json: {key}: expected " in command("list").stdout
    assert command("run", "linear", "-q").exit_code == 0
    assert command("plot", "linear").exit_code == 0


def arrays_of(path: Path) -> dict[str, Any]:
    return dict(np.load(path))


def saved(arrays: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


RECORDS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "no column": lambda arrays: {name: each for name, each in arrays.items() if name != "column/nse"},
    "further column": lambda arrays: {**arrays, "column/x": arrays["column/nse"]},
    "shorter column": lambda arrays: {**arrays, "column/nse": arrays["column/nse"][:-1]},
    "shorter columns": lambda arrays: {n: a[:-1] if n.startswith("column") else a for n, a in arrays.items()},
    "other grid": lambda arrays: {**arrays, "column/example": arrays["column/example"] + 1},
    "other type": lambda arrays: {**arrays, "column/nse": arrays["column/nse"].astype("U9")},
    "single precision": lambda arrays: {**arrays, "array/weights_0": arrays["array/weights_0"].astype("f4")},
    "pickled": lambda arrays: {**arrays, "column/nse": np.array([object()])},
    "no weights": lambda arrays: {name: each for name, each in arrays.items() if name != "array/weights_1"},
    "other shape": lambda arrays: {**arrays, "array/weights_0": arrays["array/weights_0"].T},
    "target not finite": lambda arrays: {**arrays, "array/target": arrays["array/target"] * np.nan},
    "diverged": lambda arrays: {**arrays, "run/diverged_at": np.array(7)},
    "diverged at a fraction": lambda arrays: {**arrays, "run/diverged_at": np.array(-1.0)},
    "diverged often": lambda arrays: {**arrays, "run/diverged_at": np.array([-1, -1])},
    "something else": lambda arrays: {**arrays, "x": np.zeros(2)},
}


@pytest.fixture
def small(undisturbed: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results of the small config, below the current folder."""
    folder = shutil.copytree(undisturbed().parent, tmp_path / "small")
    monkeypatch.chdir(folder)
    return folder / "results"


@pytest.mark.parametrize("kind", RECORDS)
def test_damaged_record_is_trained_again(command: Command, small: Path, kind: str) -> None:
    (first, *_), before = stored(small), contents(small / "linear")
    path = first.parent / "record.npz"
    reseal(path.parent, path.name, saved(RECORDS[kind](arrays_of(path))))
    done = command("run", "linear")
    assert done.exit_code == 0
    assert "is damaged (record.npz: " in done.stderr
    assert "trained 1 run, 11 cached" in done.stderr
    assert contents(small / "linear") == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("diverged_at", value) for value in (-1, 41, 2.5, [1], 10**30)),
        *(("seconds", value) for value in ("x", -1.0, [1])),
        *(("setup", {}), ("setup", None), ("files", {})),
    ],
)
def test_damaged_manifest_of_a_run(command: Command, small: Path, key: str, value: Any) -> None:
    (path, *_) = stored(small)
    write_manifest(path, {**json.loads(path.read_bytes()), key: value})
    done = command("run", "linear")
    assert done.exit_code == 0
    assert done.stderr.count("moved aside") == 1
    assert "trained 1 run, 11 cached" in done.stderr


def test_another_run_under_its_key(command: Command, small: Path) -> None:
    (first, second, *_), before = sorted(stored(small)), contents(small / "linear")
    shutil.rmtree(first.parent)
    shutil.copytree(second.parent, first.parent)
    done = command("run", "linear")
    assert "manifest.json is that of another run" in done.stderr
    assert contents(small / "linear") == before


def test_sample_of_resealed_files(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    base = shutil.copytree(all_figures(tmp_path_factory), tmp_path / "base")
    codes = fuzz(base, seed=1, count=30, figures=("linear", "nse", "rules"))
    assert sum(codes.values()) == 30
    assert codes[4] > 5


@pytest.mark.slow
@pytest.mark.draws
@pytest.mark.parametrize("seed", [0])
def test_many_resealed_files(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, seed: int) -> None:
    """`FA_REPRO_FUZZ=N pytest -m slow -k many_resealed` gives N commands."""
    base = shutil.copytree(all_figures(tmp_path_factory), tmp_path / "base")
    fuzz(base, seed=seed + 1, count=20)  # all that is imported
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    codes = fuzz(base, seed=seed, count=COMMANDS)
    print(codes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, "KiB")
    assert sum(codes.values()) == COMMANDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500 * 1024
