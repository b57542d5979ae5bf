"""Where runs are trained, how many at a time, and which of them are trained; none of this affects their numbers."""

import importlib.util
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fa_repro.errors import ConfigError, FaReproError
from fa_repro.execution import interrupts, processes
from fa_repro.execution.batching import Batch, choose_jobs, cores, divide, train_and_store
from fa_repro.results.store import Store
from fa_repro.suggestions import did_you_mean

log = logging.getLogger(__name__)

Ended: TypeAlias = tuple[Batch, Exception | None]
"""A batch that has ended, with its error, or None if its runs are stored."""

LOCAL, DASK = "local", "dask"
_RUNNING = re.compile(r"(?P<scheme>dask|tls)://(?P<address>(?:[^\s/:]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5}))/?")


@dataclass(frozen=True)
class Execution:
    """How runs are trained.

    Attributes
    ----------
    jobs : int, optional
        Number of processes that train. None for one per core if training takes long enough to benefit.
    executor : str
        `local` for processes on this machine, `dask` for a Dask cluster started on this machine, `dask://HOST:PORT` for
        a running cluster, `tls://HOST:PORT` for one that uses TLS, with the certificates in Dask's configuration.
    force : bool
        Whether to train stored runs again.
    retry_failed : bool
        Whether to retry runs that failed before.

    Raises
    ------
    ConfigError
        If a setting is invalid or conflicts with another.
    """

    jobs: int | None = 1
    executor: str = LOCAL
    force: bool = False
    retry_failed: bool = False

    def __post_init__(self) -> None:
        problems = []
        if self.jobs is not None and (type(self.jobs) is not int or self.jobs < 1):
            problems.append(f"jobs: expected a whole number of at least 1, or None, got {self.jobs!r}")
        if self.executor not in (LOCAL, DASK) and self.address is None:
            known = f"{did_you_mean(str(self.executor), (LOCAL, DASK))} Known: local, dask, dask://HOST:PORT, tls://HOST:PORT."
            problems.append(f"executor: unknown executor {self.executor!r}{known}")
        elif missing := [name for name in self._needed() if importlib.util.find_spec(name) is None]:
            problems.append(f"executor: {' and '.join(missing)} not installed. Run: pip install 'fa-repro[dask]'")
        if self.address is not None and self.jobs not in (None, 1):
            problems.append("executor: a running cluster has its own number of workers; leave out jobs")
        if problems:
            raise ConfigError(problems)

    @property
    def address(self) -> str | None:
        """Address of the running Dask cluster to use, as tcp://HOST:PORT or tls://HOST:PORT, or None."""
        found = _RUNNING.fullmatch(str(self.executor))
        if found is None or not 1 <= int(found["port"]) <= 65535:
            return None
        return f"{'tls' if found['scheme'] == 'tls' else 'tcp'}://{found['address']}"

    def _needed(self) -> tuple[str, ...]:
        """Modules that are needed for this executor, of those that are no dependencies."""
        return {LOCAL: (), DASK: ("distributed", "cryptography")}.get(self.executor, ("distributed",))


def train_batches(
    batches: Sequence[Batch], store: Store, execution: Execution, on_progress: Callable[[int], None]
) -> Iterator[Ended]:
    """Train and store batches; yields each, or parts of it, when it ends. One that fails does not stop the others.

    `on_progress` is called regularly with the `batching.work` done since the last call.

    Raises
    ------
    StorageError, DataError
        If a run cannot be stored, or its data is missing: the others would fail as well.
    FaReproError
        If no worker process can start, or a worker has another source of a rule or task than this process.
    """
    jobs = choose_jobs(batches, execution.jobs)
    processes.end_if_starting()
    workers = execution.address is None and (jobs > 1 or execution.executor == DASK)
    if workers and (reason := processes.why_impossible()) is not None:
        log.warning("worker processes cannot be used here (%s): training in one process", reason)
        yield from _here(batches, store, execution.force, on_progress)
    elif execution.executor != LOCAL:
        from fa_repro.execution import dask_cluster  # an optional dependency

        where = execution.address or min(execution.jobs or cores(), sum(map(len, batches)))
        yield from dask_cluster.train_on_cluster(batches, store, execution.force, where, on_progress)
    elif jobs > 1:
        yield from processes.train_in_processes(divide(batches, jobs), store.root, execution.force, jobs, on_progress)
    else:
        yield from _here(batches, store, execution.force, on_progress)


def _here(
    batches: Sequence[Batch], store: Store, overwrite: bool, on_progress: Callable[[int], None]
) -> Iterator[Ended]:
    for batch in batches:
        log.debug("training %d runs of %s together", len(batch), batch[0].condition.algorithm)
        try:
            train_and_store(batch, store, overwrite, on_progress)
        except FaReproError:
            raise
        except Exception as error:  # any error: the other runs are still worth training
            interrupts.reraise()
            log.debug("a batch failed", exc_info=True)
            yield batch, error
        else:
            yield batch, None
