"""Results of a figure, saved and found again."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fa_repro.experiment.pipeline import run
from fa_repro.io import atomic
from tests.support.files import contents


def test_results_are_reused_and_repeat_bytewise(workplace: Path) -> None:
    first = run("linear")
    before = contents(first.directory)
    assert (first.trained, first.cached) == (12, 0)
    again = run("linear")
    assert (again.trained, again.cached) == (0, 12)
    assert contents(first.directory) == before
    forced = run("linear", force=True)
    assert (forced.trained, forced.cached) == (12, 0)
    assert contents(first.directory) == before
    elsewhere = run("linear", config="results/linear/config.yaml", results="elsewhere")
    assert contents(elsewhere.directory) == before


def test_more_trials_add_to_those_there_are(workplace: Path) -> None:
    run("linear", {"trials": 2})
    more = run("linear")
    assert (more.trained, more.cached) == (4, 8)
    run("linear", {"trials": 3}, results="fresh")
    assert contents(workplace / "results/linear") == contents(workplace / "fresh/linear")


def test_manifest_records_the_provenance(workplace: Path) -> None:
    result = run("linear", {"trials": 2})
    manifest = json.loads((result.directory / "manifest.json").read_text())
    assert manifest["schema"] == 1
    assert manifest["seed"] == 0
    assert manifest["options"] == ["--set trials=2"]
    assert {"python", "numpy", "fa_repro"} <= manifest["versions"].keys()
    assert {"git_commit", "git_dirty"} <= manifest["source"].keys()
    assert manifest["seconds"]["training"] > 0
    made = datetime.fromisoformat(manifest["made"])
    assert made.tzinfo is not None
    assert abs(datetime.now(UTC) - made) < timedelta(hours=1)
    for name, data in contents(result.directory).items():
        assert manifest["files"][name] == {"sha256": atomic.sha256(data), "bytes": len(data)}
