"""Fault 21: runs of other numerics, versions, commits or BLAS kernels in one figure.

Promised: results of older numerics are stale; other mixtures are told in manifest, list and report.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from fa_repro.results import provenance
from fa_repro.training import numerics

Command = Callable[..., Result]


def state(command: Command) -> str:
    (line,) = (each for each in command("list").stdout.splitlines() if each.startswith("linear "))
    return line


@pytest.mark.parametrize(
    ("name", "value"),
    [("numpy", "2.2.0"), ("fa_repro", "0.0.9"), ("commit", "0123456"), ("BLAS kernels", "Haswell"), ("python", "3.14")],
)
def test_a_mixture_is_told(command: Command, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    ours = provenance.origin()
    with monkeypatch.context() as patch:
        patch.setattr("fa_repro.results.store.origin", lambda: {**ours, name: value})
        command("run", "linear", "--only", "backprop")
        assert "origins" not in state(command)
    command("run", "linear")
    manifest = json.loads(Path("results/linear/manifest.json").read_bytes())
    assert manifest["mixed"] == {name: sorted([value, ours[name]])}
    assert f"runs of several origins ({name})" in state(command)
    (about, *_) = json.loads(command("check", "linear", "--json").stdout)["figures"]
    assert about["mixed"] == manifest["mixed"]
    command("report")
    both = " and ".join(manifest["mixed"][name])
    assert f"Its runs have several origins: {name} {both}." in Path("results/report.html").read_text()
    command("run", "linear", "--force")
    assert json.loads(Path("results/linear/manifest.json").read_bytes())["mixed"] == {}


def test_older_numerics_are_stale(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    version = numerics.VERSION
    with monkeypatch.context() as patch:
        patch.setattr(numerics, "VERSION", version - 1)
        command("run", "linear")
        assert "linear " in state(command)
        assert "stale" not in state(command)
    assert f"stale: numerics {version - 1}, now {version}" in state(command)
    assert f"; numerics {version - 1}, configs" in command("report", "--markdown").stdout.splitlines()[0]
    assert "0 cached" in command("run", "linear").stderr
    assert "stale" not in state(command)


def test_results_without_numerics_are_stale(command: Command) -> None:
    command("run", "linear")
    path = Path("results/linear/manifest.json")
    manifest = json.loads(path.read_bytes())
    del manifest["numerics"]
    path.write_text(json.dumps(manifest))
    assert f"stale: numerics unknown, now {numerics.VERSION}" in state(command)
    assert "; numerics unknown, configs" in command("report", "--markdown").stdout.splitlines()[0]
