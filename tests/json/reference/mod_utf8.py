"""Modified UTF-8, the encoding of strings inside QEMU: UTF-8 in which ``C0 80`` stands for NUL.

Noncharacters (U+FDD0 to U+FDEF and the last two code points of every plane) are no characters here,
nor are surrogates. The part of QEMU that shows all this is util/unicode.
"""

from __future__ import annotations

import re

_NUL = b"\xc0\x80"
_REPLACEMENT = "\ufffd".encode()

_NONCHARACTER = re.compile(
    "[\ufdd0-\ufdef"
    + "".join(chr((plane << 16) + low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)

# What a decoder takes for one sequence: a lead byte and as many continuation bytes as it asks for,
# or fewer where they run out. UTF-8 has no forms of five and six bytes any more, but
# util/unicode still takes each for one sequence.
_SEQUENCE = re.compile(
    rb"[\xc0-\xdf][\x80-\xbf]?|[\xe0-\xef][\x80-\xbf]{,2}|[\xf0-\xf7][\x80-\xbf]{,3}"
    rb"|[\xf8-\xfb][\x80-\xbf]{,4}|[\xfc\xfd][\x80-\xbf]{,5}|[\x80-\xbf\xfe\xff]"
)


def is_character(code_point: int) -> bool:
    """Whether ``code_point`` is one that a string may hold."""
    if not 0 <= code_point <= 0x10FFFF or 0xD800 <= code_point <= 0xDFFF:
        return False
    return code_point & 0xFFFE != 0xFFFE and not 0xFDD0 <= code_point <= 0xFDEF


def decode(data: bytes) -> str:
    """The text of ``data``, which holds no NUL byte; raises ValueError where it is malformed."""
    if data.isascii():
        return data.decode("ascii")
    text = data.replace(_NUL, b"\0").decode("utf-8")
    if _NONCHARACTER.search(text):
        raise ValueError("noncharacter")
    return text


def decode_lossy(data: bytes) -> str:
    """The text of a C string that QEMU prints: up to a NUL, U+FFFD for a malformed sequence."""
    return _SEQUENCE.sub(_legible, data.partition(b"\0")[0]).decode("utf-8")


def _legible(sequence: re.Match[bytes]) -> bytes:
    data = sequence.group()
    if data == _NUL:
        return b"\0"
    try:
        decode(data)
    except ValueError:
        return _REPLACEMENT
    return data
