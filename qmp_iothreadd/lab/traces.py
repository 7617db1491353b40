"""Recorded intervals: of an iothread's iterations, or from one request to the next."""

from __future__ import annotations

import errno
import os
from array import array
from collections.abc import Sequence
from io import BufferedReader
from typing import TYPE_CHECKING

from qmp_iothreadd.lab import trace_files
from qmp_iothreadd.lab.buffers import check_handlers, int64s, uint64s

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Trace:
    """Intervals of one iothread, in ns, and which of its handlers had an event after each.

    Attributes:
        intervals: a buffer of int64. As iterations (for `replay`) how long each took from its start
            to its events; as arrivals (for `simulate`) the time from one request to the next.
        handlers: how many there are.

    Args:
        events: a buffer of uint64, bit i for handler i; without it each step is an event of the
            only handler.

    Raises:
        ValueError, TypeError: buffers that do not fit each other, or are none.
    """

    __slots__ = ("_events", "handlers", "intervals")

    def __init__(
        self,
        intervals: Buffer | Sequence[int],
        events: Buffer | Sequence[int] | None = None,
        handlers: int = 1,
    ) -> None:
        self.intervals = int64s(intervals, "intervals")
        self.handlers = handlers
        self._events = None if events is None else uint64s(events, "events")
        check_handlers(handlers)
        if self._events is not None and len(self) != len(memoryview(self._events)):
            raise ValueError("there must be as many intervals as words of events")

    def __len__(self) -> int:
        return len(memoryview(self.intervals))

    def __repr__(self) -> str:
        return f"<Trace: {len(self)} steps, {self.handlers} handlers>"

    @property
    def events(self) -> Buffer:
        """A buffer of uint64, bit i for handler i, of each step."""
        return array("Q", [1]) * len(self) if self._events is None else self._events

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trace:
        """Read a file: of this format, mapped, or of one that `importing` knows.

        Where there is no such file, the name may be that of a trace of the corpus.

        Raises:
            OSError: it cannot be read. ValueError: it is none of these, says where.
        """
        name = os.fspath(path)
        with _opened(name) as file:
            if trace_files.is_trace(file):
                try:
                    return cls(*trace_files.mapped(file.fileno()))
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from None
            from qmp_iothreadd.lab import importing  # files of this format need none of it

            # Not opened again: what was read of a pipe is gone.
            return cls(*importing.loaded(file, name))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file that `load` maps into memory. Raises OSError; what was there stays then."""
        with trace_files.writing(path) as writer:
            writer.handlers = self.handlers
            writer.add(self.intervals, self._events)


def _opened(name: str) -> BufferedReader:
    try:
        return open(name, "rb")
    except FileNotFoundError:
        if "/" in name:
            raise
        from qmp_iothreadd.lab import corpus  # files need none of it

        if found := corpus.path(name):
            return open(found, "rb")
        known = ", ".join(corpus.names())
        message = f"no such file, and none of the traces that come with the lab ({known})"
        raise FileNotFoundError(errno.ENOENT, message, name) from None
