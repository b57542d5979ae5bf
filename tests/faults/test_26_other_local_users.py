"""Fault 26: another local user at the Dask scheduler. Promised: refused (TLS, certificates of this run only)."""

import asyncio
import stat
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fa_repro import run
from tests.support.files import contents

pytest.importorskip("distributed", reason="the extra fa-repro[dask] is not installed")
import psutil
from distributed.core import rpc
from distributed.security import Security

from tests.support.cluster import cluster, refusals

PAGES = ("health", "metrics", "info/main/workers.html", "json/counts.json", "proxy/80/127.0.0.1/", "api/v1")


async def identity(address: str, security: Security) -> Any:
    async with rpc(address, timeout=1, connection_args=security.get_connection_args("client")) as server:
        return await asyncio.wait_for(server.identity(), 2)


def answers(address: str, security: Security) -> bool:
    """Whether a part of a cluster, at HOST:PORT, talks to a client with these certificates."""
    scheme = "tls" if security.require_encryption else "tcp"
    try:
        return bool(asyncio.run(identity(f"{scheme}://{address}", security)))
    except (OSError, TimeoutError):
        return False


def pages(address: str) -> list[str] | None:
    """Those of Dask's web pages that are served at HOST:PORT; None if nothing there speaks HTTP."""
    served = []
    for page in PAGES:
        try:
            with urllib.request.urlopen(f"http://{address}/{page}", timeout=10):
                served.append(page)
        except urllib.error.HTTPError as refused:
            assert refused.code == 404
        except OSError:
            return None
    return served


def listening() -> list[str]:
    """HOST:PORT of everything that this process and its children listen on."""
    me = psutil.Process()
    sockets = [each for process in (me, *me.children(recursive=True)) for each in process.net_connections("inet")]
    return [f"{each.laddr.ip}:{each.laddr.port}" for each in sockets if each.status == psutil.CONN_LISTEN]


def test_only_its_own_certificates_open_a_cluster(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, before, attacks = cluster._cluster, set(listening()), []

    @contextmanager
    def attacked(where: int) -> Iterator[Any]:
        with opened(where) as client:
            about = client.scheduler_info()
            parts = [about["address"], *about["workers"], *(each["nanny"] for each in about["workers"].values())]
            addresses = {part.partition("://")[2] for part in parts}
            assert len(addresses) == 5
            for address in addresses:
                assert answers(address, client.security)
                assert not answers(address, Security(require_encryption=False)), f"{address} lets anybody in"
                assert not answers(address, Security.temporary()), f"{address} accepts others' certificates"
            for address in set(listening()) - before:
                assert address.startswith("127.0.0.1:")
                assert pages(address) == (None if address in addresses else [])
            attacks.append(where)
            yield client

    monkeypatch.setattr(cluster, "_cluster", attacked)
    one = run("linear", results="one")
    with refusals():
        two = run("linear", results="two", executor="dask", jobs=2)
    assert attacks == [2]
    assert contents(one.directory) == contents(two.directory)


def search_path() -> list[str]:
    return sys.path


def test_modules_come_from_folders_of_ones_own(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask's scratch folders are the first place where Python looks for modules, in this process too."""
    temporary, before = workplace / "temporary", list(sys.path)
    temporary.mkdir()
    (temporary / "dask-scratch-space").mkdir(mode=0o777)  # that of someone who was here first
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with cluster._cluster(1) as client:
        every = {*sys.path, *(each for paths in client.run(search_path).values() for each in paths)}
        scratch = {temporary / Path(each).relative_to(temporary).parts[0] for each in every if str(temporary) in each}
        assert scratch
        assert all(stat.S_IMODE(folder.stat().st_mode) == 0o700 for folder in scratch)
    assert [each.name for each in temporary.iterdir()] == ["dask-scratch-space"]
    assert sys.path == before
