"""Training on a Dask cluster: the same runs, the same store, the same bytes.

A worker that can access the results folder stores its runs itself. The runs of other workers are returned through the
future and stored by this process.
"""

import logging
import multiprocessing
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import dask
from distributed import Client, LocalCluster
from distributed.scheduler import KilledWorker

from fa_repro.datasets.settings import chosen
from fa_repro.errors import FaReproError
from fa_repro.execution import dask_security
from fa_repro.execution.batching import Batch, divide, not_stored, train_and_store, train_timed, work
from fa_repro.execution.dask_state import MUTE, process_state_kept
from fa_repro.execution.processes import GUARD, ONE_THREAD, interrupts_blocked
from fa_repro.io import atomic
from fa_repro.results import paths, provenance
from fa_repro.results.store import Store
from fa_repro.training import numerics

log = logging.getLogger(__name__)

RETRIES = 2
"""Maximum number of times that a local cluster retries a batch whose worker died; a running one has its own setting."""

_ADVICE = {
    "tcp": "Check the address; one that uses TLS is tls://HOST:PORT",
    "tls": "Check the address, and that it uses TLS with certificates that distributed.comm.tls.ca-file has signed",
}
_POLL = 0.5
_WAIT = 10.0

_alone = threading.Lock()
"""In a worker: one batch at a time, as the limit of one thread for matrix products applies to the whole process."""


def train_on_cluster(
    batches: Sequence[Batch], store: Store, overwrite: bool, where: str | int, on_progress: Callable[[int], None]
) -> Iterator[tuple[Batch, Exception | None]]:
    """Train batches on a Dask cluster; yields each batch, or parts of it, when it ends, with its error or None.

    Parameters
    ----------
    batches : sequence of sequences of Run
    store : Store
        Where the runs are stored.
    overwrite : bool
        Whether to replace runs that are stored already.
    where : str or int
        Address of the scheduler of a running cluster, as tcp://HOST:PORT or tls://HOST:PORT, or the number of workers
        of a cluster to start here.
    on_progress : callable
        Called with the `work` of each batch that has ended.

    Raises
    ------
    StorageError, DataError
        If a run cannot be stored, or a worker has no data.
    FaReproError
        If the cluster cannot be reached or is lost, or its workers have other versions.
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
    """The current workers of a cluster, each checked for the right versions before it is sent a run.

    A worker without the package would die when it is sent a run, and so would the workers that retry the run.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: set[str] = set()
        self._warned = False

    def count(self) -> int:
        """Number of batches to send at a time: one per worker, so that a batch that kills one affects no other."""
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
    versions = ", ".join(f"{name} {theirs[name] or 'missing'}" for name in theirs)
    needed = ", ".join(f"{name} {ours[name]}" for name in theirs)
    return f"{where} has {versions}, this process {needed}: results would differ. Install the same versions there"


@contextmanager
def _cluster(where: str | int) -> Iterator[Client]:
    """A client of a running cluster, or of one that is started here and closed at the end of the block."""
    with process_state_kept():
        if isinstance(where, str):
            with _connected(where) as client:
                yield client
            return
        settings = {"distributed.scheduler.allowed-failures": RETRIES}

        def kill_workers(error: type[BaseException] | None, *_: Any) -> None:
            """Closing the cluster would wait for their training, and nannies start new ones unless they are told."""
            if error is not None:
                ours = {nanny.pid for nanny in cluster.workers.values()}  # other threads may have children of their own
                for nanny in cluster.workers.values():
                    nanny.close_gracefully()
                for process in multiprocessing.active_children():
                    if process.pid in ours:
                        process.kill()

        with dask.config.set(settings), dask_security.private_settings() as certificates, ExitStack() as stack:
            with _guarded(), interrupts_blocked():  # a cluster that is only half started could not be closed
                cluster = LocalCluster(
                    n_workers=where,
                    threads_per_worker=1,
                    memory_limit=0,
                    host="127.0.0.1",
                    security=certificates,
                    dashboard_address="127.0.0.1:0",
                    scheduler_kwargs={"dashboard": False},
                    silence_logs=MUTE,
                    env=ONE_THREAD | chosen(),
                )
                client = stack.enter_context(Client(stack.enter_context(cluster)))
                stack.push(kill_workers)
            yield client


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # its workers ended as they started
        raise FaReproError(f"{GUARD} ({error})") from None


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    scheme, _, place = address.partition("://")
    security = dask_security.configured_certificates() if scheme == "tls" else None
    try:
        client = Client(address, security=security, timeout=_WAIT)
    except (OSError, TimeoutError, ValueError, RuntimeError) as error:  # the host name may be invalid, TLS required
        found = str(error) or type(error).__name__
        raise FaReproError(f"no Dask scheduler answers at {place}: {found}. {_ADVICE[scheme]}") from None
    with client:
        yield client


def _lost(error: BaseException) -> FaReproError:
    text = f"the Dask cluster was lost ({type(error).__name__}). Stored runs are kept"
    return FaReproError(f"{text}; run the same command again to resume")


@contextmanager
def _token(store: Store) -> Iterator[Path]:
    """A file that shows a worker that it can access the results folder; yields its path in that folder.

    A command on another machine removes it after a day; from then on runs are returned through the future.
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
    """Store the outcomes that a batch returned, if any; returns the error of its training or None."""
    try:
        brought, error = future.result()
    except CancelledError as lost:
        raise _lost(lost) from None
    except KilledWorker as died:
        return RuntimeError(f"its worker process died, and so did those that tried again: {died}")
    except FaReproError:  # the others would fail as well
        raise
    except Exception as trouble:  # an error of the cluster, not of the run
        text = f"the Dask cluster failed to carry out a run ({type(trouble).__name__}: {trouble})"
        raise FaReproError(f"{text}. Stored runs are kept") from None
    for run, outcome, taken in brought:
        store.commit(run, outcome, taken, overwrite=overwrite)
    return cast("Exception | None", error)


def _train(
    batch: Batch, root: Path, token: Path, overwrite: bool, facts: dict[str, Any]
) -> tuple[list[Any], Exception | None]:
    """Train a batch on a worker; returns what it has not stored, as (run, outcome, seconds), and the error or None."""
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
    """Whether this worker can access the results folder and write to it."""
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
    """Versions that a worker must share with this process to give the same bytes."""
    return {"numerics": numerics.VERSION} | {name: provenance.versions()[name] for name in ("fa_repro", "numpy")}
