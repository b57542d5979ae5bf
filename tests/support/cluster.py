"""Dask clusters on this machine."""

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

cluster: Any = importlib.import_module("fa_repro.execution.dask_cluster")
dask_state: Any = importlib.import_module("fa_repro.execution.dask_state")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(
    workers: int = 2,
    cwd: Path | None = None,
    paths: Mapping[str, Path] = MappingProxyType({}),
    certificates: Sequence[str] = (),
) -> "Iterator[tuple[str, subprocess.Popen[bytes], list[subprocess.Popen[bytes]]]]":
    """A scheduler and workers as processes of their own: its address, and the processes.

    `certificates` are the options with which they use TLS.
    """
    port = free_port()
    address = f"{'tls' if certificates else 'tcp'}://127.0.0.1:{port}"
    dask = [sys.executable, "-m", "dask"]
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": cwd}
    places = {who: {**os.environ, "PYTHONPATH": str(path)} for who, path in paths.items()}
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    scheduler += ["--protocol", address.partition(":")[0], *certificates]
    processes = [subprocess.Popen(scheduler, env=places.get("scheduler"), **quiet)]
    try:
        worker = [*dask, "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", *certificates]
        processes += [subprocess.Popen(worker, env=places.get("worker"), **quiet) for _ in range(workers)]
        wait_for(lambda: workers_of(address) == workers)
        yield f"127.0.0.1:{port}", processes[0], processes[1:]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


def workers_of(address: str) -> int:
    with dask_state.process_state_kept():
        try:
            with cluster.Client(address, timeout=1) as client:
                return len(client.nthreads())
        except OSError:
            return -1


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.05)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
