"""Training in worker processes, one batch of runs per worker at a time.

Workers are spawned, not forked, so that they inherit no threads and no locks, and each uses one thread for matrix
products. A worker stores the runs that it has trained and only reports that it has.
"""

import logging
import multiprocessing
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from fa_repro.datasets import settings
from fa_repro.errors import FaReproError
from fa_repro.execution import worker
from fa_repro.execution.batching import Batch

log = logging.getLogger(__name__)

RETRIES = 2
"""Maximum number of times that a batch whose worker died is trained again."""

_DIED = "its worker process died {} times: killed, or out of memory"
GUARD = (
    "no worker process could start. A script that trains in other processes must be a file and begin its work below "
    '`if __name__ == "__main__":`; jobs=1 with executor="local" needs none.'
)
"""Message if the workers run the script that starts them."""

_POLL = 0.5

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""Environment of a process that uses one thread for matrix products; read when it starts."""


def why_impossible() -> str | None:
    """Why there can be no worker processes on this system, or None if there can; they share semaphores."""
    context = multiprocessing.get_context("spawn")
    try:
        context.Value("q", 0)
        ProcessPoolExecutor(1, context).shutdown()  # starts no process
    except OSError as error:
        return f"no semaphores, on Linux in /dev/shm: {error.strerror or error}"
    except (ImportError, NotImplementedError) as error:
        return f"no semaphores: {error}"
    return None


def end_if_starting() -> None:
    """End this process if it is a worker that runs the script of its parent as it starts; the parent reports that."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(1)


def train_in_processes(
    batches: Sequence[Batch], root: Path, overwrite: bool, jobs: int, on_progress: Callable[[int], None]
) -> Iterator[tuple[Batch, Exception | None]]:
    """Train batches in `jobs` processes; yields each when it ends, with its error or None.

    Batches that were being trained when a worker died are retried one at a time, to find the one that killed it, and
    given up after `RETRIES` retries.

    Parameters
    ----------
    batches : sequence of sequences of Run
    root : Path
        The results folder, where the workers store the runs.
    overwrite : bool
        Whether to replace runs that are stored already.
    jobs : int
    on_progress : callable
        Called regularly with the `work` done since the last call.

    Raises
    ------
    StorageError, DataError
        If a worker cannot store a run, or has no data; the others are stopped.
    FaReproError
        If no worker process can start, or a worker has another source of a rule or task than this process.
    """
    todo = deque(batches)
    suspects: deque[Batch] = deque()
    deaths: Counter[int] = Counter()
    while todo or suspects:
        alone = deque([suspects.popleft()]) if suspects else None
        queue, workers = (todo, jobs) if alone is None else (alone, 1)
        with _pool(workers, on_progress) as (pool, watch, begun):
            lost = yield from _through(pool, queue, workers, root, overwrite, watch)
            if lost and not begun():
                raise FaReproError(GUARD)
        for batch in lost:
            deaths[id(batch)] += 1
            if deaths[id(batch)] > RETRIES:
                yield batch, RuntimeError(_DIED.format(deaths[id(batch)]))
            else:
                log.warning("a worker process died; %s is trained again", batch[0].condition)
                suspects.append(batch)


def _through(
    pool: ProcessPoolExecutor, queue: deque[Batch], jobs: int, root: Path, overwrite: bool, watch: Callable[[], None]
) -> Generator[tuple[Batch, Exception | None], None, list[Batch]]:
    """Send batches through a pool until none is left or a worker dies; returns the batches in training at that time."""
    training: dict[Future[None], Batch] = {}
    lost: list[Batch] = []
    broken = False
    while training or (queue and not broken):
        while queue and len(training) < jobs and not broken:
            try:
                # A worker started here inherits the block, until it ignores interrupts by itself.
                with interrupts_blocked():
                    training[pool.submit(worker.work, queue[0], root, overwrite)] = queue[0]
                queue.popleft()
            except BrokenProcessPool:
                broken = True
        done, _ = wait(training, timeout=_POLL, return_when=FIRST_COMPLETED)
        watch()
        for future in done:
            batch, error = training.pop(future), future.exception()
            if isinstance(error, BrokenProcessPool):
                broken = True
                lost.append(batch)
            elif isinstance(error, FaReproError):
                raise error
            else:
                yield batch, error if isinstance(error, Exception) else None
    return lost


@contextmanager
def _pool(
    jobs: int, on_progress: Callable[[int], None]
) -> Iterator[tuple[ProcessPoolExecutor, Callable[[], None], Callable[[], bool]]]:
    """A pool of workers, a function to call regularly that reports progress, and one that tells if any has started.

    No worker outlives the block, however it is left.
    """
    context = multiprocessing.get_context("spawn")
    done, begun, reported = context.Value("q", 0), context.Value("b", 0), 0

    def watch() -> None:
        nonlocal reported
        # Read without the lock, which a killed worker may hold for ever; reading an aligned number is atomic.
        now = done.get_obj().value
        on_progress(now - reported)
        reported = now

    pool = ProcessPoolExecutor(jobs, context, worker.start, (done, begun, ONE_THREAD | settings.chosen()))
    try:
        yield pool, watch, lambda: bool(begun.get_obj().value)
    except BaseException:
        # Those of this pool alone: other threads may have children and pools of their own.
        ours = list((pool._processes or {}).values())
        thread: Any = pool._executor_manager_thread
        pool.shutdown(wait=False, cancel_futures=True)
        for process in ours:
            process.terminate()
        for process in ours:
            process.join(5)
        if thread is not None:  # Python's handler at exit would race with it as it ends
            thread.join(5)
        raise
    pool.shutdown()
    watch()


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Block interrupts, which new processes inherit; one that arrives in another thread is handled after the block."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # a process that started it in the block would unblock interrupts
    kept: list[Any] = []
    handler = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread() and handler is not None  # only then can it be replaced
    before = signal.pthread_sigmask(signal.SIG_BLOCK, set())
    try:
        if ours:
            signal.signal(signal.SIGINT, lambda *about: kept.append(about))
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if ours:
            signal.signal(signal.SIGINT, handler)
        if kept and callable(handler):
            handler(*kept[0])
