"""Fault 29: control characters and shell text in anything printed or suggested.

Promised: they are escaped, and suggested commands are quoted.
"""

import json
import logging
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from fa_repro.cli.logging import configure_logging
from fa_repro.plain_text import escape_controls, shell_word
from fa_repro.results import paths, provenance
from tests.support.configs import SMALL

Command = Callable[..., Result]

ACTIVE = (
    "\x1b[31m\x07\x08\r\x7f\x9b\u2028\u2029\u202e\u2066"  # lone surrogates in captured logs would stop pytest-xdist
)
SHELL = "$(touch owned); `touch owned` && touch owned | touch owned #"


@pytest.fixture
def made(workplace: Path, undisturbed: Callable[..., Path]) -> Path:
    """Results of the small config, to be changed."""
    return shutil.copytree(undisturbed(), workplace / "results") / "linear"


def change_manifest(folder: Path, **entries: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


def assert_plain(text: str) -> None:
    assert not re.search("(?!\n)[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", text), ascii(text)


def suggested(text: str) -> list[list[str]]:
    """The words of each command in a text, as a shell would read them."""
    return [shlex.split(found) for found in re.findall(r"fa-repro run [^\n]*", text)]


def test_every_active_character_is_escaped() -> None:
    for code in (*range(32), *range(127, 160), *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xD800, 0xDFFF):
        if code != 0x202F:
            assert_plain(escape_controls(f"a{chr(code)}b"))
            assert escape_controls(f"a{chr(code)}b").startswith("a\\"), hex(code)
    kept = "é 数 🙂 ± ≤ \\n"
    assert escape_controls(kept) == kept
    assert escape_controls("a\nb\x1b", lines=True) == "a\nb\\x1b"


@pytest.mark.parametrize("word", ["a b", "it's", SHELL, "-rf", "", "\x1b[31m'\\", "é\u202e\n", "caf\udce9 \udcff"])
def test_a_shell_reads_a_suggested_word_back(word: str) -> None:
    assert_plain(shell_word(word))
    done = subprocess.run(["bash", "-c", f"printf %s {shell_word(word)}"], capture_output=True, check=True)
    assert done.stdout == word.encode(errors="surrogateescape")


@pytest.mark.parametrize(
    "words",
    [
        ("run", f"linear{ACTIVE}"),
        ("run", "linear", "--set", f"a{ACTIVE}=1"),
        ("run", "linear", "--set", f"seed={ACTIVE}"),
        ("run", "linear", "--set", ACTIVE),
        ("run", "linear", "--sweep", f"seed=1,'{ACTIVE}"),
        ("run", "linear", "--only", ACTIVE),
        ("run", "linear", f"--{ACTIVE}"),
        ("run", "linear", "--executor", ACTIVE),
        ("run", "linear", "--config", f"{ACTIVE}.yaml"),
        ("run", "--from", f"a{ACTIVE}"),
        (f"run{ACTIVE}",),
        ("data", f"{ACTIVE}"),
        ("check", ACTIVE),
        ("plot", "linear", "--results", f"a{ACTIVE}"),
    ],
)
def test_what_a_command_was_given_is_escaped(command: Command, words: tuple[str, ...]) -> None:
    result = command(*words)
    assert result.exit_code in (2, 4)
    assert_plain(result.output)
    assert "\\x1b[31m" in result.output


def test_keys_and_values_of_a_config_are_escaped(command: Command, workplace: Path) -> None:
    text = '"a\\e[31m\\u202e\\n\\x9b": "\\e]0;x\\a"\n'
    (workplace / "configs/linear.yaml").write_text(text + SMALL.replace("seed: 0", f"seed: {text.partition(': ')[2]}"))
    for words in (("list",), ("run", "linear"), ("config", "linear"), ("check",), ("report", "--markdown")):
        result = command(*words)
        assert_plain(result.output)
        assert "a\\x1b[31m" in result.output or words[0] in ("check", "report")
    (workplace / "configs/linear.yaml").write_bytes(b"a: \x1b[31m\n")
    assert_plain(command("run", "linear").output)


@pytest.mark.parametrize("key", ["options", "failed", "name", "files", "remarks", "versions", "source", "command"])
def test_texts_of_a_manifest_are_escaped(command: Command, made: Path, key: str) -> None:
    entries: dict[str, Any] = {
        "options": [f"--set x={ACTIVE}"],
        "failed": [{"algorithm": ACTIVE, "trial": 0, "reason": ACTIVE}],
        "name": f"{ACTIVE}/linear",
        "files": {ACTIVE: {"sha256": "0", "bytes": 1}},
        "remarks": [ACTIVE],
        "versions": {ACTIVE: ACTIVE, "numpy": ACTIVE},
        "source": {"git_commit": ACTIVE},
        "command": ACTIVE,
    }
    change_manifest(made, **{key: entries[key]})
    commands = (("list",), ("check",), ("check", "--json"), ("report", "--markdown"), ("report",), ("plot", "linear"))
    for words in (*commands, ("run", "linear", "--dry-run", "--set", "seed=1"), ("run", "--from", "results/linear")):
        assert_plain(command(*words).output)
    assert_plain((made.parent / "report.html").read_text())
    assert_plain(command("run", "linear").output)


def test_lone_surrogates_are_escaped(command: Command) -> None:
    result = command("run", "linear", "--only", "a\ud800\udc80")
    assert_plain(result.output)
    assert "--only a\\ud800\\udc80: no such algorithm" in result.stderr


def test_messages_of_the_log_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    with click.Context(click.Command("run")):
        configure_logging(verbose=True)
        try:
            raise ValueError(ACTIVE)
        except ValueError:
            logging.getLogger("fa_repro.test").warning("%s\nerror: forged", ACTIVE, exc_info=True)
    written = capsys.readouterr().err
    assert_plain(written)
    assert written.startswith("WARNING: \\x1b[31m")
    assert "\nerror: forged" not in written
    assert "ValueError: \\x1b[31m" in written


@pytest.mark.parametrize("options", [[f"; {SHELL}"], [SHELL], ["--set", "'"], ["--force"], "x", [["--quick"]], [5]])
def test_options_of_a_manifest_suggest_no_other_command(command: Command, made: Path, options: Any) -> None:
    change_manifest(made, options=options)
    told = command("list").stdout
    listed = isinstance(options, list) and all(isinstance(option, str) for option in options)
    assert ("created with options that are not valid" if listed else "not valid: manifest.json: options: ") in told
    (made / "linear.csv").unlink()
    result = command("plot", "linear")
    assert result.exit_code == 4
    assert "touch" not in result.output
    assert "Run: fa-repro run linear, with its options; those in its manifest are not valid" in result.stderr


def test_options_of_a_manifest_are_quoted_anew(command: Command, made: Path) -> None:
    change_manifest(made, options=["--set a\\;b=1", f"--config {shlex.quote(SHELL)}", "--quick"])
    (made / "linear.csv").unlink()
    ((*words,),) = suggested(command("plot", "linear").stderr)
    assert words == ["fa-repro", "run", "linear", "--set", "a;b=1", "--config", SHELL, "--quick"]


@pytest.mark.parametrize(
    "stored", [f"fa-repro run linear; {SHELL}", SHELL, "fa-repro run -q", "rm -rf x", "fa-repro data fetch", "'", 5]
)
def test_notes_and_reports_suggest_no_other_command(command: Command, made: Path, stored: Any) -> None:
    note = paths.in_progress_file(made.parent, "linear")
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({"schema": 1, "command": stored, "total": 2, "missing": ["ab"]}))
    change_manifest(made, command=stored, repeat=[stored], source={"git_commit": SHELL, "git_dirty": True})
    change_manifest(made, versions={"python": SHELL, "numpy": f"1; {SHELL}", SHELL: "1.0"})
    assert "resume" not in command("list").stdout
    assert command("report").exit_code == (0 if isinstance(stored, str) else 4)
    page = (made.parent / "report.html").read_text()
    assert "touch owned" not in re.sub(r"<dd>.*?</dd>", "", page, flags=re.DOTALL)  # what is not a command
    commands = provenance.repeat_commands(made, {"git_commit": SHELL}, {"python": SHELL, "numpy": f"1; {SHELL}"})
    assert commands == [f"fa-repro run --from {made}"]


def test_what_is_typed_is_suggested_quoted(command: Command, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, file = f"a b; {SHELL}\x1b", "it's.yaml"
    Path(file).write_text(SMALL)
    words = ["linear", "--config", file, "--set", "training.examples=30", "--results", folder]
    text = command("run", *words, "--shard", "1/2").stderr
    assert_plain(text)
    assert subprocess.run(
        ["bash", "-c", f"fa-repro() {{ printf '%s\\n' \"$@\"; }}; {text.partition('finished, run: ')[2]}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n") == ["run", *words, ""]
    listed = command("list", "--results", folder).stdout
    assert_plain(listed)
    assert "resume with: fa-repro run linear --config 'it'\"'\"'s.yaml'" in listed
    assert not Path("owned").exists()
