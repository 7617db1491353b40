"""Sizes for people: ``1 MiB``, as QEMU's util/cutils.c writes them."""

from __future__ import annotations

import math
from typing import Final

_UNITS: Final = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


def size_text(size: int) -> str:
    """Three digits of ``size``, in bytes, and a unit of which there are less than 1000."""
    _, exponent = math.frexp(size / (1000 / 1024))
    power = max(exponent - 1, 0) // 10
    return f"{size / (1 << power * 10):.3g} {_UNITS[power]}B"
