"""MNIST from public mirrors; a server in this process stands in for them."""

import gzip
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import requests

from fa_repro.datasets import mirrors
from fa_repro.datasets import mnist as dataset
from fa_repro.errors import DataError
from tests.support.datasets import FAULTS, IMAGES, MIRROR_FAULTS, NAMES, Files, bad, cached, good, send


def test_a_mirror_gives_the_files(small: Files, server: Any, caplog: pytest.LogCaptureFixture) -> None:
    asked = server(good(small))
    with caplog.at_level(logging.INFO, "fa_repro"):
        found = dataset.prepare()
    assert asked == [f"/mnist/{name}.gz" for name in NAMES]
    assert found == (dataset.cache(), f"the mirror {mirrors.MIRRORS[0]}", True)
    assert cached() == small
    told = f"MNIST: fetched from the mirror {mirrors.MIRRORS[0]}, verified, kept in {dataset.cache()}"
    assert [record.message for record in caplog.records] == [
        f"the cache {dataset.cache()}: no such folder; trying the next source",
        told,
    ]
    assert dataset.load().test_labels.tobytes() == small[NAMES[3]][8:]
    assert len(asked) == 4


def test_mirror_is_asked_for_unencoded_bytes(small: Files, server: Any) -> None:
    encodings = set()

    def answer(handler: BaseHTTPRequestHandler, name: str) -> None:
        encodings.add(handler.headers["Accept-Encoding"])
        good(small)(handler, name)

    server(answer)
    dataset.prepare()
    assert encodings == {"identity"}


def test_release_mirrors_use_https() -> None:
    assert len(mirrors.MIRRORS) >= 2
    assert all(url.startswith("https://") and url.endswith("/") for url in mirrors.MIRRORS)


@pytest.mark.parametrize("kind", MIRROR_FAULTS)
def test_next_mirror_is_asked_after_a_failure(
    small: Files, server: Any, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    answer, words = MIRROR_FAULTS[kind]
    asked = server(answer, good(small))
    with caplog.at_level(logging.INFO, "fa_repro"):
        dataset.prepare()
    assert f"the mirror {mirrors.MIRRORS[0]}: {IMAGES}{words}" in caplog.text
    assert len(asked) == 1 + 4
    assert cached() == small


@pytest.mark.parametrize("kind", FAULTS)
def test_wrong_content_from_a_mirror_is_refused(small: Files, server: Any, kind: str) -> None:
    name, content = bad(small, kind, packed=True)
    server(lambda handler, asked: send(handler, content if asked == name else gzip.compress(small[asked])))
    with pytest.raises(DataError) as caught:
        dataset.prepare()
    assert f"  the mirror {mirrors.MIRRORS[0]}: {FAULTS[kind]}" in str(caught.value)
    assert cached() == {}


def test_mirror_failing_on_last_file_is_dropped(small: Files, server: Any) -> None:
    def last_fails(handler: BaseHTTPRequestHandler, name: str) -> None:
        send(handler, gzip.compress(small[name]), 404 if name == NAMES[3] else 200)

    asked = server(last_fails)
    with pytest.raises(DataError, match=rf"{NAMES[3]}\.gz: status 404 Not Found"):
        dataset.prepare()
    assert len(asked) == 4
    assert cached() == {}


def test_a_mirror_that_says_nothing_is_left(small: Files, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(mirrors, "READ", 0.05)
    server(
        lambda handler, name: done.wait(5), lambda handler, name: (send(handler, b"", Content_Length=9), done.wait(5))
    )
    try:
        with pytest.raises(DataError) as caught:
            dataset.prepare()
    finally:
        done.set()
    assert str(caught.value).count(f"{IMAGES}.gz: no data for 0.05 seconds") == 2


def test_a_mirror_that_drips_is_left(small: Files, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(handler: BaseHTTPRequestHandler, name: str) -> None:
        send(handler, b"", Content_Length=60_000)
        for _ in range(60):
            handler.wfile.write(bytes(1000))
            time.sleep(0.02)

    monkeypatch.setattr(mirrors, "TOGETHER", 0.1)
    server(drip)
    with pytest.raises(DataError, match="too slow, not complete after 0 seconds"):
        dataset.prepare()


def test_a_host_that_is_not_there_is_reported(small: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirrors, "MIRRORS", ("http://127.0.0.1:1/", "http://[/", "https://127.0.0.1:1/"))
    with pytest.raises(DataError) as caught:
        dataset.prepare()
    assert str(caught.value).count(f"{IMAGES}.gz: cannot be reached (NewConnectionError)") == 2
    assert f"the mirror http://[/: {IMAGES}.gz: " in str(caught.value)


def test_insecure_connection_is_reported(small: Files, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server(good(small))
    monkeypatch.setattr(mirrors, "MIRRORS", (mirrors.MIRRORS[0].replace("http:", "https:"),))
    with pytest.raises(DataError, match=f"{IMAGES}.gz: no secure connection"):
        dataset.prepare()
    assert cached() == {}


def test_a_host_that_does_not_answer_is_reported(small: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def get(url: str, timeout: tuple[float, float], **_: Any) -> None:
        assert timeout == (10, 15)
        raise requests.ConnectTimeout("long words")

    monkeypatch.setattr(requests, "get", get)
    monkeypatch.setattr(mirrors, "MIRRORS", ("https://example.invalid/",))
    with pytest.raises(DataError, match=r"gz: no connection within 10 seconds\n"):
        dataset.prepare()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy"])
def test_a_proxy_that_is_not_there_is_reported(small: Files, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    monkeypatch.setattr(mirrors, "MIRRORS", ("http://example.invalid/",))
    with pytest.raises(DataError, match="cannot be reached"):
        dataset.prepare()
