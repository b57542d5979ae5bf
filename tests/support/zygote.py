"""Many commands at the same moment: forks of a process that has imported the package."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.environment import environment
from tests.support.processes import Done, begin

_ZYGOTE = """\
import json, os, sys, traceback
from fa_repro.cli.main import command_line
from fa_repro.plotting import render
from tests.support import pictures

render.draw_figure, render.save_figure = pictures.draw_figure, pictures.save_figure

def call(words):
    try:
        command_line(words, prog_name="fa-repro")
    except SystemExit as end:
        return end.code or 0

def answer(value):
    print(json.dumps(value), file=sys.__stdout__, flush=True)

def start(words, out, count):
    gate, key = os.pipe()
    pids = []
    for i in range(count):
        pid = os.fork()
        if not pid:
            os.close(key)
            code = 70
            try:
                os.setsid()
                os.dup2(os.open(f"{out}.{i}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
                os.dup2(os.open(os.devnull, os.O_RDWR), 1)
                os.read(gate, 1)
                code = call(words)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        pids.append(pid)
    os.close(key)  # all go at once
    os.close(gate)
    return pids

for line in sys.stdin:
    what, *rest = json.loads(line)
    if what == "start":
        answer(start(*rest))
    elif what == "wait":
        answer([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in rest[0]])
    else:
        sys.stdout = open(os.devnull, "w")
        answer(call(rest[0]))
"""


class Zygote:
    """A process that has imported the package and has drawn once; its forks are commands that begin at once."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process, self._folder = process, folder

    def _ask(self, *question: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def warm(self, *words: str) -> int:
        """Carry out a command in the process itself; gives its exit code."""
        return self._ask("call", words)

    def start(self, *words: str, count: int = 1) -> list[int]:
        """Start a command so many times at once; gives the process ids."""
        return self._ask("start", words, str(self._folder / "said"), count)

    def wait(self, pids: list[int]) -> list[Done]:
        """Wait for the end of processes that were started together; SIGKILL is exit code -9."""
        codes = self._ask("wait", pids)
        return [Done(code, "", (self._folder / f"said.{i}").read_text()) for i, code in enumerate(codes)]


@contextmanager
def zygote(folder: Path, cwd: Path) -> Iterator[Zygote]:
    """A `Zygote` with a current folder, and a folder for what its children say."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    folder.mkdir(exist_ok=True)
    (folder / "zygote.py").write_text(_ZYGOTE)
    process = begin(
        script=str(folder / "zygote.py"),
        cwd=cwd,
        env=environment() | one_thread,  # what is forked must have no threads
        stdin=subprocess.PIPE,
        stderr=None,
    )
    try:
        yield Zygote(process, folder)
    finally:
        process.kill()
        process.communicate()
