"""Whom a Dask cluster listens to: messages are unpickled, so whoever can connect can run code on it.

A cluster started here listens only to processes that have the certificates of this run. The certificates for a running
cluster are those in Dask's own configuration.
"""

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
from distributed.security import Security

from fa_repro.errors import ConfigError
from fa_repro.io import atomic

TLS = "distributed.comm.tls"
"""Where Dask's configuration has the certificates for running clusters."""


@contextmanager
def private_settings() -> Iterator[Security]:
    """Settings for a cluster that no other user can reach, until the end of the block; yields new certificates.

    Dask's HTTP servers cannot be turned off, so they get no pages. Dask imports modules from its scratch folders too;
    by default these are in a folder that another user may have created.
    """
    with atomic.storage_errors("create a folder in", Path(tempfile.gettempdir())):
        folder = tempfile.TemporaryDirectory(prefix="fa_repro-", ignore_cleanup_errors=True)
    settings = {
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        "temporary-directory": folder.name,
    }
    with folder, dask.config.set(settings):
        yield Security.temporary()


def configured_certificates() -> Security:
    """The certificates in Dask's configuration, for a client of a running cluster.

    Raises
    ------
    ConfigError
        If they are missing or cannot be read.
    """
    settings = {name: dask.config.get(f"{TLS}.{name}", None) for name in ("ca-file", "client.cert", "client.key")}
    if missing := [f"{TLS}.{name}" for name in ("ca-file", "client.cert") if not settings[name]]:
        raise _wrong(f"{' and '.join(missing)} not set in Dask's configuration")
    try:
        for value in map(str, filter(None, settings.values())):
            if "\n" not in value:  # else it is the certificate itself
                Path(value).read_bytes()
        security = Security()
        security.get_connection_args("client")
    except ssl.SSLError as error:
        raise _wrong(f"the certificates in {TLS} cannot be used ({error})") from None
    except (OSError, ValueError) as error:
        raise _wrong(f"the certificates in {TLS} cannot be read ({error})") from None
    return security


def _wrong(problem: str) -> ConfigError:
    needed = f"{TLS}.ca-file, {TLS}.client.cert and, unless that file has the key, {TLS}.client.key"
    return ConfigError([f"executor: {problem}. A tls:// cluster needs PEM files of its own certificates: {needed}"])
