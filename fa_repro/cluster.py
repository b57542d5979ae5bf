"""Training on a Dask cluster: the same runs, the same store, the same bytes.

A worker that sees the results folder stores the runs that it has trained itself; from one that does not they come back
through the future, and are stored here.
"""

import logging
import multiprocessing
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster
from distributed.scheduler import KilledWorker

from fa_repro import files, layout, provenance
from fa_repro.batches import Batch, divided, timed, train_and_store, unstored, work
from fa_repro.errors import FaReproError
from fa_repro.runs import NUMERICS
from fa_repro.store import Store
from fa_repro.workers import ONE_THREAD

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
    batches: Sequence[Batch], store: Store, replace: bool, where: str | int, tick: Callable[[int], None]
) -> Iterator[tuple[Batch, Exception | None]]:
    """Train batches on a Dask cluster; yields each, or parts of it, as it ends, with what went wrong if something did.

    Parameters
    ----------
    batches : sequence of sequences of Run
    store : Store
        Where the runs end.
    replace : bool
        Store them in place of runs that are there.
    where : str or int
        HOST:PORT of the scheduler of a running cluster, or the number of workers of one that is started here.
    tick : callable
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
        queue = deque(divided(batches, _workers(client)))
        while training or queue:
            while queue and len(training) < _workers(client):
                batch = queue.popleft()
                left = unstored(batch, store, replace)
                future = executor.submit(_train, left, store.root.resolve(), token, replace, _facts())
                training[future] = batch
            done, _ = wait(training, timeout=_POLL, return_when=FIRST_COMPLETED)
            for future in done:
                batch = training.pop(future)
                yield batch, _ended(future, store, replace)
                tick(work(batch))


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
        with (
            dask.config.set(settings),
            LocalCluster(
                n_workers=where,
                threads_per_worker=1,
                memory_limit=0,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=MUTE,
            ) as cluster,
            Client(cluster) as client,
        ):
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
    except (OSError, TimeoutError) as error:
        raise FaReproError(f"no Dask scheduler answers at {address}: {error or type(error).__name__}") from None
    with client:
        if not client.nthreads():
            log.warning("the Dask cluster at %s has no workers yet: waiting for one", address)
        yield client


def _workers(client: Client) -> int:
    """Batches that are sent at a time: one to each worker, so that one that kills its worker harms no other."""
    try:
        return max(1, len(client.nthreads()))
    except (OSError, TimeoutError, CancelledError) as error:
        raise _lost(error) from None


def _lost(error: BaseException) -> FaReproError:
    text = f"the Dask cluster was lost ({type(error).__name__}). Runs that are stored are kept"
    return FaReproError(f"{text}; the same command goes on from here")


@contextmanager
def _token(store: Store) -> Iterator[Path]:
    """A file by which a worker knows that it sees the results folder; its path below that."""
    path = files.temporary(layout.runs(store.root))
    with files.reported("write", path):
        path.touch()
    try:
        yield path.relative_to(store.root)
    finally:
        with suppress(OSError):
            path.unlink()


def _ended(future: "Future[Any]", store: Store, replace: bool) -> Exception | None:
    """Store what a batch has brought back, if anything; what went wrong otherwise."""
    try:
        brought = future.result()
    except CancelledError as error:
        raise _lost(error) from None
    except KilledWorker as error:
        return RuntimeError(f"its worker process died, and so did those that tried again: {error}")
    except ImportError as error:
        raise FaReproError(f"a Dask worker cannot load what it is sent ({error}). Install fa_repro there") from None
    except FaReproError:  # the others would fare no better
        raise
    except Exception as error:
        return error
    for run, outcome, taken in brought:
        store.commit(run, outcome, taken, replace=replace)
    return None


def _train(batch: Batch, root: Path, token: Path, replace: bool, facts: dict[str, Any]) -> list[Any]:
    """On a worker: train a batch; what is not stored here comes back as (run, outcome, seconds)."""
    if different := {key: value for key, value in _facts().items() if facts[key] != value}:
        theirs, ours = (", ".join(f"{key} {each[key]}" for key in different) for each in (different, facts))
        text = f"the Dask worker on {socket.gethostname()} has {theirs}, this process {ours}: results would differ"
        raise FaReproError(f"{text}. Install the same versions there")
    with _alone:
        for task in dict.fromkeys(run.entry.setup.task for run in batch):
            task.prepare()
        if (root / token).exists():
            train_and_store(batch, Store(root), replace)
            return []
        return [(run, *each) for run, each in zip(batch, timed(batch), strict=True)] if batch else []


def _facts() -> dict[str, Any]:
    """What a worker must have as this process has it, for the same bytes."""
    return {"numerics": NUMERICS} | {name: provenance.versions()[name] for name in ("fa_repro", "numpy")}
