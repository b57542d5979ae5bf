"""Fault 23: two or more threads run figures at once; a notebook; Ctrl-C between.

Promised: the same bytes as alone; rcParams, backend, BLAS threads, errstate, environment, signal handlers as before.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import scipy.linalg  # noqa: F401  # has a BLAS of its own
from threadpoolctl import threadpool_info, threadpool_limits

from fa_repro import isolation, run
from fa_repro.execution.progress import Silent
from fa_repro.plotting import render, style
from tests.support.configs import SMALL
from tests.support.files import contents

PATIENCE = 120.0
FLOW = "figure: flow-field\ntheory:\n  flow_field: {grid: 5, basin: 9, steps: 20}\n"


def blas_threads() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def process_state() -> dict[str, Any]:
    """What a caller may have set, and other threads see."""
    return {
        "blas": blas_threads(),
        "rcParams": {name: repr(mpl.rcParams._get(name)) for name in mpl.rcParams},
        "class": type(mpl.rcParams),
        "errors": np.geterr(),
        "printing": np.get_printoptions(),
        "environment": environment(),
        "handlers": {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)},
        "blocked": signal.pthread_sigmask(signal.SIG_BLOCK, set()),
        "timer": signal.getitimer(signal.ITIMER_REAL),
        "folder": Path.cwd(),
    }


@pytest.fixture(autouse=True)
def caller(workplace: Path) -> Iterator[None]:
    """A caller with settings of their own, which must be left as they are."""
    with threadpool_limits(3, user_api="blas"), mpl.rc_context({"lines.linewidth": 9.0, "font.size": 20.0}):
        before = process_state()
        yield
        assert process_state() == before


class Threads:
    """Functions in threads; whatever one raises is raised at the end."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []

    def start(self, function: Callable[[], Any]) -> threading.Thread:
        def work() -> None:
            try:
                function()
            except BaseException as error:
                self._errors.append(error)

        thread = threading.Thread(target=work)
        self._threads.append(thread)
        thread.start()
        return thread

    def finish(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        for error in self._errors:
            raise error


@pytest.fixture
def threads() -> Threads:
    return Threads()


@dataclass
class Watching(Silent):
    """Notes the threads of BLAS while a run trains, and calls a function once."""

    once: Callable[[], Any]
    seen: list[set[int]] = field(default_factory=list)

    def advance(self, work: int) -> None:
        if not self.seen:
            self.once()
        self.seen.append(blas_threads())


def test_limit_of_one_run_outlives_another(workplace: Path, threads: Threads) -> None:
    """The first run ends while the second trains."""
    second_trains = threading.Event()
    first = Watching(lambda: second_trains.wait(PATIENCE))

    def second() -> None:
        def wait() -> None:
            second_trains.set()
            runs[0].join(PATIENCE)

        late.once = wait
        run("linear", {"seed": 1}, results="two", only=["backprop"], progress=late)

    late = Watching(lambda: None)
    runs = [threads.start(lambda: run("linear", results="one", only=["backprop"], progress=first))]
    threads.start(second)
    threads.finish()
    assert first.seen
    assert late.seen
    assert [each for each in first.seen + late.seen if each != {1}] == []


def test_a_study_waits_for_training(threads: Threads) -> None:
    """It uses all cores, so its numbers depend on the threads of BLAS, too."""
    trains, go_on, order = threading.Event(), threading.Event(), []

    @isolation.one_thread
    def training() -> None:
        trains.set()
        go_on.wait(PATIENCE)
        order.append(blas_threads())

    @isolation.every_core
    def study() -> None:
        order.append(blas_threads())
        isolation.one_thread(lambda: order.append(blas_threads()))()
        order.append(blas_threads())

    threads.start(training)
    assert trains.wait(PATIENCE)
    waiting = threads.start(study)
    waiting.join(0.1)
    assert waiting.is_alive()
    go_on.set()
    threads.finish()
    assert order == [{1}, {isolation.cores()}, {1}, {isolation.cores()}]


@pytest.mark.draws
def test_drawing_shows_in_no_other_thread(threads: Threads) -> None:
    drawing, go_on, widths = threading.Event(), threading.Event(), []

    def draw(fig: Any, _: Any) -> None:
        drawing.set()
        go_on.wait(PATIENCE)
        widths.append(fig.subplots().plot([1, 2])[0].get_linewidth())

    threads.start(lambda: drawn(draw))
    assert drawing.wait(PATIENCE)
    with mpl.rc_context():
        assert mpl.rcParams["lines.linewidth"] == 9.0
        mpl.rcParams["lines.linewidth"] = 5.0
        assert mpl.figure.Figure().subplots().plot([1, 2])[0].get_linewidth() == 5.0
        go_on.set()
        threads.finish()
        assert mpl.rcParams["lines.linewidth"] == 5.0
    assert widths == [style.RC["lines.linewidth"]]


@pytest.mark.renders
def test_figures_at_once_have_the_same_bytes(workplace: Path, threads: Threads) -> None:
    (workplace / "configs/nse.yaml").write_text(SMALL.replace("figure: linear", "figure: nse"))
    (workplace / "configs/flow-field.yaml").write_text(FLOW)
    figures = ("linear", "nse", "flow-field")
    for name in figures:
        run(name, results="alone")
    for name in figures:
        threads.start(lambda name=name: run(name, results="together"))
    threads.finish()
    for name in figures:
        assert contents(Path("together") / name) == contents(Path("alone") / name), name


@pytest.mark.parametrize("own_thread", [False, True])
def test_workers_change_nothing_here(workplace: Path, threads: Threads, own_thread: bool) -> None:
    before, seen = environment(), []
    progress = Watching(lambda: seen.append(environment()))

    def call() -> None:
        run("linear", only=["backprop", "shallow"], jobs=2, progress=progress)

    if own_thread:
        threads.start(call)
        threads.finish()
    else:
        call()
    assert seen == [before]


class Interrupt:
    """Ctrl-C at one of the lines of the modules that change something for a while."""

    FILES = (isolation.__file__, render.__file__)

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, frame: Any, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in self.FILES or frame.f_code.co_name in ("_get", "_set"):
            return None  # the last two only pass a setting on, hundreds of times
        if event == "line":
            self.left -= 1
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)
        return self


@pytest.fixture
def interrupts_raise(caller: None) -> Iterator[None]:
    """They are ignored if the tests are a shell's background job."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals need the main thread")
@pytest.mark.draws
@pytest.mark.parametrize("what", ["train", "study", "draw"])
def test_interrupt_at_any_line_leaves_nothing(interrupts_raise: None, what: str) -> None:
    work: Callable[[], Any] = {
        "train": isolation.one_thread(lambda: None),
        "study": isolation.every_core(isolation.one_thread(lambda: None)),
        "draw": lambda: drawn(lambda *_: None),
    }[what]
    before, at, ended = process_state(), 0, False
    while not ended:
        at += 1
        sys.settrace(Interrupt(at))
        try:
            work()
            ended = True
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        if what == "draw":
            assert type(mpl.rcParams) is before["class"]
        else:
            assert blas_threads() == before["blas"]
    assert at > 15
    assert process_state() == before


def drawn(draw: Any) -> Any:
    return render.draw_figure(draw, (2.0, 2.0), None)  # type: ignore[arg-type]
