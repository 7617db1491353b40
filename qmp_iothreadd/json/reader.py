"""The stream of JSON values that a QMP client sends, and JSON texts that stand alone.

Ordinary messages take a fast path: a compiled parser accepts them, and a few cheap checks show that
QEMU's dialect gives them the same value. All other input goes to the exact reader. A client cannot
see which of the two read its message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.json.lexer import JSONLexer
from qmp_iothreadd.json.parser import UNFINISHED
from qmp_iothreadd.json.streamer import JSONStreamer

PENDING: Final = UNFINISHED
"""What ``JSONReader.next()`` returns when the next message is not there yet, or not complete."""


class JSONReader:
    """Feed it bytes in any split, take values and errors one at a time.

    What has been fed is read no further than ``next()`` asks; ``pending_bytes`` says how much is
    left.
    """

    def __init__(self) -> None:
        self._lexer = JSONLexer()
        self._streamer = JSONStreamer(self._lexer)

    @property
    def pending_bytes(self) -> int:
        """Bytes that have been fed and not been read."""
        return self._lexer.pending_bytes

    def feed(self, data: bytes) -> None:
        """Add input."""
        self._lexer.feed(data)

    def eof(self) -> None:
        """Say that the input is complete: a message cut off by its end becomes an error."""
        self._lexer.eof()

    def next(self, tokens: int | None = None) -> object:
        """The next value, or PENDING. Raises QmpError for the next error in the input.

        With ``tokens``, no more of them are read at once: PENDING with bytes that are pending says
        that there is more to read.
        """
        lexer = self._lexer
        if not lexer.pending_bytes and not lexer.ended:
            return PENDING
        if self._streamer.idle:
            text = lexer.peek_message()
            if text is not None:
                value = _parse_ordinary(text)
                if value is not None:
                    lexer.skip_message()
                    return value
        return self._streamer.next(tokens)


# In bytes. More are left to the exact reader, which can stop in the middle: others are not to wait
# while a long text is parsed, which may turn out to be no message.
_MAX_ORDINARY_SIZE = 1 << 15
# The exact reader is asked about deeper ones; far below the depth at which either reader refuses.
_MAX_ORDINARY_DEPTH = 64
_NOT_ORDINARY = -(1 << 40)

_from_json: Callable[[bytes], Any] | None = None


def _parse_ordinary(text: bytes) -> dict[str, Any] | None:
    """The object that ``text`` is, if both readers are sure to agree on it."""
    global _from_json
    if len(text) > _MAX_ORDINARY_SIZE or not text.isascii() or b"\\u" in text:
        return None  # these may name characters that QEMU refuses
    if _from_json is None:
        # Not at the top: this takes longer than the rest of the way to the greeting.
        from qmp_iothreadd.compiled_pydantic import compiled_pydantic

        _from_json = compiled_pydantic().from_json
    try:
        value = _from_json(text)
    except ValueError:
        return None
    # QEMU refuses duplicate keys, this parser accepts them. Where the object has as many keys as
    # the text has colons, there is none (nor a colon in a string).
    if type(value) is dict and _count_keys(value, _MAX_ORDINARY_DEPTH) == text.count(b":"):
        return value
    return None


def _count_keys(value: Any, depth: int) -> int:
    """How many keys there are, at any depth; negative if readers may differ on one of the values.

    Those are integers beyond 64 bits, and doubles (``0e2`` is none in QEMU's dialect).
    """
    count = 0
    members = value
    if type(value) is dict:
        count = len(value)
        members = value.values()
    for member in members:
        kind = type(member)
        if kind is str or kind is bool or member is None:
            continue
        if kind is int:
            if not -(1 << 63) <= member < 1 << 64:
                return _NOT_ORDINARY
        elif (kind is dict or kind is list) and depth:
            count += _count_keys(member, depth - 1)
        else:
            return _NOT_ORDINARY
    return count


def parse_one(text: str | bytes) -> object:
    """The one value that ``text`` is. Raises QmpError: where there are several, the first.

    A ``str`` is taken as the command line gives it: bytes that are not UTF-8 as surrogate escapes.
    """
    reader = JSONReader()
    reader.feed(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)
    reader.eof()
    value = reader.next()
    if value is PENDING:
        raise errors.json_value_missing()
    try:
        rest = reader.next()
    except QmpError:
        raise errors.json_trailing_value() from None
    if rest is not PENDING:
        raise errors.json_trailing_value()
    return value
