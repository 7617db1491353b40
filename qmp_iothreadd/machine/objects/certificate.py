"""What a certificate says of itself: when it is good, and what for. Bytes in, values out.

Enough of DER (X.690) and of RFC 5280 for that; signatures are the TLS library's to check.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

_PEM: Final = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.*?)"
    rb"-----END (?:X509 |TRUSTED )?CERTIFICATE-----",
    re.DOTALL,
)

# Tags
_BOOLEAN, _BIT_STRING, _OCTET_STRING, _OID = 0x01, 0x03, 0x04, 0x06
_UTC_TIME, _GENERALIZED_TIME, _SEQUENCE, _EXTENSIONS = 0x17, 0x18, 0x30, 0xA3
_VERSION = 0xA0

# Object identifiers, as they are encoded
_KEY_USAGE = bytes.fromhex("551d0f")
_BASIC_CONSTRAINTS = bytes.fromhex("551d13")
_EXTENDED_KEY_USAGE = bytes.fromhex("551d25")
ANY_PURPOSE: Final = bytes.fromhex("551d2500")
SERVER: Final = bytes.fromhex("2b06010505070301")
CLIENT: Final = bytes.fromhex("2b06010505070302")

DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, KEY_CERT_SIGN = 0x80, 0x20, 0x04

_Element = tuple[int, bytes]


class Certificate:
    """The fields of a certificate that decide what it may be used for.

    ``is_authority`` is None where the certificate does not say; ``usage`` has the bits of its first
    byte, ``purposes`` are encoded object identifiers, and both are None where there are no limits.
    """

    def __init__(self, der: bytes) -> None:
        """Raises:
        ValueError: this is no certificate.
        """
        body = _children(_one(_one(der, _SEQUENCE)[1], _SEQUENCE, rest=True)[1])
        if body and body[0][0] == _VERSION:
            del body[0]
        if len(body) < 6:
            raise ValueError("fields are missing")
        validity = _children(body[3][1])
        if len(validity) != 2:
            raise ValueError("no validity")
        self.not_before, self.not_after = map(_time, validity)
        self.is_authority: bool | None = None
        self.usage: int | None = None
        self.usage_is_critical = False
        self.purposes: frozenset[bytes] | None = None
        self.purposes_are_critical = False
        for tag, content in body[6:]:
            if tag == _EXTENSIONS:
                for _, extension in _children(_one(content, _SEQUENCE)[1]):
                    self._extend(_children(extension))

    def _extend(self, extension: list[_Element]) -> None:
        if len(extension) not in (2, 3):
            raise ValueError("not an extension")
        (_, name), (_, value) = extension[0], extension[-1]
        critical = len(extension) == 3 and extension[1][1] != b"\0"
        if name == _BASIC_CONSTRAINTS:
            members = _children(_one(value, _SEQUENCE)[1])
            self.is_authority = bool(members and members[0] == (_BOOLEAN, b"\xff"))
        elif name == _KEY_USAGE:
            bits = _one(value, _BIT_STRING)[1]
            self.usage = bits[1] if len(bits) > 1 else 0
            self.usage_is_critical = critical
        elif name == _EXTENDED_KEY_USAGE:
            found = _children(_one(value, _SEQUENCE)[1])
            self.purposes = frozenset(content for _, content in found)
            self.purposes_are_critical = critical


def certificates(pem: bytes) -> Iterator[Certificate]:
    """The certificates in a file.

    Raises:
        ValueError: one of them is none.
    """
    for found in _PEM.finditer(pem):
        try:
            der = binascii.a2b_base64(found[1])
        except binascii.Error as error:
            raise ValueError(str(error)) from None
        yield Certificate(der)


def _elements(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Tag, content and end of each element."""
    position = 0
    while position < len(data):
        if len(data) < position + 2:
            raise ValueError("cut off")
        tag, length = data[position], data[position + 1]
        position += 2
        if length & 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4 or len(data) < position + count:
                raise ValueError("bad length")
            length = int.from_bytes(data[position : position + count], "big")
            position += count
        if len(data) < position + length:
            raise ValueError("cut off")
        yield tag, data[position : position + length], position + length
        position += length


def _children(data: bytes) -> list[_Element]:
    return [(tag, content) for tag, content, _ in _elements(data)]


def _one(data: bytes, tag: int, *, rest: bool = False) -> _Element:
    """The first element, which has this tag; ``rest``: others may follow."""
    for found, content, end in _elements(data):
        if found != tag or (end != len(data) and not rest):
            break
        return found, content
    raise ValueError("not what is expected")


def _time(element: _Element) -> datetime:
    tag, content = element
    text = content.decode("ascii")
    if tag == _UTC_TIME:  # RFC 5280, 4.1.2.5.1
        text = ("20" if text < "50" else "19") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("not a time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
