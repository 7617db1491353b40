"""Trace events of the engine: which are on, and their way to the log.

Iothreads write records into rings, one for each; ``TraceLog`` takes them out from time to time
and writes them as QEMU does, one line for each record.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from qmp_iothreadd.iothread import standard_error

if TYPE_CHECKING:
    from typing import Protocol

    from qmp_iothreadd.iothread._engine import AioContext
    from qmp_iothreadd.iothread.recording import Recording

    class Timer(Protocol):
        """What is due later, as asyncio's loops return it."""

        def cancel(self) -> None:
            """It is not wanted any more."""


# A ring holds some 3,000 records of the largest kind that is common.
DRAIN_INTERVAL_S = 0.02
# So many are written at a time, so that no client waits long for the log; the next follow soon.
DRAIN_LIMIT = 1000
DRAIN_SOON_S = 0.001
# All that a ring holds: 16,384 of the smallest records. Its thread may go on meanwhile.
_DRAINS_MAX = 17
_RECORDED = frozenset({"x_aio_adjust"})


class TraceLog:
    """Turns events on and off, and writes what the iothreads attached to it traced.

    Which events are on is one state for the whole process. ``write`` takes whole lines; it may
    return how many of them, the last ones, it had to drop.
    ``call_later(seconds, function)`` is the event loop's: the rings are drained by a timer, which
    exists only while events are on and iothreads attached. Without it, ``drain`` is called by hand.
    ``timestamps``: lines begin with the time.
    """

    def __init__(self) -> None:
        self.enabled: frozenset[str] = frozenset()
        self._traced = self.enabled  # those, and what recordings need
        self.write: Callable[[str], int | None] = standard_error.write_lines
        self.timestamps = False
        self.call_later: Callable[[float, Callable[[], None]], Timer] | None = None
        # Each with the number of its records that are known to be lost.
        self._contexts: dict[AioContext, int] = {}
        self._recordings: dict[AioContext, Recording] = {}
        self._has_recorded = False
        self._timer: Timer | None = None
        self._unwritten = 0  # lines dropped since one was last written

    def states(self, text: str) -> list[tuple[str, bool]]:
        """The events that a name or pattern fits, and whether they are on.

        Raises:
            QmpError: a name that no event has.
        """
        from qmp_iothreadd.iothread.trace_events import existing_events  # only where asked for

        return [(name, name in self.enabled) for name in existing_events(text)]

    def set_state(self, text: str, enable: bool) -> None:
        """Turn the events that a name or pattern fits on or off.

        Raises:
            QmpError: a name that no event has.
        """
        from qmp_iothreadd.iothread.trace_events import existing_events  # only where asked for

        found = existing_events(text)
        self._enable(self.enabled.union(found) if enable else self.enabled.difference(found))

    def attach(self, context: AioContext) -> None:
        """Write what this context traces from now on."""
        self._contexts[context] = 0
        self._schedule(DRAIN_INTERVAL_S)

    def detach(self, context: AioContext) -> None:
        """Write the last of what a context traced; its thread has ended."""
        if self.enabled or context in self._recordings:
            self._drain_ring(context)
        if context in self._recordings:
            self._end_recording(context)
        del self._contexts[context]

    def record(self, context: AioContext, recording: Recording) -> None:
        """Write the decisions of an attached context to a file, and nothing of it to the log."""
        self._drain([context])  # what is older is the log's
        self._recordings[context] = recording
        self._has_recorded = True
        self._enable(self.enabled)
        self._schedule(DRAIN_INTERVAL_S)

    def is_recorded(self, context: AioContext) -> bool:
        """Whether its decisions go to a file."""
        return context in self._recordings

    def stop_recording(self, context: AioContext) -> Recording:
        """Write the rest to the file, and close it."""
        self._drain_ring(context)
        return self._end_recording(context)

    def _end_recording(self, context: AioContext) -> Recording:
        recording = self._recordings.pop(context)
        recording.close()
        self._enable(self.enabled)
        return recording

    def drain(self) -> bool:
        """Write what was traced since the last time; whether there may be more already."""
        return self._drain(self._contexts)

    def close(self) -> None:
        """Turn everything off. Contexts were detached."""
        self._enable(frozenset())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _enable(self, names: frozenset[str]) -> None:
        traced = names | _RECORDED if self._recordings else names
        self.enabled = names
        if traced == self._traced:
            return
        from qmp_iothreadd.iothread._engine import set_trace_events  # see trace_events

        self._traced = traced
        set_trace_events(traced)
        self._schedule(DRAIN_INTERVAL_S)

    def _schedule(self, seconds: float) -> None:
        if self._traced and self._contexts and self.call_later and self._timer is None:
            self._timer = self.call_later(seconds, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        more = self.drain()
        self._schedule(DRAIN_SOON_S if more else DRAIN_INTERVAL_S)

    def _drain_ring(self, context: AioContext) -> None:
        for _ in range(_DRAINS_MAX):
            if not self._drain([context]):
                return

    def _drain(self, contexts: Iterable[AioContext]) -> bool:
        from qmp_iothreadd.iothread import trace_lines  # the greeting need not wait for it

        lines: list[tuple[int, str]] = []
        more = False
        for context in contexts:
            lost = context.traces_dropped - self._contexts[context]
            self._contexts[context] += lost
            if context in self._recordings:
                more |= self._drain_to_file(context, self._recordings[context], lost)
                continue
            address = context.address
            records = context.drain_traces(DRAIN_LIMIT)
            more |= len(records) == DRAIN_LIMIT
            if self._has_recorded:  # others' recordings made this thread trace, too
                records = [record for record in records if record[1] in self.enabled]
            lines += [(record[0], trace_lines.format_record(address, record)) for record in records]
            if lost and self.enabled:  # else others' recordings alone made it trace
                lines.append((time.time_ns(), f"x_trace_dropped ctx 0x{address:x} count {lost}"))
        if lines:
            lines.sort(key=lambda line: line[0])
            self._write(lines)
        return more

    def _drain_to_file(self, context: AioContext, recording: Recording, lost: int) -> bool:
        records, count, taken = context.drain_raw_traces(DRAIN_LIMIT)
        recording.dropped += lost
        recording.write(records, count)
        return taken == DRAIN_LIMIT

    def _write(self, lines: list[tuple[int, str]]) -> None:
        """Write lines, each with its time; before them, how many had to be dropped before."""
        from qmp_iothreadd.iothread import trace_lines

        noticed = self._unwritten
        if noticed:
            lines = [(lines[0][0], f"x_trace_dropped ctx 0x0 count {noticed}"), *lines]
        if self.timestamps:
            dated = [f"{trace_lines.iso8601(ns)} {text}\n" for ns, text in lines]
        else:
            dated = [f"{text}\n" for _, text in lines]
        with contextlib.suppress(OSError):  # a full disk does not stop the daemon
            dropped = self.write("".join(dated)) or 0
            told = not noticed or dropped < len(lines)
            self._unwritten = dropped if told else noticed + dropped - 1
