"""What the JSON reader refuses; it calls these by name (``JSON_REFUSALS`` in json/core/outcomes.h).

``line`` and ``column`` are those of the token at fault, counted from 1.
"""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def json_nesting_depth() -> QmpError:
    """More open braces and brackets than the reader allows."""
    return QmpError("JSON nesting depth limit exceeded")


def json_token_size() -> QmpError:
    """More text in one message than the reader allows."""
    return QmpError("JSON token size limit exceeded")


def json_token_count() -> QmpError:
    """More tokens in one message than the reader allows."""
    return QmpError("JSON token count limit exceeded")


def json_premature_end(line: int, column: int) -> QmpError:
    """The input ends within a message."""
    return _parse_error(line, column, "premature end of input")


def json_stray(line: int, column: int, text: str) -> QmpError:
    """Bytes that are no token; the last of them fits nowhere."""
    return _parse_error(line, column, f"stray '{text}'")


def json_value_expected(line: int, column: int) -> QmpError:
    """Something else where a value belongs."""
    return _parse_error(line, column, "expecting value")


def json_key_expected(line: int, column: int) -> QmpError:
    """Something else where an object's key belongs."""
    return _parse_error(line, column, "expecting key")


def json_colon_expected(line: int, column: int) -> QmpError:
    """Something else after an object's key."""
    return _parse_error(line, column, "expecting ':'")


def json_member_end_expected(line: int, column: int) -> QmpError:
    """Something else after an object's member."""
    return _parse_error(line, column, "expected ',' or '}'")


def json_element_end_expected(line: int, column: int) -> QmpError:
    """Something else after an array's element."""
    return _parse_error(line, column, "expected ',' or ']'")


def json_duplicate_key(line: int, column: int) -> QmpError:
    """The second value under a key ends at this token."""
    return _parse_error(line, column, "duplicate key")


def json_invalid_keyword(line: int, column: int, text: str) -> QmpError:
    """A word that is neither true nor false nor null."""
    return _parse_error(line, column, f"invalid keyword '{text}'")


def json_invalid_escape(line: int, column: int) -> QmpError:
    """A backslash before what it does not go with."""
    return _parse_error(line, column, "invalid escape sequence in string")


def json_invalid_utf8(line: int, column: int) -> QmpError:
    """A string has bytes that are no characters."""
    return _parse_error(line, column, "invalid UTF-8 sequence in string")


def json_invalid_character(line: int, column: int, text: str) -> QmpError:
    r"""A ``\u`` names no character that a string may hold."""
    return _parse_error(line, column, f"{text} is not a valid Unicode character")


def _parse_error(line: int, column: int, what: str) -> QmpError:
    return QmpError(f"{line}:{column}: JSON parse error, {what}")
