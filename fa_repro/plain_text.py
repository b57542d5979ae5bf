"""Text that is safe to print, whatever it contains, and words of command lines that are safe to suggest."""

import os
import re
import shlex

_ACTIVE = r"\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2060\ufeff\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
"""Characters that control a terminal, end a line, change the order of text, or are no characters."""

_LINE = re.compile(f"[{_ACTIVE}]")
_LINES = re.compile(f"(?!\n)[{_ACTIVE}]")


def escape_controls(text: str, lines: bool = False) -> str:
    r"""Replace characters that are not shown, or act on what shows them, by escapes such as `\x1b`.

    Parameters
    ----------
    text : str
    lines : bool
        Whether the text consists of lines, so that line feeds remain.
    """
    return (_LINES if lines else _LINE).sub(lambda found: _escape(found[0]), text)


def _escape(character: str) -> str:
    names = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
    code = ord(character)
    return names.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def shell_word(word: str) -> str:
    """Quote a word of a command line for a shell, so that it is one word, all of which is shown."""
    if not _LINE.search(word):
        return shlex.quote(word)
    plain = word.replace("\\", r"\\").replace("'", r"\'")
    written = _LINE.sub(lambda found: "".join(rf"\x{byte:02x}" for byte in _bytes(found[0])), plain)
    return f"$'{written}'"  # of bash, ksh and zsh


def _bytes(character: str) -> bytes:
    """A character as in an argument of a process; a lone surrogate stands for a byte there."""
    try:
        return os.fsencode(character)
    except UnicodeEncodeError:
        return character.encode(errors="backslashreplace")


def amount(number: int, noun: str, nouns: str = "") -> str:
    """A number of things as text; `nouns` is the plural if it does not end in `s` alone."""
    return f"{number} {noun if number == 1 else nouns or f'{noun}s'}"
