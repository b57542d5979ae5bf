"""Formats of pictures, by --format."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import fa_repro
from fa_repro.errors import ConfigError, StorageError
from fa_repro.experiment import redrawing
from fa_repro.io import atomic
from fa_repro.results import directory
from fa_repro.results.picture_formats import parse_formats

Command = Callable[..., Result]


def pictures(folder: str | Path = "results/linear") -> list[str]:
    return sorted(path.name for path in Path(folder).glob("linear.*") if path.suffix != ".csv")


def listed(folder: str | Path = "results/linear") -> dict[str, Any]:
    manifest = json.loads((Path(folder) / "manifest.json").read_text())
    for name, promise in manifest["files"].items():
        data = (Path(folder) / name).read_bytes()
        assert promise == {"sha256": atomic.sha256(data), "bytes": len(data)}
    return manifest


@pytest.mark.renders
def test_formats_are_written_and_in_the_manifest(command: Command) -> None:
    done = command("run", "linear", "--format", "svg,pdf")
    assert (done.exit_code, done.stdout.split()) == (0, [f"results/linear/linear.{x}" for x in ("png", "pdf", "svg")])
    assert pictures() == ["linear.pdf", "linear.png", "linear.svg"]
    manifest = listed()
    assert {"linear.pdf", "linear.png", "linear.svg"} <= manifest["files"].keys()
    assert manifest["command"] == "fa-repro run linear --format pdf,svg"
    assert manifest["options"] == [], "they decide no numbers"
    assert "created with" not in command("list").stdout
    assert Path("results/linear/linear.png").read_bytes().startswith(b"\x89PNG")
    assert Path("results/linear/linear.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.renders
def test_png_does_not_depend_on_other_formats(command: Command) -> None:
    command("run", "linear")
    assert pictures() == ["linear.png"]
    before = Path("results/linear/linear.png").read_bytes()
    assert listed()["command"] == "fa-repro run linear"
    command("plot", "linear", "--format", "pdf")
    assert Path("results/linear/linear.png").read_bytes() == before
    assert {"linear.pdf", "linear.png"} <= listed()["files"].keys()


@pytest.mark.parametrize("words", [("run", "linear"), ("plot", "linear")])
def test_existing_formats_are_redrawn_by_default(command: Command, words: tuple[str, ...]) -> None:
    command("run", "linear", "--format", "pdf", "--set", "trials=2")
    old = Path("results/linear/linear.pdf").read_bytes()
    saved = directory.load(Path("results/linear"))
    if words[0] == "plot":  # as after a change of how figures are drawn
        directory.save(Path("results/linear"), saved, {"png": b"old", "pdf": b"old"})
    done = command(*words)
    assert done.stdout.split() == ["results/linear/linear.png", "results/linear/linear.pdf"]
    assert pictures() == ["linear.pdf", "linear.png"]
    new = Path("results/linear/linear.pdf").read_bytes()
    assert (new == old) == (words[0] == "plot")
    assert new != b"old"
    if words[0] == "run":
        assert listed()["command"] == "fa-repro run linear --format pdf"
        fresh = fa_repro.run("linear", results="other", formats=["pdf"])
        assert new == (fresh.directory / "linear.pdf").read_bytes()


@pytest.mark.parametrize("name", ["run", "plot"])
def test_formats_no_longer_requested_are_removed(command: Command, name: str) -> None:
    command("run", "linear", "--format", "pdf,svg")
    command(name, "linear", "--format", "svg")
    assert pictures() == ["linear.png", "linear.svg"]
    assert "linear.pdf" not in listed()["files"]
    command(name, "linear", "--format", "png")
    assert pictures() == ["linear.png"]
    assert command("plot", "linear").stdout.split() == ["results/linear/linear.png"]
    assert not Path("results/linear/damaged").exists()


@pytest.mark.parametrize("words", [("run", "linear"), ("run", "linear", "--format", "pdf"), ("plot", "linear")])
def test_unlisted_picture_is_put_aside(
    command: Command, words: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    command("run", "linear")
    Path("results/linear/linear.pdf").write_bytes(b"a killed command's, or a person's own")
    assert command(*words).exit_code == 0
    assert pictures() == (["linear.pdf", "linear.png"] if "pdf" in words else ["linear.png"])
    (aside,) = Path("results/linear/damaged").iterdir()
    assert aside.read_bytes() == b"a killed command's, or a person's own"
    assert "linear.pdf is not listed in the manifest; moved aside" in caplog.text
    listed()


def test_damaged_picture_is_recreated(command: Command) -> None:
    command("run", "linear", "--format", "pdf")
    before = Path("results/linear/linear.pdf").read_bytes()
    Path("results/linear/linear.pdf").write_bytes(b"%PDF")
    assert "linear.pdf does not match its manifest" in command("plot", "linear").stderr
    assert command("run", "linear").exit_code == 0
    assert Path("results/linear/linear.pdf").read_bytes() == before
    listed()


def test_old_pictures_stay_if_new_ones_fail(command: Command, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command("run", "linear", "--format", "pdf")
    folder = workplace / "results/linear"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    replace = Path.replace

    def broken(self: Path, target: Path) -> Path:
        if Path(target).name == "manifest.json" and self.read_bytes() != before["manifest.json"]:
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(StorageError, match="No space left"):
        redrawing.redraw("linear", Path("results"), ["svg"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", ["run", "plot"])
def test_unknown_format_lists_the_known_ones(command: Command, name: str) -> None:
    command("run", "linear")
    refused = command(name, "linear", "--format", "png,gif")
    assert refused.exit_code == 2
    assert "unknown format 'gif'. Known: png, pdf, svg." in refused.stderr
    with pytest.raises(ConfigError, match=r"formats: unknown format 'gif'\. Known: png, pdf, svg\."):
        fa_repro.run("linear", formats=["gif"])
    with pytest.raises(ConfigError, match="gif"):
        redrawing.redraw("linear", Path("results"), ["gif"])
    assert pictures() == ["linear.png"]


def test_formats_from_python(workplace: Path) -> None:
    result = fa_repro.run("linear", formats=["svg"])
    assert result.pictures == tuple(result.directory / f"linear.{x}" for x in ("png", "svg"))
    assert all(path.is_file() for path in result.pictures)
    assert parse_formats("svg, PDF") == parse_formats(["pdf", "svg", "png"]) == ("png", "pdf", "svg")


def test_unfinished_command_keeps_its_formats(command: Command) -> None:
    done = command("run", "linear", "--format", "pdf", "--shard", "1/2")
    assert "When all shards have finished, run: fa-repro run linear --format pdf" in done.stderr
    assert "fa-repro run linear --format pdf" in command("list").stdout


def test_all_formats_are_repeated_and_compared(command: Command) -> None:
    command("run", "linear", "--format", "pdf,svg")
    done = command("run", "--from", "results/linear")
    assert done.exit_code == 0, done.output
    assert {"same bytes: linear.pdf", "same bytes: linear.svg"} <= set(done.stdout.splitlines())
    assert command("run", "--from", "results/linear", "--format", "pdf").exit_code == 2
