"""What importers share: lines with their numbers, what is asked for, and where steps go."""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from typing_extensions import Buffer

BLOCK = 1 << 20
"""So many bytes are read at a time. No line is longer."""
_TOGETHER = 1 << 14
INT64_MAX = (1 << 63) - 1


@dataclasses.dataclass(frozen=True)
class Choice:
    """What is wanted of a text that has more.

    Attributes:
        events: for each handler the names of its events; empty: all, and they are one handler's.
        thread: of the thread with this id; None: of the only one.
        take: of fio's logs ``latency``, or ``issue``: times between requests.
    """

    events: tuple[tuple[str, ...], ...] = ()
    thread: int | None = None
    take: str = "latency"


class Target(Protocol):
    """What takes steps: a file, or memory."""

    handlers: int

    def add(self, intervals: Buffer, events: Buffer | None = None) -> None:
        """More steps: int64, and as many uint64."""


class Steps:
    """Gathers steps, and hands them on many at a time."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.count = 0
        self._intervals, self._events = array("q"), array("Q")

    def add(self, interval: int, events: int = 1) -> None:
        """One more. Raises ValueError: no interval that fits."""
        if not 0 <= interval <= INT64_MAX:
            raise ValueError(f"an interval is from 0 to 2^63 - 1 ns, not {interval}")
        self._intervals.append(interval)
        self._events.append(events)
        self.count += 1
        if len(self._intervals) >= _TOGETHER:
            self.flush()

    def add_many(self, intervals: array[int]) -> None:
        """Of the only handler."""
        self.target.add(intervals)
        self.count += len(intervals)

    def flush(self) -> None:
        """Hand on what is left."""
        if self._intervals:
            self.target.add(self._intervals, self._events)
            self._intervals, self._events = array("q"), array("Q")


class Lines:
    """The lines of a file, without their ends.

    Attributes:
        head: what the file begins with, a block at most.
        number: that of the last line, from 1.
        ended: whether there are no more.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.number = 0
        self.ended = False
        self._file = file
        self.head = file.read(BLOCK)

    def blocks(self) -> Iterator[bytes]:
        """Some whole lines at a time. Raises ValueError: one without end; OSError."""
        block, rest = self.head, b""
        while block:
            whole, newline, rest = (rest + block).rpartition(b"\n")
            if newline:
                yield whole + newline
            if len(rest) > BLOCK:
                raise ValueError(f"a line is longer than {BLOCK} bytes")
            block = self._file.read(BLOCK)
        if rest:
            yield rest
        self.ended = True

    def raw(self) -> Iterator[bytes]:
        """What a file has that is no text, some of it at a time."""
        block = self.head
        while block:
            yield block
            block = self._file.read(BLOCK)
        self.ended = True

    def __iter__(self) -> Iterator[bytes]:
        for block in self.blocks():
            lines = block.split(b"\n")
            if not lines[-1]:
                lines.pop()
            for line in lines:
                self.number += 1
                yield line
