"""Discovery of rules, tasks, figures and studies: each is one module of its package, named after its file."""

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TypeVar

from fa_repro import source_code
from fa_repro.suggestions import suggest

T = TypeVar("T")


@cache
def names(package: str) -> tuple[str, ...]:
    """Names of the modules in `fa_repro/<package>/`, sorted, without importing them."""
    folder = import_module(f"fa_repro.{package}").__path__
    found = (m.name for m in pkgutil.iter_modules(folder) if not m.name.startswith("_"))
    return tuple(sorted(name.replace("_", _separator(package)) for name in found))


def module(package: str, name: str) -> ModuleType:
    """Import the module that provides `name`.

    Raises
    ------
    KeyError
        If there is none; the message lists the known names.
    """
    if name not in names(package):
        raise KeyError(f"unknown {noun(package)} {name!r}{suggest(name, names(package))}")
    found = import_module(f"fa_repro.{package}.{name.replace('-', '_')}")
    if package in source_code.PACKAGES:
        source_code.remember(found)
    return found


def find(package: str, name: str, base: type[T]) -> type[T]:
    """The subclass of `base` that is defined in the module called `name`.

    Raises
    ------
    KeyError
        If there is no such module.
    TypeError
        If the module does not define exactly one such class.
    """
    source = module(package, name)
    found = [
        item
        for item in vars(source).values()
        if isinstance(item, type) and issubclass(item, base) and item.__module__ == source.__name__
    ]
    if len(found) != 1:
        raise TypeError(f"{source.__name__} must define one subclass of {base.__name__}, but defines {len(found)}")
    return found[0]


def noun(package: str) -> str:
    """What a module of this package is called: `rule`, `task`, `figure` or `study`."""
    return "study" if package == "theory" else package.removesuffix("s")


def describe(module_name: str) -> str:
    """What a module provides, by its dotted name: `rule backprop` for `fa_repro.rules.backprop`."""
    *_, package, name = module_name.split(".")
    return f"{noun(package)} {name.replace('_', _separator(package))}"


def _separator(package: str) -> str:
    return "-" if package == "figures" else "_"
