"""Arrays that users bring (numpy's, `array`, a mapped file), and of how many handlers they tell."""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qmp_iothreadd.lab._lab import HANDLERS_MAX
from qmp_iothreadd.lab.checks import check_integer

if TYPE_CHECKING:
    from typing_extensions import Buffer

_TYPES = {"q": ("int64", "qln"), "Q": ("uint64", "QLN")}
# Memory without a type of its own. What has one, as numpy's arrays of bytes, stays what it is.
_RAW = (bytes, bytearray, mmap.mmap)


def int64s(values: Buffer | Sequence[int], name: str) -> Buffer:
    """As int64, without a copy where it is a buffer of them already, or memory (a mapped file).

    Raises:
        TypeError: it is a buffer of something else, or has something else than integers.
        ValueError: it is not contiguous, has more than one dimension, or memory of half a number.
        OverflowError: a number that does not fit.
    """
    return _numbers(values, name, "q")


def uint64s(values: Buffer | Sequence[int], name: str) -> Buffer:
    """As uint64; otherwise like `int64s`."""
    return _numbers(values, name, "Q")


def check_handlers(handlers: int) -> None:
    """Raises TypeError, ValueError: words of events are not of so many handlers."""
    check_integer("handlers", handlers, 1, HANDLERS_MAX)


def _numbers(values: Buffer | Sequence[int], name: str, code: str) -> Buffer:
    wanted, formats = _TYPES[code]
    try:
        view = memoryview(values)  # type: ignore[arg-type]
    except TypeError:
        return array(code, values)  # type: ignore[arg-type]
    if view.format == "B" and isinstance(view.obj, _RAW) and view.contiguous and view.ndim == 1:
        if view.nbytes % 8:
            raise ValueError(f"{name} must be {wanted}s of 8 bytes, not {view.nbytes} bytes")
        return view.cast(code)  # type: ignore[call-overload,no-any-return]
    if view.itemsize != 8 or view.format.lstrip("@=<") not in formats:
        raise TypeError(f"{name} must be a buffer of {wanted}, not of {view.format!r}")
    if view.ndim != 1 or not view.c_contiguous:
        raise ValueError(f"{name} must be contiguous, and have one dimension")
    return view
