"""`fa-repro WORDS...` with `--executor dask`, whose cluster others try to reach before it trains.

What came of that is written to `attacks.json`: for each HOST:PORT that is listened on, who gets an answer there.
"""

import asyncio
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from distributed.core import rpc
from distributed.security import Security

from fa_repro.execution import dask_cluster
from tests.support import pictures

PAGES = ("health", "metrics", "info/main/workers.html", "json/counts.json", "proxy/80/127.0.0.1/", "api/v1")
"""Some of the web pages that Dask can have."""


async def _identity(address: str, security: Security) -> Any:
    async with rpc(address, timeout=1, connection_args=security.get_connection_args("client")) as server:
        return await asyncio.wait_for(server.identity(), 5)


def _answers(address: str, security: Security) -> bool:
    scheme = "tls" if security.require_encryption else "tcp"
    try:
        return bool(asyncio.run(_identity(f"{scheme}://{address}", security)))
    except (OSError, TimeoutError, ValueError):  # the last from TLS with a part that has none
        return False


def _pages(address: str) -> list[str] | None:
    """Those of `PAGES` that are served; None if nothing there speaks HTTP."""
    served = []
    for page in PAGES:
        try:
            with urllib.request.urlopen(f"http://{address}/{page}", timeout=10):
                served.append(page)
        except urllib.error.HTTPError as refused:
            if refused.code != 404:
                served.append(page)
        except (OSError, http.client.HTTPException):
            return None
    return served


def _listening() -> set[str]:
    """HOST:PORT of everything that this process and its children listen on."""
    me = psutil.Process()
    sockets = [each for process in (me, *me.children(recursive=True)) for each in process.net_connections("inet")]
    return {f"{each.laddr.ip}:{each.laddr.port}" for each in sockets if each.status == psutil.CONN_LISTEN}


def attack(client: Any) -> dict[str, Any]:
    about = client.scheduler_info()
    parts = [about["address"], *about["workers"], *(each["nanny"] for each in about["workers"].values())]
    found: dict[str, Any] = {address: {"pages": _pages(address)} for address in _listening()}
    for address in (part.partition("://")[2] for part in parts):
        found[address]["itself"] = _answers(address, client.security)
        found[address]["anybody"] = _answers(address, Security(require_encryption=False))
        found[address]["other certificates"] = _answers(address, Security.temporary())
    return found


def main() -> None:
    opened = dask_cluster._cluster

    @contextmanager
    def attacked(where: str | int) -> Iterator[Any]:
        with opened(where) as client:
            Path("attacks.json").write_text(json.dumps(attack(client)))
            yield client

    dask_cluster._cluster = attacked
    pictures.main()


if __name__ == "__main__":
    main()
