"""Training on a Dask cluster: the same runs, the same store, the same bytes.

A worker that sees the results folder stores the runs that it has trained itself; from one that does not they come back
through the future, and are stored here.
"""

import logging
import multiprocessing
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import dask
from distributed import Client, LocalCluster
from distributed.scheduler import KilledWorker

from fa_repro.errors import FaReproError
from fa_repro.execution.batching import Batch, divide, not_stored, train_and_store, train_timed, work
from fa_repro.execution.processes import ONE_THREAD, interrupts_blocked
from fa_repro.io import atomic
from fa_repro.results import paths, provenance
from fa_repro.results.store import Store
from fa_repro.training import numerics

log = logging.getLogger(__name__)

RETRIES = 2
"""How often a local cluster trains a batch again whose worker died; a running one has its own setting."""

CHATTY = ("distributed", "tornado", "asyncio")
MUTE = logging.CRITICAL + 1
_POLL = 0.5
_WAIT = 10.0

_alone = threading.Lock()
"""In a worker: one batch at a time, as the limit of one thread for matrix products is the whole process's."""


def train_on_cluster(
    batches: Sequence[Batch], store: Store, overwrite: bool, where: str | int, on_progress: Callable[[int], None]
) -> Iterator[tuple[Batch, Exception | None]]:
    """Train batches on a Dask cluster; yields each, or parts of it, as it ends, with what went wrong if something did.

    Parameters
    ----------
    batches : sequence of sequences of Run
    store : Store
        Where the runs end.
    overwrite : bool
        Store them in place of runs that are there.
    where : str or int
        HOST:PORT of the scheduler of a running cluster, or the number of workers of one that is started here.
    on_progress : callable
        Called with the `work` of each batch that has ended.

    Raises
    ------
    StorageError, DataError
        If a run cannot be stored, or a worker has no data.
    FaReproError
        If the cluster cannot be reached or is lost, or its workers are not of this version.
    """
    if not batches:
        return
    training: dict[Future[Any], Batch] = {}
    with _token(store) as token, _cluster(where) as client:
        executor: Executor = client.get_executor(pure=False)
        workers = _Workers(client)
        queue = deque(divide(batches, workers.count()))
        while training or queue:
            while queue and len(training) < workers.count():
                batch = queue.popleft()
                left = not_stored(batch, store, overwrite)
                future = executor.submit(_train, left, store.root.resolve(), token, overwrite, _facts())
                training[future] = batch
            done, _ = wait(training, timeout=_POLL, return_when=FIRST_COMPLETED)
            workers.count()
            on_progress(0)
            for future in done:
                batch = training.pop(future)
                yield batch, _ended(future, store, overwrite)
                on_progress(work(batch))


