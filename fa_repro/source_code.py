"""Fingerprints of the source code of rules, tasks and studies, on which their numbers depend besides their settings.

Comments, docstrings and layout do not count. What a module imports from its own folder, or from the folders of rules,
tasks and studies, counts as its own. The source is remembered when a module is imported, so that a fingerprint is that
of the code in use, even if the file is edited afterwards. If its functions are replaced in place, the file is read
again; if they are not from there either, they have a fingerprint of their own. The engine that all of them share is not
included: its version is `fa_repro.training.numerics`.
"""

import ast
import hashlib
import json
import operator
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TypeAlias

from fa_repro import loaded_code
from fa_repro.errors import FaReproError

PACKAGES = ("rules", "tasks", "theory")
"""Packages of the modules whose source has a fingerprint."""

_ROOT = Path(__file__).parent

_State: TypeAlias = tuple[Any, tuple[CodeType, ...]]
"""The import spec of a module, another object after each reload, and the code of its functions."""

_remembered: dict[str, tuple[_State, bytes]] = {}  # by name of the module: its state, and its source at that time
_known: dict[str, tuple[dict[str, _State], str]] = {}  # the states of what a fingerprint depends on, and it


def remember(module: ModuleType) -> None:
    """Remember the source of a module that has just been imported or reloaded, and of its imported siblings."""
    if module.__name__ in _remembered and _same(_remembered[module.__name__][0], _state(module.__name__)):
        return
    package = module.__name__.rpartition(".")[0]
    for name, each in list(sys.modules.items()):
        if name == package or name.startswith(f"{package}."):
            _source(name, Path(str(each.__file__)))


def fingerprint(module: str, file: Path | None = None) -> str:
    """Fingerprint of a module's code and of what it imports from these folders.

    Parameters
    ----------
    module : str
        Dotted name of the module.
    file : Path, optional
        Its file; that of a module of this package is known.

    Returns
    -------
    str
        SHA-256 in hexadecimal, the same for every version of Python.

    Raises
    ------
    FaReproError
        If its source cannot be read.
    """
    states, known = _known.get(module, ({}, ""))
    if states and all(_same(state, _state(name)) for name, state in states.items()):
        return known
    sources = dict(_closure(module, file))
    parts = {name: _plain(source) for name, source in sources.items()}
    found = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    if all(name in sys.modules for name in sources):
        _known[module] = {name: _state(name) for name in sources}, found
    return found


def edited(modules: Iterable[str]) -> list[str]:
    """Imported modules of this package whose file has been edited, while their earlier code is still in use."""
    paths = ((name, _path(name, {})) for name in modules if name in _remembered)
    return [name for name, path in paths if path is not None and _read(path) != _remembered[name][1]]


def files(modules: Iterable[str]) -> dict[str, str]:
    """SHA-256 of the bytes of every file that the fingerprints of some modules depend on, by dotted name."""
    return {name: hashlib.sha256(source).hexdigest() for module in modules for name, source in _closure(module, None)}


def changed(fingerprints: Mapping[str, str], hashes: Mapping[str, str]) -> list[str]:
    """Modules of this package whose fingerprint is no longer the one given; imports none of them.

    Parameters
    ----------
    fingerprints : mapping of str to str
        Dotted name to earlier `fingerprint`.
    hashes : mapping of str to str
        Earlier `files` of these modules: if none of them has changed, nothing is parsed.
    """
    paths = ((_path(name, {}), value) for name, value in hashes.items())
    if hashes and all(path and hashlib.sha256(_read(path)).hexdigest() == value for path, value in paths):
        return []
    return [name for name, value in fingerprints.items() if _now(name) != value]


def _now(module: str) -> str | None:
    """The fingerprint of a module; None if it is missing or not valid Python."""
    try:
        return fingerprint(module)
    except (FaReproError, SyntaxError):
        return None


def _closure(module: str, file: Path | None) -> Iterator[tuple[str, bytes]]:
    """Name and source of a module, and of all that it imports from the folders that count."""
    folders = {} if file is None else {module.rpartition(".")[0]: file.parent}
    todo, seen = [module], set[str]()
    while todo:
        name = todo.pop()
        path = _path(name, folders)
        if name in seen or path is None:
            continue
        seen.add(name)
        source = _source(name, path)
        yield name, source
        todo += _imports(name, path.name == "__init__.py", source)
    if module not in seen:
        raise FaReproError(f"the source of {module} is not available, but runs are stored by it. Install its .py file")


def _source(name: str, path: Path) -> bytes:
    """The source of the code in use of a module; that of its file, if it is not imported."""
    if name not in sys.modules:
        return _read(path)
    state = _state(name)
    if name not in _remembered or not _same(_remembered[name][0], state):
        _remembered[name] = state, _read(path)
    source = _remembered[name][1]
    if loaded_code.are_of(state[1], source):
        return source
    return source + f"\n_REPLACED = '{loaded_code.digest(state[1])}'\n".encode()


def _state(name: str) -> _State:
    module = sys.modules.get(name)
    return (None, ()) if module is None else (module.__spec__, loaded_code.functions(module))


def _same(one: _State, other: _State) -> bool:
    return one[0] is other[0] and len(one[1]) == len(other[1]) and all(map(operator.is_, one[1], other[1]))


def _path(name: str, folders: Mapping[str, Path]) -> Path | None:
    """The file of a module, if it is in one of the folders that count."""
    shipped = {f"{__package__}.{package}": _ROOT / package for package in PACKAGES}
    for package, folder in {**shipped, **folders}.items():
        if name == package or not package or name.startswith(f"{package}."):
            inside = folder.joinpath(*name[len(package) :].strip(".").split("."))
            for path in (inside.with_suffix(".py") if inside != folder else None, inside / "__init__.py"):
                if path is not None and path.is_file():
                    return path
    return None


@lru_cache(maxsize=256)
def _imports(name: str, is_package: bool, source: bytes) -> tuple[str, ...]:
    """Dotted names that a module may import: modules, or names in modules."""
    found: list[str] = []
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.Import):
            parts = [alias.name.split(".") for alias in node.names]
            found += [".".join(each[: end + 1]) for each in parts for end in range(len(each))]
        elif isinstance(node, ast.ImportFrom):
            above = name.split(".")[: None if is_package and node.level == 1 else is_package - node.level]
            base = ".".join([*(above if node.level else []), *([node.module] if node.module else [])])
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(found)


@lru_cache(maxsize=256)
def _plain(source: bytes) -> Any:
    """The syntax tree as plain data, without docstrings, comments, layout and what depends on the version of Python."""
    return _node(_tree(source))


@lru_cache(maxsize=256)
def _tree(source: bytes) -> ast.Module:
    return ast.parse(source)


def _node(node: Any) -> Any:
    if isinstance(node, list):
        return [_node(item) for item in node if not _is_text(item)]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {name: _node(value) for name, value in ast.iter_fields(node) if name not in ("kind", "type_comment")}
    return [type(node).__name__, {name: value for name, value in fields.items() if value not in ([], "None")}]


def _is_text(node: Any) -> bool:
    """Whether a statement is a string alone: a docstring, or text that stands for a comment."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FaReproError(f"cannot read {path}: {error.strerror or error}") from error
