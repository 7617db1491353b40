"""Base64 as QEMU takes it: its characters are checked, then it is read as leniently as by GLib.

The parts of QEMU that show it are util/base64.c and GLib's gbase64.
"""

from __future__ import annotations

import binascii
import re

from qmp_iothreadd import errors

_TEXT = re.compile(r"[A-Za-z0-9+/=\n]*")


def decode(text: str) -> bytes:
    """The bytes that a text stands for; characters at the end that are less than four are nothing.

    Raises:
        QmpError: a character that Base64 does not have.
    """
    if _TEXT.fullmatch(text) is None:
        raise errors.base64_invalid()
    digits = text.replace("\n", "")
    digits = digits[: len(digits) // 4 * 4]
    if "=" not in digits[:-2] and not digits.endswith("=", 0, -1):
        return binascii.a2b_base64(digits)
    return b"".join([_quad(digits[i : i + 4]) for i in range(0, len(digits), 4)])


def _quad(digits: str) -> bytes:
    """Three bytes, but for those that an ``=`` at their place leaves out; elsewhere it is zero."""
    data = binascii.a2b_base64(digits.replace("=", "A"))
    second = b"" if digits[2] == "=" else data[1:2]
    third = b"" if digits[3] == "=" else data[2:3]
    return data[:1] + second + third