class _Workers:
    """The workers that a cluster has from time to time, each held to what it must have before it is sent anything.

    One that lacks the package would end when it is sent a run, and so would those that are sent it next.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: set[str] = set()
        self._warned = False

    def count(self) -> int:
        """Batches to be sent at a time: one to each worker, so that one that kills its worker harms no other."""
        try:
            now = set(self._client.nthreads())
            if now - self._known:
                self._check()
        except (OSError, TimeoutError, CancelledError) as error:
            raise _lost(error) from None
        if not now and not self._warned:
            log.warning("the Dask cluster has no workers: waiting for one")
        self._known, self._warned = now, not now
        return max(1, len(now))

    def _check(self) -> None:
        found = self._client.get_versions(packages=["fa_repro", "numpy"])
        ours = {name: found["client"]["packages"].get(name) for name in ("fa_repro", "numpy")}
        places = [("scheduler", found["scheduler"], ["fa_repro"])]
        places += [(f"worker at {address}", about, list(ours)) for address, about in found["workers"].items()]
        for where, about, names in places:
            theirs = {name: about["packages"].get(name) for name in names}
            if different := [name for name in names if theirs[name] != ours[name]]:
                raise FaReproError(_other(f"the Dask {where}", {name: theirs[name] for name in different}, ours))


def _other(where: str, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    told = ", ".join(f"{name} {theirs[name] or 'missing'}" for name in theirs)
    needed = ", ".join(f"{name} {ours[name]}" for name in theirs)
    return f"{where} has {told}, this process {needed}: results would differ. Install the same versions there"


@contextmanager
def _cluster(where: str | int) -> Iterator[Client]:
    """A client of a running cluster, or of one that is started here and ends with the block."""
    with _quiet():
        if isinstance(where, str):
            with _connected(where) as client:
                yield client
            return
        settings = {"distributed.scheduler.allowed-failures": RETRIES, "distributed.nanny.environ": ONE_THREAD}
        others = set(multiprocessing.active_children())
        with dask.config.set(settings):
            with interrupts_blocked():  # half a cluster could not be ended
                cluster = LocalCluster(
                    n_workers=where,
                    threads_per_worker=1,
                    memory_limit=0,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    silence_logs=MUTE,
                )
            with cluster, Client(cluster) as client:
                try:
                    yield client
                except BaseException:
                    for process in set(multiprocessing.active_children()) - others:
                        process.kill()  # closing the cluster would wait for what they train
                    raise


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the tracebacks that Dask logs of what is told in words anyway."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in CHATTY]
    levels = {name: logging.getLogger(name).level for name in names}
    if not log.isEnabledFor(logging.DEBUG):
        for name in names:
            logging.getLogger(name).setLevel(MUTE)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    try:
        client = Client(f"tcp://{address}", timeout=_WAIT)
    except (OSError, TimeoutError, ValueError) as error:  # a name may be none that can be looked up
        raise FaReproError(f"no Dask scheduler answers at {address}: {error or type(error).__name__}") from None
    with client:
        yield client


def _lost(error: BaseException) -> FaReproError:
    text = f"the Dask cluster was lost ({type(error).__name__}). Runs that are stored are kept"
    return FaReproError(f"{text}; the same command goes on from here")


@contextmanager
def _token(store: Store) -> Iterator[Path]:
    """A file by which a worker knows that it sees the results folder; its path below that.

    Another machine's command sweeps it away after a day; from then on runs come back through the future.
    """
    path = atomic.temporary_path(paths.runs_folder(store.root))
    with atomic.storage_errors("write", path):
        path.touch()
    try:
        yield path.relative_to(store.root)
    finally:
        with suppress(OSError):
            path.unlink()


def _ended(future: "Future[Any]", store: Store, overwrite: bool) -> Exception | None:
    """Store what a batch has brought back, if anything; what went wrong in training otherwise."""
    try:
        brought, error = future.result()
    except CancelledError as lost:
        raise _lost(lost) from None
    except KilledWorker as died:
        return RuntimeError(f"its worker process died, and so did those that tried again: {died}")
    except FaReproError:  # the others would fare no better
        raise
    except Exception as trouble:  # of the cluster, not of the run
        text = f"the Dask cluster could not carry out a run ({type(trouble).__name__}: {trouble})"
        raise FaReproError(f"{text}. Runs that are stored are kept") from None
    for run, outcome, taken in brought:
        store.commit(run, outcome, taken, overwrite=overwrite)
    return cast("Exception | None", error)


def _train(
    batch: Batch, root: Path, token: Path, overwrite: bool, facts: dict[str, Any]
) -> tuple[list[Any], Exception | None]:
    """On a worker: train a batch; gives what is not stored here, as (run, outcome, seconds), and what went wrong."""
    if different := {key: value for key, value in _facts().items() if facts[key] != value}:
        raise FaReproError(_other(f"the Dask worker on {socket.gethostname()}", different, facts))
    with _alone:
        for task in dict.fromkeys(run.condition.setup.task for run in batch):
            task.prepare()
        try:
            if _sees(root, token):
                train_and_store(batch, Store(root), overwrite)
                return [], None
            return [(run, *each) for run, each in zip(batch, train_timed(batch), strict=True)] if batch else [], None
        except FaReproError:
            raise
        except Exception as error:
            return [], error


def _sees(root: Path, token: Path) -> bool:
    """Whether this worker sees the results folder, and may write to it."""
    try:
        if not (root / token).exists():
            return False
        tried = atomic.temporary_path(paths.runs_folder(root))
        tried.touch()
        tried.unlink()
    except OSError:
        return False
    return True


def _facts() -> dict[str, Any]:
    """What a worker must have as this process has it, for the same bytes."""
    return {"numerics": numerics.VERSION} | {name: provenance.versions()[name] for name in ("fa_repro", "numpy")}
