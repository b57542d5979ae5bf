"""Fault 34: standard output in cp1252, latin-1 or cp932, closed, or a file.

Promised: text arrives, with replacements where they are needed.
"""

import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fa_repro.cli.main import command_line
from tests.support.configs import SMALL
from tests.support.environment import environment
from tests.support.processes import fa_repro

ENCODINGS = ("cp1252", "latin-1", "cp932", "ascii", "utf-8")

Printed = Callable[[str, Sequence[str]], str]


@pytest.fixture
def printed(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Printed:
    """Runs a command in this process with both streams in an encoding; returns what standard output got."""
    text = SMALL.replace("figure: linear", "figure: linear\nΣ数🙂: 1")
    (workplace / "configs/mine.yaml").write_text(text, encoding="utf-8")

    def call(encoding: str, words: Sequence[str]) -> str:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding, errors="strict") for _ in range(2)]
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            with pytest.raises(SystemExit) as ended:
                command_line(list(words), prog_name="fa-repro")
        assert ended.value.code in (0, 2)
        for stream in streams:
            stream.flush()
        found = [stream.buffer.getvalue() for stream in streams]  # type: ignore[attr-defined]
        return b"".join(found).decode("utf-8" if encoding == "ascii" else encoding)  # which click takes instead

    return call


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "words",
    [("report", "--markdown"), ("check",), ("check", "--json"), ("list",), ("config", "linear"), ("run", "mine", "数")],
    ids=" ".join,
)
def test_text_arrives_in_any_encoding(printed: Printed, encoding: str, words: tuple[str, ...]) -> None:
    text, expected = (printed(each, words) for each in (encoding, "utf-8"))
    assert len(text.splitlines()) == len(expected.splitlines())
    for ours, whole in zip(text.splitlines(), expected.splitlines(), strict=True):
        assert "?" not in ours or "?" in whole
        can = whole.encode(encoding if encoding != "ascii" else "utf-8", errors="backslashreplace")
        assert ours == can.decode(encoding if encoding != "ascii" else "utf-8")
    if words == ("check", "--json"):
        assert json.loads(text) == json.loads(expected)


@pytest.mark.parametrize("encoding", ["cp1252", "cp932"])
def test_a_process_prints_to_a_file(workplace: Path, encoding: str) -> None:
    with Path("page.md").open("wb") as file:
        done = fa_repro(
            "report", "--markdown", stdout=file, env=environment() | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
        )
    assert (done.code, done.err) == (0, "")
    assert "claims: 0 reproduced" in Path("page.md").read_text(encoding=encoding)


def test_closed_output_is_no_error(workplace: Path) -> None:
    for words in (("report", "--markdown"), ("check",), ("list",)):
        done = fa_repro(*words, preexec_fn=lambda: os.close(1))
        assert (done.code, done.err) == (0, ""), words


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_output_is_named(workplace: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = fa_repro("list", stdout=full)
    assert done.code == 4
    assert "error: input or output: No space left on device" in done.err
