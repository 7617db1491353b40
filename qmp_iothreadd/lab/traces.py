"""Recorded intervals: read from what there is, kept in files that are mapped into memory.

A file of this format has a head of 32 bytes: ``qmp-lab1``, then three uint64, which are the number
of steps, that of handlers, and 0. Then it has an int64 per step, the interval in ns, then an uint64
per step, whose bit i says that handler i had an event. All are little-endian.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import mmap
import os
import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from qmp_iothreadd.iothread.trace_lines import ADJUST, parse_adjust
from qmp_iothreadd.lab._lab import HANDLERS_MAX
from qmp_iothreadd.lab.buffers import check_handlers, int64s, uint64s

if TYPE_CHECKING:
    from typing_extensions import Buffer

_MAGIC = b"qmp-lab1"
_HEAD = struct.Struct("<8sQQQ")
_WORD = 8


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Intervals of one iothread, in ns, and which of its handlers had an event after each.

    Attributes:
        intervals: a buffer of int64. As iterations (for `replay`) how long each took from its start
            to its events; as arrivals (for `simulate`) the time from one request to the next.
        events: a buffer of uint64, bit i for handler i.
        handlers: how many there are.

    Raises:
        ValueError, TypeError: buffers that do not fit each other, or are none.
    """

    intervals: Buffer | Sequence[int]
    events: Buffer | Sequence[int]
    handlers: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "intervals", int64s(self.intervals, "intervals"))
        object.__setattr__(self, "events", uint64s(self.events, "events"))
        check_handlers(self.handlers)
        if len(self) != len(_view(self.events)):
            raise ValueError("there must be as many intervals as words of events")

    def __len__(self) -> int:
        return len(_view(self.intervals))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trace:
        """Read a file: of this format, a log of x_aio_adjust, or one number of ns a line.

        Raises:
            OSError: it cannot be read. ValueError: it is none of these, says where.
        """
        name = os.fspath(path)
        with open(name, "rb") as file:
            if file.peek(len(_MAGIC))[: len(_MAGIC)] == _MAGIC:
                return _mapped(file.fileno(), name)
            # Not opened again: what was read of a pipe is gone.
            return _of_text(io.TextIOWrapper(file, encoding="utf-8", errors="replace"), name)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file that `load` maps into memory. Raises OSError; what was there stays then.

        What was there may be mapped, as this trace or another: it is replaced, not overwritten.
        """
        target = os.path.realpath(path)
        if os.path.exists(target) and not os.path.isfile(target):
            self._write(target)  # a pipe, or a device
            return
        try:
            self._write(f"{target}.new")
            os.replace(f"{target}.new", target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(f"{target}.new")
            raise

    def _write(self, name: str) -> None:
        with open(name, "wb") as file:
            file.write(_HEAD.pack(_MAGIC, len(self), self.handlers, 0))
            for words in (self.intervals, self.events):
                file.write(_little(_view(words)))


def _view(words: Buffer | Sequence[int]) -> memoryview:
    """Of what is a buffer since the trace was made."""
    return memoryview(words)  # type: ignore[arg-type]


def _little(words: memoryview) -> memoryview:
    if sys.byteorder == "little":
        return words
    swapped = array("Q", words.tobytes())
    swapped.byteswap()
    return memoryview(swapped)


def _mapped(descriptor: int, name: str) -> Trace:
    size = os.fstat(descriptor).st_size
    if size < _HEAD.size:
        raise ValueError(f"{name}: it is cut off within its head")
    mapped = memoryview(mmap.mmap(descriptor, 0, prot=mmap.PROT_READ))
    _, steps, handlers, _ = _HEAD.unpack(mapped[: _HEAD.size])
    if size != _HEAD.size + 2 * _WORD * steps:
        raise ValueError(f"{name}: {steps} steps take another size than its {size} bytes")
    middle = _HEAD.size + _WORD * steps
    intervals, events = mapped[_HEAD.size : middle], mapped[middle:]
    try:
        return Trace(_little(intervals.cast("q")), _little(events.cast("Q")), handlers)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _of_text(lines: Iterable[str], name: str) -> Trace:
    intervals, events = array("q"), array("Q")
    nodes: dict[tuple[int, int], int] = {}
    for number, line in enumerate(lines, 1):
        try:
            step = _step(line, nodes)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{name}:{number}: {error}") from None
        if step is not None:
            intervals.append(step[0])
            events.append(step[1])
    if not intervals:
        raise ValueError(
            f"{name}: no intervals in it: expected numbers of ns, or lines of {ADJUST}, which a"
            f" daemon writes with -trace {ADJUST} -D FILE"
        )
    return Trace(intervals, events, max(len(nodes), 1))


def _step(line: str, nodes: dict[tuple[int, int], int]) -> tuple[int, int] | None:
    """An interval and its events; None for a line of something else."""
    if f"{ADJUST} " in line:
        adjustment = parse_adjust(line)
        events = 0
        for handler in adjustment.handlers:
            index = nodes.setdefault((adjustment.ctx, handler.node), len(nodes))
            events |= handler.event << index
        if len({ctx for ctx, _ in nodes}) > 1:
            raise ValueError("a second iothread: a trace is of one, so let others not poll")
        if len(nodes) > HANDLERS_MAX:
            raise ValueError(f"more than {HANDLERS_MAX} handlers")
        return adjustment.block_ns, events
    text = line.partition("#")[0].strip()
    if not text or nodes:
        return None  # between the lines of a log there may be others
    if not text.isdecimal():
        if " " in text:
            return None  # a log, before its first line of this event
        raise ValueError(f"expected a number of ns, not {text!r}")
    value = int(text)
    if value >= 1 << 63:
        raise ValueError("a number of ns is below 2^63")
    return value, 1
