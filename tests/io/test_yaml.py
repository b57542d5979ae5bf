import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fa_repro.errors import ConfigError
from fa_repro.io.yaml import dump, inline, load, parse_value


def problems(text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text, "a.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("-2E5", -2e5),
        (".5", 0.5),
        ("1.", 1.0),
        ("017", 17),
        ("0x1f", 31),
        ("0o17", 15),
        ("-3", -3),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("-.inf", -math.inf),
        ("on", "on"),
        ("yes", "yes"),
        ("10:30", "10:30"),
        ("1_000", "1_000"),
        ("2014-11-02", "2014-11-02"),
        ("'1e-3'", "1e-3"),
        ("<<", "<<"),
    ],
)
def test_scalars_are_read_as_yaml_1_2_does(text: str, value: object) -> None:
    found = load(f"a: {text}\n", "a.yaml").data["a"]
    assert found == value
    assert type(found) is type(value)


def test_every_path_has_its_line() -> None:
    document = load("a: 1\nb:\n  c: [2,\n    3]\n", "a.yaml")
    assert document.data == {"a": 1, "b": {"c": [2, 3]}}
    assert document.lines["a",] == 1
    assert document.lines["b", "c"] == 3
    assert document.lines["b", "c", 1] == 4


def test_repeated_keys_are_named_with_both_lines() -> None:
    text = problems("a: 1\nb: {c: 1,\n c: 2}\na: 3\n")
    assert "a.yaml:3: b.c: repeats the key of line 2" in text
    assert "a.yaml:4: a: repeats the key of line 1" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2", ": not valid YAML: "),
        ("a: b: c", "a.yaml:1: not valid YAML"),
        ("a: 1\n---\nb: 2", "not valid YAML"),
        ("a: 1\n\tb: 2", "a.yaml:2: not valid YAML"),
        ("a: !!python/object/apply:os.system [ls]", "a.yaml:1: a: cannot read"),
        ("a: !!int x", "a.yaml:1: a: cannot read"),
        ("a: *nobody", "a.yaml:1: not valid YAML"),
        ("{[1, 2]: 3}", "a.yaml:1: a key must be a word"),
        (b"a: 1\nb: \xff\n", "a.yaml:2: not UTF-8"),
        ("a: \x00", "not valid YAML"),
        ("[" * 400_000 + "]" * 400_000, "too deeply nested"),
        ("[" * 100 + "]" * 100, "too deeply nested"),
        ("a" * 2_000_000, "too large"),
        ("- " * 400_000, "too deeply nested"),
        ("a: &a [*a]", "too deeply nested"),
        (f"a: 0x{'f' * 5000}", "a.yaml:1: a: cannot read '0xfff"),
        ("a: !foo {b: 1}", "a.yaml:1: a: cannot read this as '!foo'"),
    ],
)
def test_invalid_config_is_refused_with_line(text: str | bytes, message: str) -> None:
    assert message in problems(text)


def test_alias_bomb_is_refused_early() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert "too many" in problems("\n".join(lines))


def test_an_anchor_may_be_used() -> None:
    assert load("a: &x {b: 1}\nc: *x\n", "a.yaml").data == {"a": {"b": 1}, "c": {"b": 1}}


def test_a_byte_order_mark_is_no_key() -> None:
    assert load(b"\xef\xbb\xbfa: 1\n", "a.yaml").data == {"a": 1}


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_what_is_written_is_read_back(data: object) -> None:
    try:
        text = dump({"key": data})
        again = load(text, "a.yaml").data["key"]
        assert parse_value(inline({"key": data}), "--set").get("key") == again
    except ConfigError as error:  # characters that no YAML may hold
        assert "special characters" in str(error) or "unacceptable" in str(error) or "control" in str(error)
        return
    assert again == data
    assert repr(again) == repr(data)  # 1 is not 1.0, and -0.0 is not 0.0


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_read_or_refused_in_words(text: str | bytes) -> None:
    try:
        load(text, "a.yaml")
    except ConfigError as error:
        assert str(error).startswith("a.yaml")
