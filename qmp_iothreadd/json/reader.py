"""The stream of JSON values that a QMP client sends, and JSON texts that stand alone."""

from __future__ import annotations

from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.json import _reader
from qmp_iothreadd.json._reader import JSONReader as JSONReader, decode_lossy as decode_lossy

PENDING: Final = _reader.PENDING
"""What ``JSONReader.next()`` returns when the next message is not there yet, or not complete."""


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
