"""Numbers and booleans in options, read as QEMU's util/cutils.c does by strtoll and strtod.

White space is skipped before a number, never after it. Each function returns None for a text
that is not, as a whole, a value of its kind, or that lies outside of the kind's range.
"""

from __future__ import annotations

import math
import re

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
UINT64_MAX = 2**64 - 1

# No 64-bit number has more, in any base. Python's own conversion is quadratic, and refuses long
# texts.
_MAX_DIGITS = 64
_HUGE = 2**70

_SPACE = r"[ \t\n\v\f\r]*"
# Not compiled before they are needed: the greeting waits for what starting up compiles.
_INTEGER = _SPACE + r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0([0-7]*)|([1-9][0-9]*))"
_SIZE = _SPACE + r"\+?(?:0[xX]([0-9a-fA-F]+)|([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))([bkmgtpeBKMGTPE]?)"
_DECIMAL = _SPACE + r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_HEXADECIMAL = (
    _SPACE + r"[+-]?0[xX](?:[0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?"
)

_TRUE = frozenset(("on", "yes", "true", "y"))
_FALSE = frozenset(("off", "no", "false", "n"))


def scan(text: str, start: int = 0) -> tuple[int, int] | None:
    """The integer at ``start`` and where it ends, or None where there is none.

    The base shows in the prefix: ``0x``, ``0b``, ``0`` for octal. A number beyond 64 bits stays
    beyond them, but need not be exact.
    """
    found = re.compile(_INTEGER).match(text, start)
    if found is None:
        return None
    sign, hexadecimal, binary, octal, decimal = found.groups()
    if hexadecimal is not None:
        value = _convert(hexadecimal, 16)
    elif binary is not None:
        value = _convert(binary, 2)
    elif octal is not None:
        value = _convert(octal, 8)
    else:
        value = _convert(decimal, 10)
    return (-value if sign == "-" else value), found.end()


def _convert(digits: str, base: int) -> int:
    digits = digits.lstrip("0")
    if len(digits) > _MAX_DIGITS:
        return _HUGE
    return int(digits, base) if digits else 0


def int64(text: str) -> int | None:
    """A signed 64-bit integer."""
    found = scan(text)
    if found is None or found[1] != len(text) or not INT64_MIN <= found[0] <= INT64_MAX:
        return None
    return found[0]


def uint64(text: str) -> int | None:
    """An unsigned 64-bit integer. A minus sign negates modulo 2**64, as it does in C."""
    found = scan(text)
    if found is None or found[1] != len(text) or abs(found[0]) > UINT64_MAX:
        return None
    return found[0] & UINT64_MAX


def size(text: str, base: int = 1024) -> int | None:
    """A size in bytes: decimal or ``0x``, with a suffix of ``BKMGTPE`` (powers of ``base``).

    A fraction is allowed where a suffix scales it to bytes: ``1.5k``.
    """
    found = re.fullmatch(_SIZE, text)
    if found is None:
        return None
    hexadecimal, whole, fraction, bare_fraction, suffix = found.groups()
    fraction = fraction or bare_fraction or ""
    unit = base ** "bkmgtpe".index(suffix.lower()) if suffix else 1
    if fraction.strip("0") and unit == 1:
        return None
    value = (_convert(hexadecimal, 16) if hexadecimal else _convert(whole or "", 10)) * unit
    if fraction:
        value += int(float("0." + fraction[:_MAX_DIGITS]) * unit + 0.5)
    return value if value <= UINT64_MAX else None


def is_size(text: str) -> bool:
    """Whether ``size`` would read it, were it not for how large it may be."""
    return re.fullmatch(_SIZE, text) is not None


def number(text: str) -> float | None:
    """A finite floating-point number, decimal or hexadecimal."""
    if re.fullmatch(_HEXADECIMAL, text):
        try:
            return float.fromhex(text.strip())
        except OverflowError:
            return None
    if re.fullmatch(_DECIMAL, text):
        value = float(text)
        return value if math.isfinite(value) else None
    return None


def boolean(text: str) -> bool | None:
    """``on`` or ``off``, or one of their synonyms."""
    if text in _TRUE:
        return True
    return False if text in _FALSE else None
