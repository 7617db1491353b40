"""The human monitor's text.

Inside the daemon a line is ``str``, in which a byte that is not UTF-8 is a surrogate escape: what
was typed comes back as it was. Lines end with LF inside and with CRLF outside.
"""

from __future__ import annotations

from typing import Final

SPACE: Final = " \t\n\v\f\r"
"""White space in the C locale."""


def decode(data: bytes) -> str:
    """Bytes that a client typed."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes that a client is to see, one for one."""
    return text.encode("utf-8", "surrogateescape")


def to_terminal(text: str) -> bytes:
    """What was printed, as a terminal gets it."""
    return encode(text).replace(b"\n", b"\r\n")


def from_json(text: str) -> str:
    """A string of a QMP command: inside QEMU, NUL is two bytes (util/unicode)."""
    return decode(text.encode().replace(b"\0", b"\xc0\x80")) if "\0" in text else text


def to_json(text: str) -> str:
    """What was printed, as a string for a QMP reply."""
    data = to_terminal(text)
    if data.isascii():
        return data.decode("ascii")
    from qmp_iothreadd.json.reader import decode_lossy

    return decode_lossy(data)


def first_byte(text: str) -> str:
    """The first byte of a text that is not empty: C prints bytes, not characters."""
    return decode(encode(text[0])[:1])


def skip_space(text: str, position: int) -> int:
    """The position of the first character at ``position`` or later that is not white space."""
    while position < len(text) and text[position] in SPACE:
        position += 1
    return position
