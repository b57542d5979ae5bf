"""Fault 6: disk full, by RLIMIT_FSIZE or a small tmpfs.

Promised: exit 4 naming the path; the old result intact.
"""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.files import contents
from tests.support.processes import fa_repro, leftovers, stored

MORE = ("run", "linear", "--set", "trials=4")


@pytest.mark.parametrize(
    ("limit", "path", "runs", "jobs"),
    [
        (2_000, "results/runs/", 12, "1"),  # its manifest would fit
        (12_000, "results/linear/linear.csv: ", 16, "2"),
        (40_000, "results/linear/linear.png: ", 16, "1"),
    ],
)
def test_unwritable_file_keeps_the_old_result(
    workplace: Path, undisturbed: Callable[..., Path], limit: int, path: str, runs: int, jobs: str
) -> None:
    results = workplace / "results"
    shutil.copytree(undisturbed(), results)
    before = contents(results / "linear"), (results / "linear/manifest.json").read_bytes()
    done = fa_repro(*MORE, "--jobs", jobs, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert done.code == 4, done.err
    (line,) = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert line.startswith(f"error: cannot write {path}")
    assert line.endswith(": File too large")
    assert (contents(results / "linear"), (results / "linear/manifest.json").read_bytes()) == before
    assert len(stored(results)) == runs
    assert fa_repro(*MORE).code == 0
    assert not leftovers(results)


@pytest.fixture
def small_disk(workplace: Path) -> Iterator[Path]:
    """A file system of 600 kB."""
    folder = workplace / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or os.geteuid() != 0 or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("a file system of its own cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_disk_keeps_the_old_result(workplace: Path, small_disk: Path) -> None:
    assert fa_repro("run", "linear", "--results", small_disk).code == 0
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        file.write(bytes(shutil.disk_usage(small_disk).free - 40 * 1024))  # room for runs, but not for a picture
    before = contents(small_disk / "linear"), (small_disk / "linear/manifest.json").read_bytes()
    done = fa_repro(*MORE, "--results", small_disk)
    assert done.code == 4, done.err
    assert f"error: cannot write {small_disk}/" in done.err
    assert done.err.rstrip().endswith(": No space left on device")
    assert (contents(small_disk / "linear"), (small_disk / "linear/manifest.json").read_bytes()) == before
    kept = stored(small_disk)
    assert len(kept) >= 12
    filler.unlink()
    again = fa_repro(*MORE, "--results", small_disk)
    assert again.code == 0, again.err
    assert kept.items() <= stored(small_disk).items()
    assert not leftovers(small_disk)
