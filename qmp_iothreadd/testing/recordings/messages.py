"""A stream's bytes to messages, each with its value, and with its bytes where these say more.

A message is plain if its bytes are the usual spelling of its value: QEMU's own for what a server
sends, that of one of the common JSON writers for what a client sends. Only a plain one can be made
again from its value; of any other the bytes are kept.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.json.reader import PENDING, JSONReader

Value = dict[str, Any]

KEPT_MAX: Final = 8 << 20
"""Of a longer message, in bytes, no more than CUT_SIZE is kept."""
CUT_SIZE: Final = 4 << 10

TOKENS_AT_ONCE: Final = 4096
"""``MessageStream.take`` reads no more before others have their turn; some 5 ms."""

# Of brackets inside each other, in what is kept as a value.
_DEPTH_MAX: Final = 200

_SPACE: Final = b" \t\r\n"
_LINE_ENDS: Final = (b"", b"\n", b"\r\n")


@dataclass(frozen=True, slots=True)
class Message:
    """``value`` is None where it is no JSON object; ``raw`` is None where it is plain.

    ``size`` is set where ``raw`` is only the beginning of so many bytes. ``error`` is why a stream
    took it for no message.
    """

    value: Value | None
    raw: bytes | None = None
    size: int | None = None
    error: QmpError | None = field(default=None, compare=False)

    def sent_by_client(self) -> bytes:
        """The bytes, or some that mean the same where they are plain."""
        return self.raw if self.raw is not None else json.dumps(self.value).encode() + b"\n"

    def sent_by_server(self) -> bytes:
        """The bytes as they were."""
        return self.raw if self.raw is not None else qemu_spelling(self.value)


class MessageStream:
    """One direction of a connection: feed it bytes in any split, take messages.

    A message ends where QEMU's own reader ends it, with an error or without: what a server answers
    once is one message.
    """

    def __init__(self, *, of_server: bool) -> None:
        self._of_server = of_server
        self._reader = JSONReader()
        self._raw = bytearray()  # what was fed since the last message's end
        self._head = b""  # the beginning of a message that is too long, of which so much is
        self._lost = 0  # no longer in _raw

    @property
    def pending(self) -> bool:
        """Whether there are bytes that have not been looked at."""
        return self._reader.pending_bytes > 0

    def feed(self, data: bytes) -> None:
        """Add input."""
        self._reader.feed(data)
        self._raw += data

    def take(self) -> Message | None:
        """The next message; None where it is not complete, or too long to be read at once."""
        try:
            value = self._reader.next(TOKENS_AT_ONCE)
        except QmpError as error:
            return self._message(None, error)
        if value is PENDING:
            self._forget_what_is_too_long()
            return None
        return self._message(value if type(value) is dict else None, None)

    def rest(self) -> Message | None:
        """What the end of the connection cut off; None where that is only space."""
        data = bytes(self._raw)
        self._raw.clear()
        if self._lost:
            return self._cut(None, len(data))
        return Message(None, data) if data.strip(_SPACE) else None

    def _seen(self) -> int:
        """How many bytes of ``_raw`` the reader has looked at."""
        return max(0, len(self._raw) - self._reader.pending_bytes)

    def _message(self, value: Value | None, error: QmpError | None) -> Message:
        end = self._seen()
        while self._raw[end : end + 1] and self._raw[end] in _SPACE:
            end += 1
        data = bytes(self._raw[:end])
        del self._raw[:end]
        if self._lost or end > KEPT_MAX:
            self._head = self._head or data[:CUT_SIZE]
            return self._cut(value, end)
        plain = value is not None and self._is_plain(value, data)
        return Message(value, None if plain else data, error=error)

    def _forget_what_is_too_long(self) -> None:
        seen = self._seen()
        if seen > KEPT_MAX:
            self._head = self._head or bytes(self._raw[:CUT_SIZE])
            self._lost += seen
            del self._raw[:seen]

    def _cut(self, value: Value | None, size: int) -> Message:
        made = Message(value, self._head, self._lost + size)
        self._head, self._lost = b"", 0
        return made

    def _is_plain(self, value: Value, data: bytes) -> bool:
        text = data.strip(_SPACE)
        if not data.startswith(text) or data[len(text) :] not in _LINE_ENDS:
            return False
        if not is_json(value):
            return False
        return data == qemu_spelling(value) if self._of_server else text in _spellings(value)


_ESCAPE: Final = re.compile(r"\\(?:u[0-9a-f]{4}|.)")


def qemu_spelling(value: object) -> bytes:
    """A message as a monitor writes it, with members in the order that they have here.

    That order is QEMU's own where a monitor sent it, and each version has another. A double that
    QEMU writes with more digits is not plain.
    """
    text = json.dumps(value).replace("\x7f", "\\u007F")
    if "\\u" in text:
        text = _ESCAPE.sub(_upper, text)
    return text.encode() + b"\r\n"


def _upper(found: re.Match[str]) -> str:
    escape = found.group()
    return "\\u" + escape[2:].upper() if escape.startswith("\\u") else escape


def _spellings(value: Value) -> tuple[bytes, ...]:
    """How common writers of JSON spell a value: Python's, and those of Go, Node and libvirt."""
    tight = json.dumps(value, separators=(",", ":"))
    characters = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return json.dumps(value).encode(), tight.encode(), characters.encode()


_NO_ID: Final = object()


def id_of(value: Value | None) -> object:
    """The id of a message's value, equal for all that have none."""
    return _NO_ID if value is None else value.get("id", _NO_ID)


def is_json(value: Value) -> bool:
    """Whether a line of a recording can have it: no infinite number, not too deep."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return False
    return text.count("[") + text.count("{") <= _DEPTH_MAX or not _is_deep(value)


def _is_deep(value: object) -> bool:
    """Whether not each Python reads it: how deep they go depends on their version."""
    level: list[Any] = [value]
    for _ in range(_DEPTH_MAX):
        values = (each.values() if isinstance(each, dict) else each for each in level)
        level = [inner for each in values for inner in each if isinstance(inner, dict | list)]
        if not level:
            return False
    return True
