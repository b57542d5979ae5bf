"""Training on a Dask cluster: the same runs, the same store, the same bytes."""

import importlib.util
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fa_repro import run
from fa_repro.errors import ConfigError, FaReproError, StorageError
from fa_repro.execution.batching import form_batches
from fa_repro.execution.executor import Execution
from fa_repro.results.store import Store
from tests.support.cluster import cluster, free_port, running
from tests.support.configs import small
from tests.support.environment import environment
from tests.support.files import contents
from tests.support.processes import fa_repro

pytest.importorskip("distributed", reason="the extra fa-repro[dask] is not installed")
import dask
from distributed.security import Security

WITHOUT = """
import importlib.metadata, sys

class Missing:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "fa_repro":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def hidden(name):
    if name == "fa_repro":
        raise importlib.metadata.PackageNotFoundError(name)
    return version(name)

sys.meta_path.insert(0, Missing())
version, importlib.metadata.version = importlib.metadata.version, hidden
"""
"""A start of Python in which the package is not installed."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(cwd=tmp_path_factory.mktemp("elsewhere")) as (found, *_):
        yield found


def test_a_running_cluster_gives_the_same_bytes(workplace: Path, address: str) -> None:
    one = run("linear", {"trials": 4}, results="one")
    two = run("linear", {"trials": 4}, results="two", executor=f"dask://{address}")
    assert (one.trained, two.trained) == (16, 16)
    assert contents(one.directory) == contents(two.directory)
    assert run("linear", {"trials": 4}, results="two", executor=f"dask://{address}").cached == 16
    assert not list((workplace / "two").rglob(".tmp-*"))


def test_own_cluster_gives_same_bytes_and_ends(workplace: Path) -> None:
    one, environment = run("linear", results="one"), dict(os.environ)
    two = run("linear", results="two", executor="dask", jobs=2)
    assert contents(one.directory) == contents(two.directory)
    assert not multiprocessing.active_children()
    assert os.environ == environment


def test_worker_with_the_folder_stores_its_runs(workplace: Path) -> None:
    (batch, *_) = form_batches(small().runs())
    store = Store(workplace)
    store.prepare()
    with cluster._token(store) as token:
        assert cluster._train(batch, workplace, token, False, cluster._facts()) == ([], None)
    assert all(store.has(each) for each in batch)


def test_worker_without_the_folder_returns_runs(workplace: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = run("linear", results="one")

    @contextmanager
    def unseen(store: Store) -> Iterator[Path]:
        yield Path("runs/nowhere")

    monkeypatch.setattr(cluster, "_token", unseen)
    committed: list[str] = []
    commit = Store.commit
    monkeypatch.setattr(
        Store, "commit", lambda self, run, *rest, **keys: (committed.append(run.key), commit(self, run, *rest, **keys))
    )
    two = run("linear", results="two", executor=f"dask://{address}")
    assert sorted(committed) == sorted(each.key for each in small().runs())
    assert contents(one.directory) == contents(two.directory)


def test_failed_batch_on_cluster_stops_no_other(workplace: Path, address: str) -> None:
    huge = {"algorithms.backprop.network": {"hidden": [10**6, 10**6]}}  # 8 TB of weights
    result = run("linear", {"trials": 1, **huge}, executor=f"dask://{address}")
    assert result.trained == 3
    ((lost, reason),) = result.failed
    assert lost.labels["algorithm"] == "backprop"
    assert "MemoryError" in reason


@pytest.mark.parametrize("who", ["worker", "scheduler"])
def test_missing_package_is_reported_at_once(workplace: Path, who: str) -> None:
    (workplace / "without").mkdir()
    (workplace / "without/sitecustomize.py").write_text(WITHOUT)
    paths = {who: workplace / "without"}
    with running(workers=1, paths=paths) as (found, *_), pytest.raises(FaReproError, match=f"the Dask {who}.* missing"):
        run("linear", executor=f"dask://{found}")
    assert not list((workplace / "results").rglob("*.failed.json"))
    assert run("linear").trained == 12


@pytest.mark.parametrize("fault", ["cannot look", "cannot write"])
def test_worker_denied_the_folder_returns_runs(workplace: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    (batch, *_) = form_batches(small().runs())
    store = Store(workplace)
    store.prepare()

    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    with cluster._token(store) as token:
        monkeypatch.setattr(Path, "exists" if fault == "cannot look" else "touch", denied)
        brought, error = cluster._train(batch, workplace, token, False, cluster._facts())
    assert error is None
    assert [each.key for each, *_ in brought] == [each.key for each in batch]


def test_cluster_errors_are_not_run_failures(workplace: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "_train", lambda *_: 1 / 0)
        with pytest.raises(FaReproError, match="the Dask cluster failed to carry out a run"):
            run("linear", executor=f"dask://{address}")
    assert run("linear").trained == 12


def test_a_worker_of_another_version_is_refused(workplace: Path) -> None:
    (batch, *_) = form_batches(small().runs())
    with pytest.raises(FaReproError, match=r"has numpy .*, this process numpy 1\.0: results would differ"):
        cluster._train(batch, workplace, Path("none"), False, {**cluster._facts(), "numpy": "1.0"})


def test_unwritable_disk_is_reported(workplace: Path, address: str) -> None:
    (workplace / "results/runs").mkdir(parents=True)
    for key in (each.key for each in small().runs()):
        (workplace / "results/runs" / key[:2]).write_text("a file where a folder should be")
    with pytest.raises(StorageError):
        run("linear", executor=f"dask://{address}")


def test_unresponsive_scheduler_is_reported(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_WAIT", 0.5)
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(FaReproError, match=f"no Dask scheduler answers at {address}"):
        run("linear", executor=f"dask://{address}")


def test_a_host_that_cannot_be_one_is_reported(workplace: Path) -> None:
    with pytest.raises(FaReproError, match=r"no Dask scheduler answers at a\.\.b:8786"):
        run("linear", executor="dask://a..b:8786")


def new_certificates(folder: Path) -> dict[str, str]:
    """Files with new certificates, by the names of Dask's settings."""
    new = Security.temporary()
    parts = {"ca-file": new.tls_ca_file, "client.cert": new.tls_client_cert, "client.key": new.tls_client_key}
    for name, content in parts.items():
        (folder / name).write_text(content)
    return {f"distributed.comm.tls.{name}": str(folder / name) for name in parts}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return new_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def other_certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return new_certificates(tmp_path_factory.mktemp("others"))


