"""Strict YAML: scalars of YAML 1.2, no repeated keys, and the line number of each key.

PyYAML follows YAML 1.1, which reads `1e-3` as text, `on` as true, `10:30` as 630 and `017` as 15, and lets
the last of two equal keys win. Here scalars follow the YAML 1.2 core schema, repeated keys and unknown tags are
errors, and the size of a document is bounded before anything is built from it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import yaml

from fa_repro.errors import ConfigError

MAX_BYTES = 1_000_000
MAX_NODES = 100_000
MAX_DEPTH = 40
MAX_DIGITS = 100

Path = tuple[str | int, ...]

_SCALARS = [
    ("null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    ("int", re.compile(r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"), list("-+0123456789")),
    (
        "float",
        re.compile(
            r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
        ),
        list("-+0123456789."),
    ),
]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]


for _name, _pattern, _first in _SCALARS:
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", _pattern, _first)


@dataclass(frozen=True)
class Document:
    """Plain data, and the line number of each path in it."""

    source: str
    data: Any
    lines: dict[Path, int]


def load(text: str | bytes, source: str, numbered: bool = True) -> Document:
    """Read one YAML document.

    Parameters
    ----------
    text : str or bytes
        The document; bytes must be UTF-8.
    source : str
        Name of the document in messages, normally its path.
    numbered : bool
        Whether messages contain line numbers.

    Raises
    ------
    ConfigError
        If it is not YAML, repeats a key, uses a tag, or is too large or too deeply nested. All repeated keys are
        reported at once.
    """
    if len(text) > MAX_BYTES:
        raise ConfigError([f"{source}: over {MAX_BYTES:,} bytes, too large for a config"])
    builder = _Builder(source, numbered)
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ConfigError([f"{builder.place(line)}: not UTF-8 text. Save the file as UTF-8."]) from None
    try:
        _bound_depth(text, source)
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = builder.place(mark.line + 1) if mark else source
        raise ConfigError([f"{place}: not valid YAML: {error.problem or error.context}"]) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
        raise ConfigError([f"{source}: not valid YAML: {reason}"]) from None
    data = builder.build(root, (), 0) if root is not None else None
    if builder.problems:
        raise ConfigError(builder.problems)
    return Document(source, data, builder.lines)


def parse_value(text: str, source: str) -> Any:
    """Read the value of `--set KEY=VALUE`: a scalar or a flow collection such as `[20, 10]`."""
    return load(text, source, numbered=False).data


def dump(data: Any) -> str:
    """Write plain data as YAML that `load` reads back exactly, with the keys in the same order."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=100)


def inline(data: Any) -> str:
    """Write plain data as one line of YAML that `parse_value` reads back."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=True, width=2**30)
    return text.removesuffix("\n").removesuffix("\n...")


def _bound_depth(text: str, source: str) -> None:
    """Reject text that is nested too deeply, before the recursive parser builds nodes from it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ConfigError([f"{source}: more than {MAX_DEPTH} levels, too deeply nested for a config"])


class _Builder:
    def __init__(self, source: str, numbered: bool) -> None:
        self.source, self.numbered = source, numbered
        self.lines: dict[Path, int] = {}
        self.problems: list[str] = []
        self.nodes = self.characters = 0

    def place(self, line: int) -> str:
        """The name of the document, with a line number if its lines are numbered."""
        return f"{self.source}:{line}" if self.numbered else self.source

    def build(self, node: yaml.Node, path: Path, depth: int) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:  # aliases repeat their node: stop a YAML bomb
            raise ConfigError([f"{self.place(line)}: too many or too deeply nested values for a config"])
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if isinstance(node, yaml.MappingNode) and kind == "map":
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode) and kind == "seq":
            return [self.build(child, (*path, i), depth + 1) for i, child in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            self.characters += len(node.value)
            if self.characters > MAX_BYTES:  # aliases repeat their text
                raise ConfigError([f"{self.place(line)}: too large for a config, with what its aliases repeat"])
        if isinstance(node, yaml.ScalarNode) and kind in _CONSTRUCT:
            try:
                return _CONSTRUCT[kind](node.value)
            except ValueError:
                pass
        value = repr(node.value[:40]) if isinstance(node, yaml.ScalarNode) else "this"
        self.problems.append(f"{self.place(line)}: {_dotted(path)}cannot read {value} as {node.tag!r}")
        return None

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(f"{self.place(line)}: {_dotted(path)}a key must be a word, not a collection")
                continue
            key = key_node.value
            if key in result:
                first = self.lines[(*path, key)]
                repeated = f"repeats the key of line {first}" if self.numbered else "repeated key"
                self.problems.append(f"{self.place(line)}: {_dotted((*path, key))}{repeated}")
                continue
            self.lines[(*path, key)] = line
            result[key] = self.build(value_node, (*path, key), depth + 1)
        return result


def _dotted(path: Path) -> str:
    return ".".join(map(str, path)) + ": " if path else ""


def _int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("too many digits")
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


_CONSTRUCT: dict[str, Callable[[str], Any]] = {
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _int,
    "float": _float,
    "str": str,
}
