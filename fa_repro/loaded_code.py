"""The code of an imported module that is in use: tools such as IPython's autoreload replace functions in place."""

import collections
import functools
import hashlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any


def functions(module: ModuleType) -> tuple[CodeType, ...]:
    """The code of the functions and methods of a module, without those that it imports."""
    return tuple(_functions(vars(module), module.__name__, inside=False))


def are_of(codes: Sequence[CodeType], source: bytes) -> bool:
    """Whether all this code is that of a source."""
    return {_content(code) for code in codes} <= _contents(source)


def digest(codes: Sequence[CodeType]) -> str:
    """SHA-256 of code, in hexadecimal; it holds for one version of Python."""
    return hashlib.sha256(repr(sorted(map(repr, map(_content, codes)))).encode()).hexdigest()


def _functions(namespace: Mapping[str, Any], module: str, inside: bool) -> Iterator[CodeType]:
    for item in list(namespace.values()):
        for value in _parts(item):
            if isinstance(value, FunctionType) and (inside or value.__module__ == module) and not _generated(value):
                yield value.__code__
            elif isinstance(value, type) and value.__module__ == module and vars(value) is not namespace:
                yield from _functions(vars(value), module, inside=True)


def _parts(item: Any) -> tuple[Any, ...]:
    """The functions of a descriptor or a wrapper, or the item itself."""
    if isinstance(item, staticmethod | classmethod):
        return (item.__func__,)
    if isinstance(item, property):
        return item.fget, item.fset, item.fdel
    if isinstance(item, functools.cached_property):
        return (item.func,)
    return (inspect.unwrap(item) if callable(item) else item,)


def _generated(function: FunctionType) -> bool:
    """Whether a function is one that `dataclass` or `NamedTuple` adds to a class."""
    name, file = function.__name__, function.__code__.co_filename
    return file == collections.__file__ or (file == "<string>" and name.startswith("__") and name.endswith("__"))


@functools.lru_cache(maxsize=256)
def _contents(source: bytes) -> frozenset[Any]:
    """What all code of a source consists of."""
    found, todo = set(), [compile(source, "<source>", "exec", dont_inherit=True)]
    while todo:
        code = todo.pop()
        found.add(_content(code))
        todo += [each for each in code.co_consts if isinstance(each, CodeType)]
    return frozenset(found)


def _content(code: CodeType) -> tuple[Any, ...]:
    """What code does, without its place in a file."""
    constants = tuple(_content(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts)
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    return code.co_name, counts, names, constants, code.co_code
