"""Fault 13: data: wrong hash, HTML in place of gzip, truncated, mirror 403, 503 or time-out, offline.

Promised: next source, else exit 3 with instructions; a bad file is never used. `tests/datasets/` has the rest.
"""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fa_repro.datasets import checksums
from fa_repro.io import atomic
from tests.support.environment import environment
from tests.support.processes import Done, begin, finish

NAMES = tuple(checksums.FILES)
SHAPES = dict(zip(NAMES, [(6, 2, 3), (6,), (4, 2, 3), (4,)], strict=True))
SMALL = {
    name: checksums.Expected("", shape).header + bytes(shape[0] * 6 ** (len(shape) > 1))
    for name, shape in SHAPES.items()
}
DRIVER = """\
import json, sys
from pathlib import Path
from fa_repro.datasets import checksums, mirrors, packages

given = json.loads(Path("given.json").read_text())
checksums.FILES = {name: checksums.Expected(sum, tuple(shape)) for name, (sum, shape) in given["files"].items()}
mirrors.MIRRORS, mirrors.READ = given["mirrors"], 0.5
packages.run_client = lambda command, folder: None  # pip and npm find nothing
from fa_repro.cli.main import command_line
command_line(prog_name="fa-repro")
"""
Answer = Callable[[bytes], tuple[int, bytes] | None]
BAD: dict[str, tuple[Answer, str]] = {
    "wrong-hash": (lambda data: (200, gzip.compress(data[:-1] + b"\7")), "wrong content, SHA-256 "),
    "html": (lambda data: (200, b"<!DOCTYPE html><title>Log in</title>"), "a web page (HTML) instead of the file"),
    "truncated": (lambda data: (200, gzip.compress(data)[:-10]), "truncated, the gzip data ends after "),
    "403": (lambda data: (403, b"no"), "status 403 Forbidden"),
    "503": (lambda data: (503, b"later"), "status 503 Service Unavailable"),
    "time-out": (lambda data: None, "no data for 0.5 seconds"),
}


class Mirrors:
    """A server in which each first part of a path is a mirror with its own way to answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._end = threading.Event()
        mirrors = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, name = self.path.strip("/").split("/")
                mirrors.asked.append(kind)
                data = SMALL[name.removesuffix(".gz")]
                answer = BAD[kind][0](data) if kind in BAD else (200, gzip.compress(data))
                if answer is None:
                    mirrors._end.wait(60)
                    return
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(answer[1])))
                self.end_headers()
                self.wfile.write(answer[1])

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def url(self, kind: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{kind}/"

    def stop(self) -> None:
        self._end.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def mirrors(workplace: Path) -> Iterator[Mirrors]:
    made = Mirrors()
    yield made
    made.stop()


def command(mirrors: Mirrors, kinds: list[str], *words: str) -> Done:
    """A real command that knows of four small files and of these mirrors."""
    table = {name: (atomic.sha256(data), SHAPES[name]) for name, data in SMALL.items()}
    Path("given.json").write_text(json.dumps({"files": table, "mirrors": [mirrors.url(kind) for kind in kinds]}))
    Path("driver.py").write_text(DRIVER)
    own = {
        "FA_REPRO_DATA": "",
        "FA_REPRO_OFFLINE": "",
        "FA_REPRO_CACHE": str(Path("cache").absolute()),
        "NO_PROXY": "*",
    }
    return finish(begin(*words, script="driver.py", env=environment() | own))


def cached() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path("cache/mnist").glob("*")}


@pytest.mark.parametrize("kind", BAD)
def test_next_source_is_used_after_a_failure(mirrors: Mirrors, kind: str) -> None:
    done = command(mirrors, [kind, "good"], "data", "fetch")
    assert done.code == 0, done.err
    assert f"MNIST: fetched from the mirror {mirrors.url('good')}, verified" in done.err
    assert set(mirrors.asked) == {kind, "good"}
    assert cached() == SMALL


def test_exit_3_if_every_source_fails(mirrors: Mirrors) -> None:
    done = command(mirrors, list(BAD), "data", "fetch")
    assert done.code == 3
    for kind, (_, words) in BAD.items():
        (line,) = (line for line in done.err.splitlines() if mirrors.url(kind) in line and "  the mirror" in line)
        assert words in line
    assert "error: To install it by hand, put these four files, plain or as .gz, into " in done.err
    assert all(name in done.err for name in NAMES)
    assert cached() == {}


@pytest.mark.parametrize("kind", ["wrong-hash", "truncated"])
def test_bad_file_from_the_user_is_never_used(mirrors: Mirrors, kind: str) -> None:
    Path("given").mkdir()
    for name, data in SMALL.items():
        answer = BAD[kind][0](data)
        assert answer is not None
        Path(f"given/{name}.gz").write_bytes(answer[1])
    done = command(mirrors, [], "run", "mnist", "--data-dir", "given")
    assert done.code == 3
    assert f"(--data-dir or FA_REPRO_DATA): {NAMES[0]}" in done.err
    assert BAD[kind][1] in done.err
    assert cached() == {}
    assert not Path("results/mnist/mnist.csv").exists()


def test_offline_asks_no_source_and_exits_with_3(mirrors: Mirrors) -> None:
    done = command(mirrors, ["good"], "run", "mnist", "--offline")
    assert done.code == 3
    assert "error:   the network: not used, because of --offline or FA_REPRO_OFFLINE" in done.err
    assert "error: To install it by hand, put these four files" in done.err
    assert mirrors.asked == []
    assert cached() == {}
    assert command(mirrors, ["good"], "data", "fetch").code == 0
    assert command(mirrors, ["503"], "data", "fetch", "--offline").code == 0  # it is there now
    assert set(mirrors.asked) == {"good"}
