"""Tokens to values: a push parser, which says at each token whether it may stand there.

The texts are those of QEMU's qobject/json-parser; unlike it, this parser does not wait for the last
token of a message, so that it needs no list of tokens.

Objects become dicts in the order of the text, arrays lists, integers int where 64 bits hold them
(signed, else unsigned), all other numbers float.
"""

from __future__ import annotations

import re
from typing import Any, Final

from tests.json.reference import mod_utf8
from tests.json.reference.lexer import (
    COLON,
    COMMA,
    FLOAT,
    INTEGER,
    KEYWORD,
    LCURLY,
    LSQUARE,
    RCURLY,
    RSQUARE,
    STRING,
)


class _Unfinished:
    """The type of UNFINISHED."""

    def __repr__(self) -> str:
        return "UNFINISHED"


UNFINISHED: Final = _Unfinished()
"""What ``JSONParser.feed()`` returns in the middle of a value."""


class JSONSyntaxError(Exception):
    """What is wrong at a token; ``str()`` of it is json-parser's wording, without the position."""


# What may come next.
_VALUE = 0
_FIRST_ELEMENT = 1  # a value, or the end of an empty array
_KEY = 2
_FIRST_KEY = 3  # a key, or the end of an empty object
_COLON = 4
_AFTER_VALUE = 5  # a comma, or the end of the object or array

_KEYWORDS: Final[dict[bytes, bool | None]] = {b"true": True, b"false": False, b"null": None}

_Container = dict[str, Any] | list[Any]


class JSONParser:
    """Grammar and values. After an error it must be reset; its caller limits depth and size."""

    def __init__(self) -> None:
        self._outer: list[tuple[_Container, str]] = []  # the open ones around this one, and its key
        self._container: _Container | None = None
        self._key = ""
        self._state = _VALUE

    @property
    def idle(self) -> bool:
        """Whether no value has been begun."""
        return self._container is None

    def reset(self) -> None:
        """Drop the value that has been begun."""
        self.__init__()  # type: ignore[misc]

    def feed(self, kind: int, text: bytes) -> object:
        """Take one token; returns the value that it completes, else UNFINISHED.

        Raises JSONSyntaxError.
        """
        state = self._state
        if state <= _FIRST_ELEMENT:
            if kind == LCURLY:
                return self._open({}, _FIRST_KEY)
            if kind == LSQUARE:
                return self._open([], _FIRST_ELEMENT)
            if kind == RSQUARE and state == _FIRST_ELEMENT:
                return self._close()
            return self._complete(_scalar(kind, text))
        if state == _AFTER_VALUE:
            return self._after_value(kind)
        if state == _COLON:
            if kind != COLON:
                raise JSONSyntaxError("expecting ':'")
            self._state = _VALUE
        elif kind == STRING:
            self._key = parse_string(text)
            self._state = _COLON
        elif kind == RCURLY and state == _FIRST_KEY:
            return self._close()
        else:
            raise JSONSyntaxError("expecting key")
        return UNFINISHED

    def _open(self, container: _Container, state: int) -> object:
        if self._container is not None:
            self._outer.append((self._container, self._key))
        self._container = container
        self._state = state
        return UNFINISHED

    def _after_value(self, kind: int) -> object:
        in_object = isinstance(self._container, dict)
        if kind == COMMA:
            self._state = _KEY if in_object else _VALUE
            return UNFINISHED
        if kind == (RCURLY if in_object else RSQUARE):
            return self._close()
        raise JSONSyntaxError("expected ',' or '}'" if in_object else "expected ',' or ']'")

    def _close(self) -> object:
        value = self._container
        if self._outer:
            self._container, self._key = self._outer.pop()
        else:
            self._container = None
        return self._complete(value)

    def _complete(self, value: object) -> object:
        container = self._container
        if container is None:
            self._state = _VALUE
            return value
        if isinstance(container, list):
            container.append(value)
        elif self._key in container:
            raise JSONSyntaxError("duplicate key")
        else:
            container[self._key] = value
        self._state = _AFTER_VALUE
        return UNFINISHED


def _scalar(kind: int, text: bytes) -> object:
    if kind == STRING:
        return parse_string(text)
    if kind == INTEGER:
        return parse_integer(text)
    if kind == FLOAT:
        return float(text)
    if kind == KEYWORD:
        if text not in _KEYWORDS:
            raise JSONSyntaxError(f"invalid keyword '{text.decode('ascii')}'")
        return _KEYWORDS[text]
    raise JSONSyntaxError("expecting value")


_DIGITS_OF_UINT64 = 20


def parse_integer(text: bytes) -> int | float:
    """The number that ``text`` is: int64, else uint64, else a double (infinite at worst)."""
    if len(text) <= _DIGITS_OF_UINT64:
        value = int(text)
        if -(1 << 63) <= value < 1 << 64:
            return value
    return float(text)


_ESCAPES: Final = {
    ord('"'): '"',
    ord("'"): "'",
    ord("\\"): "\\",
    ord("/"): "/",
    ord("b"): "\b",
    ord("f"): "\f",
    ord("n"): "\n",
    ord("r"): "\r",
    ord("t"): "\t",
}
_HEX4 = re.compile(rb"[0-9A-Fa-f]{4}")


def parse_string(text: bytes) -> str:
    """The string that a STRING token, quotes included, stands for. Raises JSONSyntaxError."""
    end = len(text) - 1
    pieces = []
    pos = 1
    while (escape := text.find(b"\\", pos, end)) >= 0:
        if pos < escape:
            pieces.append(_decode_piece(text[pos:escape]))
        selector = text[escape + 1]
        if selector == ord("u"):
            character, pos = _unicode_escape(text, escape)
            pieces.append(character)
        elif selector in _ESCAPES:
            pieces.append(_ESCAPES[selector])
            pos = escape + 2
        else:
            raise JSONSyntaxError("invalid escape sequence in string")
    pieces.append(_decode_piece(text[pos:end]))
    return "".join(pieces)


def _decode_piece(text: bytes) -> str:
    try:
        return mod_utf8.decode(text)
    except ValueError:
        raise JSONSyntaxError("invalid UTF-8 sequence in string") from None


def _unicode_escape(text: bytes, pos: int) -> tuple[str, int]:
    """The character of the escape at ``pos``, and where the text goes on after it."""
    code_point = _hex4(text, pos + 2)
    end = pos + 6
    if 0xD800 <= code_point <= 0xDBFF and text[end : end + 2] == b"\\u":
        trailing = _hex4(text, end + 2)
        if 0xDC00 <= trailing <= 0xDFFF:
            code_point = 0x10000 + ((code_point & 0x3FF) << 10 | trailing & 0x3FF)
            end += 6
    if not mod_utf8.is_character(code_point):
        shown = mod_utf8.decode_lossy(text[pos:end])
        raise JSONSyntaxError(f"{shown} is not a valid Unicode character")
    return chr(code_point), end


def _hex4(text: bytes, pos: int) -> int:
    digits = _HEX4.match(text, pos)
    return int(digits.group(), 16) if digits is not None else -1
