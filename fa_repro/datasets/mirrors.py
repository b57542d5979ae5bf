"""Public mirrors of MNIST, which serve each file as `NAME.gz` over https."""

import io
import time
from typing import Any

from fa_repro.datasets import checksums, idx
from fa_repro.datasets.idx import UnusableError

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
CONNECT, READ, TOGETHER = 10.0, 15.0, 120.0
"""Time limits in seconds for a connection, for the next bytes, and for all files of a mirror together."""


def fetch(base: str) -> dict[str, bytes]:
    """Download and decode the files of a mirror, without verifying them.

    Raises
    ------
    UnusableError
        If a file cannot be downloaded; the remaining files are not tried.
    """
    deadline = time.monotonic() + TOGETHER
    contents = {}
    for name, expected in checksums.FILES.items():
        try:
            data = _download(f"{base}{name}.gz", expected.most_compressed, deadline)
        except (OSError, ValueError) as error:  # these cover all exceptions of requests
            raise UnusableError(f"{name}.gz: {_words(error)}") from None
        contents[name] = idx.unpacked(data, name)
    return contents


class _Sink(io.BytesIO):
    """Receives a download, up to a size limit and a deadline."""

    def __init__(self, limit: int, deadline: float) -> None:
        super().__init__()
        self._limit, self._deadline = limit, deadline

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self._limit:
            raise ValueError(f"sends more than the limit of {self._limit:,} bytes")
        if time.monotonic() > self._deadline:
            raise ValueError(f"too slow, not complete after {TOGETHER:.0f} seconds")
        return super().write(data)


def _download(url: str, limit: int, deadline: float) -> bytes:
    import pooch  # type: ignore[import-untyped]

    responses: list[Any] = []

    def look(response: Any, **_: Any) -> None:
        """Reject a response by its headers, before its body is read."""
        responses.append(response)
        if response.is_redirect:
            raise ValueError(f"unexpected redirect, status {response.status_code}")
        if int(response.headers.get("Content-Length", 0)) > limit:
            raise ValueError(f"announces more than the limit of {limit:,} bytes")

    options = {"headers": {"Accept-Encoding": "identity"}, "hooks": {"response": look}}
    sink = _Sink(limit, deadline)
    try:
        pooch.HTTPDownloader(timeout=(CONNECT, READ), **options)(url, sink, None)
    finally:
        for response in responses:
            response.close()
    return sink.getvalue()


def _words(error: Exception) -> str:
    """Short description of why a download failed."""
    import requests

    response = getattr(error, "response", None)
    if response is not None:
        return f"status {response.status_code} {response.reason}"
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection (the certificate is not trusted, or a proxy intercepts the connection)"
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {CONNECT:g} seconds"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return f"no data for {READ:g} seconds"
    if isinstance(error, requests.ConnectionError):
        cause = getattr(error.args[0], "reason", error) if error.args else error
        return f"cannot be reached ({type(cause).__name__})"
    return str(error).partition("\n")[0] or type(error).__name__
