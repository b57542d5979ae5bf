"""Fault 11: 5,000 generated configs (types, NaN, inf, huge, deep, duplicate keys, non-UTF-8, alias bombs).

Promised: valid or exit 2; never a traceback; under 1 s each.
"""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from fa_repro.cli.main import command_line
from fa_repro.config.locate import shipped_folder
from fa_repro.io import yaml
from tests.support.processes import fa_repro

CONFIGS = 5_000
HANGS = 20.0
"""Seconds after which a config is taken to hang, on the slowest machine."""

WORDS = r"""
    ~ null true false on off yes no 0 1 -1 2 017 0o17 0xff 1e-3 1.0e-3 1e999 -1e999 1e-999 .inf -.inf .nan nan inf
    1_000 10:30 2026-01-31 2026-01-31T10:30:00Z 99999999999999999999 -99999999999999999999 1.5 -0.0 5e-324 'text'
    "a\tb" "\0" "\ud800" '' [] {} [1] [[1]] {a:1} {a [~] [.nan] [1,two] [1e999] *a *missing &a &a[*a] 1} a: | > ? - : ,
    !!python/object:os.system !!python/name:os.system !!binary !!set !!str !!int !own %YAML @x `x` linear nse backprop
    tanh softmax float32 every log ../../x /etc/passwd Übung 数 🙂
"""
TAGGED = ["!!python/object/apply:os.system ['true']", "!!binary aGk=", "!!int x", "!!float .", "!own 1", "!!set {a}"]
ODD = [*WORDS.split(), *TAGGED, "9" * 50, "9" * 5_000, "x" * 10_000, "[" * 50 + "]" * 50]
BYTES = [b"\0", b"\t", b"\r", b"\xff", b"\xe4", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x1b[2J"]
BOMB = "".join(
    f"b{i}: &b{i} [{', '.join(['lol' if i == 0 else f'*b{i - 1}'] * 9)}]\n" for i in range(9)
)  # a billion values

RARELY = {"flow-field": 1, "search/nonlinear": 1, "angle": 4, "theorems": 4, "extra/mnist-deep": 4}
Lines = list[str]


def replaced(clock: random.Random, lines: Lines) -> None:
    """Another value, somewhere."""
    at = clock.randrange(len(lines))
    key, colon, rest = lines[at].partition(":")
    if "," in rest and clock.random() < 0.7:  # one within a flow collection
        parts = rest.split(",")
        one = clock.randrange(len(parts))
        parts[one] = parts[one].rpartition(":")[0] + ": " + clock.choice(ODD) + ("}" if "}" in parts[one] else "")
        rest = ",".join(parts)
    else:
        rest = " " + clock.choice(ODD)
    lines[at] = key + colon + rest


def removed(clock: random.Random, lines: Lines) -> None:
    del lines[clock.randrange(len(lines))]


def repeated(clock: random.Random, lines: Lines) -> None:
    lines.insert(clock.randrange(len(lines)), clock.choice(lines))


def indented(clock: random.Random, lines: Lines) -> None:
    at = clock.randrange(len(lines))
    lines[at] = clock.choice(["\t", " ", "  ", "- ", "? ", "    "]) + lines[at]


def renamed(clock: random.Random, lines: Lines) -> None:
    at = clock.randrange(len(lines))
    lines[at] = clock.choice(ODD) + lines[at][lines[at].find(":") :]


def merged(clock: random.Random, lines: Lines) -> None:
    at = clock.randrange(len(lines) + 1)
    lines[at:at] = ["base: &base {seed: 1}", "<<: *base"]


def nested(clock: random.Random, lines: Lines) -> None:
    depth = clock.choice([5, 39, 41, 1_000, 20_000])
    opened, closed = clock.choice([("[", "]"), ("{a: ", "}"), ("[{a: ", "}]")])
    lines.append("sweep: " + opened * depth + closed * clock.choice([depth, 0]))


def bombed(clock: random.Random, lines: Lines) -> None:
    lines.insert(0, BOMB)
    lines.append(clock.choice(["sweep: *b8", "trials: *b5", "network: {hidden: *b6}", "<<: *b8", "algorithms: *b2"]))


def lengthened(clock: random.Random, lines: Lines) -> None:
    lines.append(clock.choice(["# long " * 1000, "sweep: [" + "1, " * 30_000 + "1]", "seed: " + "1" * 2_000_000]))


def joined(clock: random.Random, lines: Lines) -> None:
    lines.insert(clock.randrange(len(lines)), clock.choice(["---", "...", "%YAML 1.1", "%TAG ! x", "--- {}"]))


CHANGES: list[Callable[[random.Random, Lines], None]] = [replaced] * 240 + [removed, repeated, indented, renamed] * 60
CHANGES += [merged, nested, joined] * 4 + [bombed, lengthened]  # which take long to read


def generated(clock: random.Random, text: str) -> bytes:
    """A config that is wrong in one to three ways, or not quite."""
    lines = text.splitlines()
    for _ in range(clock.choice([1, 1, 2, 3])):
        if lines:
            clock.choice(CHANGES)(clock, lines)
    data = ("\n".join(lines) + "\n").encode(errors="surrogatepass")
    if clock.random() < 0.15:  # some bytes more or less
        at = clock.randrange(len(data) + 1)
        data = data[:at] + clock.choice([*BYTES, b""]) + data[at + clock.randrange(3) :]
    if clock.random() < 0.05:
        data = clock.choice(
            [b"\xef\xbb\xbf" + data, data.replace(b"\n", b"\r\n"), data.decode("latin-1").encode("utf-16"), data[:99]]
        )
    return data


def sources() -> list[tuple[str, str]]:
    """The shipped configs, those that take long to resolve less often."""
    found = []
    for path in sorted(shipped_folder().rglob("*.yaml")):
        name = path.relative_to(shipped_folder()).with_suffix("").as_posix()
        found += [(name, path.read_text())] * RARELY.get(name, 30)
    return found


def test_generated_configs_are_valid_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clock, runner, configs = random.Random(0), CliRunner(), sources()
    path, codes, slowest = tmp_path / "generated.yaml", {0: 0, 2: 0}, (0.0, b"")
    for _ in range(CONFIGS):
        name, text = clock.choice(configs)
        data = generated(clock, text)
        path.write_bytes(data)
        began = time.perf_counter()
        result = runner.invoke(command_line, ["config", name, "--config", path.name], prog_name="fa-repro")
        took = time.perf_counter() - began
        slowest = max(slowest, (took, data[:2000]))
        assert result.exit_code in codes, (result.exit_code, result.output, data[:2000])
        assert isinstance(result.exception, SystemExit | None), (result.exception, data[:2000])
        assert "Traceback" not in result.output
        codes[result.exit_code] += 1
        if result.exit_code == 2:
            lines = result.stderr.splitlines()
            assert lines, data[:2000]
            assert all(line.startswith("error: ") and line[7:].strip() for line in lines), (lines, data[:2000])
            assert not result.stdout
        else:
            assert yaml.load(result.stdout, "resolved").data["figure"]
        assert took < HANGS, data[:2000]
    print(f"{codes} slowest {slowest[0]:.2f} s: {slowest[1][:300]!r}")
    assert codes[0] > CONFIGS / 50
    assert codes[2] > CONFIGS / 2


def test_real_commands_refuse_the_worst_of_them(tmp_path: Path) -> None:
    text = (shipped_folder() / "linear.yaml").read_text()
    for data in (
        (text + BOMB + "x: *b8\n").encode(),
        text.encode("utf-16"),
        b"\xff\xfe\x00",
        b"sweep: " + b"[" * 100_000,
        b"!!python/object/apply:os.system ['touch hacked']",
    ):
        (tmp_path / "worst.yaml").write_bytes(data)
        done = fa_repro("config", "linear", "--config", "worst.yaml", cwd=tmp_path)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("error: worst.yaml")
    assert [path.name for path in tmp_path.iterdir()] == ["worst.yaml"]