def refused(executor: str, settings: dict[str, str]) -> str:
    """What a command says that no scheduler lets in, with these settings of Dask.

    It is a process of its own, as Dask does not close the sockets of refused connections.
    """
    variables = {f"DASK_{name.replace('.', '__').replace('-', '_').upper()}": value for name, value in settings.items()}
    lenient = environment() | variables | {"PYTHONWARNINGS": "default"}
    done = fa_repro("run", "linear", "--results", "refused", "--executor", executor, env=lenient)
    assert done.code == 1, done.err
    assert done.err.startswith("error: no Dask scheduler answers at ")
    return done.err


def test_tls_needs_the_configured_certificates(
    workplace: Path, certificates: dict[str, str], other_certificates: dict[str, str]
) -> None:
    options = [
        f"--tls-{name}={file}" for name, file in zip(("ca-file", "cert", "key"), certificates.values(), strict=True)
    ]
    one = run("linear", results="one")
    with dask.config.set(certificates), running(workers=1, certificates=options) as (address, *_):
        two = run("linear", results="two", executor=f"tls://{address}")
        assert "TLS certificate does not match" in refused(f"tls://{address}", other_certificates)
        assert "one that uses TLS is tls://HOST:PORT" in refused(f"dask://{address}", {})
    assert contents(one.directory) == contents(two.directory)


def test_a_plain_scheduler_is_no_tls_one(workplace: Path, address: str, certificates: dict[str, str]) -> None:
    assert "and that it uses TLS" in refused(f"tls://{address}", certificates)
    with (
        dask.config.set({"distributed.comm.require-encryption": True}),
        pytest.raises(FaReproError, match="encryption required by Dask configuration"),
    ):
        run("linear", executor=f"dask://{address}")


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("ca-file", None, r"executor: distributed\.comm\.tls\.ca-file not set in Dask's configuration"),
        ("client.cert", None, r"executor: distributed\.comm\.tls\.client\.cert not set in Dask's configuration"),
        ("client.key", "none/here", "cannot be read .*none/here"),
        ("client.cert", "configs/linear.yaml", "cannot be used"),
        ("ca-file", 5, "cannot be read .*5"),
    ],
)
def test_unusable_certificates_are_reported(
    workplace: Path, certificates: dict[str, str], setting: str, value: Any, message: str
) -> None:
    wrong = {**certificates, f"distributed.comm.tls.{setting}": value}
    with dask.config.set(wrong), pytest.raises(ConfigError, match=message):
        run("linear", executor="tls://127.0.0.1:1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"executor": "dusk"}, "executor: unknown executor 'dusk'. Did you mean dask"),
        ({"executor": "dask://host"}, "Known: local, dask, dask://HOST:PORT"),
        ({"executor": "dask://host:8786", "jobs": 2}, "a running cluster has its own number of workers"),
        ({"executor": 5}, "executor: unknown executor 5"),
        ({"executor": "tls://host"}, "Known: local, dask, dask://HOST:PORT, tls://HOST:PORT"),
        ({"executor": "dask://host:99999"}, "Known: local, dask, dask://HOST:PORT"),
        ({"executor": "dask://host:0"}, "Known: local, dask, dask://HOST:PORT"),
        ({"jobs": 0}, "jobs: expected a whole number of at least 1"),
    ],
)
def test_an_executor_that_is_none_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Execution(**options)


@pytest.mark.parametrize("missing", ["distributed", "cryptography"])
def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else found(name))
    with pytest.raises(ConfigError, match=rf"{missing} not installed\. Run: pip install 'fa-repro\[dask\]'"):
        Execution(executor="dask")
    Execution(executor="local")
