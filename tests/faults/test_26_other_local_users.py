"""Fault 26: another local user at the Dask scheduler. Promised: refused (TLS, certificates of this run only)."""

import json
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from fa_repro import run
from tests.support.environment import environment
from tests.support.files import contents
from tests.support.processes import fa_repro

pytest.importorskip("distributed", reason="the extra fa-repro[dask] is not installed")
from tests.support.cluster import cluster


def test_only_its_own_certificates_open_a_cluster(workplace: Path) -> None:
    one = run("linear", results="one")
    lenient = environment() | {"PYTHONWARNINGS": "default"}  # Dask does not close the sockets of refused connections
    words = ("run", "linear", "--results", "two", "--executor", "dask", "--jobs", "2")
    done = fa_repro(*words, module="tests.support.attacked", env=lenient)
    assert done.code == 0, done.err
    attacks = json.loads(Path("attacks.json").read_text())
    assert {address.partition(":")[0] for address in attacks} == {"127.0.0.1"}
    refused = {"pages": None, "itself": True, "anybody": False, "other certificates": False}
    parts = [found for found in attacks.values() if "itself" in found]
    assert parts == [refused] * 5  # scheduler, workers, nannies
    assert all(found == {"pages": []} for found in attacks.values() if found not in parts)
    assert contents(one.directory) == contents(workplace / "two/linear")


def search_path() -> list[str]:
    return sys.path


def test_modules_come_from_folders_of_ones_own(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask's scratch folders are the first place where Python looks for modules, in this process too."""
    temporary, before = workplace / "temporary", list(sys.path)
    temporary.mkdir()
    (temporary / "dask-scratch-space").mkdir(mode=0o777)  # that of someone who was here first
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with cluster._cluster(1) as client:
        every = {*sys.path, *(each for paths in client.run(search_path).values() for each in paths)}
        scratch = {temporary / Path(each).relative_to(temporary).parts[0] for each in every if str(temporary) in each}
        assert scratch
        assert all(stat.S_IMODE(folder.stat().st_mode) == 0o700 for folder in scratch)
    assert [each.name for each in temporary.iterdir()] == ["dask-scratch-space"]
    assert sys.path == before
