"""Trace events of the engine: which are on, and their way to the log.

Iothreads write records into rings of their own; ``TraceLog`` takes them out from time to time and
writes them as QEMU does, a line a record.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors

if TYPE_CHECKING:
    from typing import Protocol

    from qmp_iothreadd.iothread._engine import AioContext

    class Timer(Protocol):
        """What is due later, as asyncio's loops return it."""

        def cancel(self) -> None:
            """It is not wanted any more."""


# A ring holds some 3,000 records of the largest kind that is common.
DRAIN_INTERVAL_S = 0.02
# So many are written at a time, lest clients wait for the log; the next ones follow soon.
DRAIN_LIMIT = 1000
DRAIN_SOON_S = 0.001

ADJUST = "x_aio_adjust"

_FORMATS = {
    "poll_grow": "poll_grow ctx 0x%x old %d new %d",
    "poll_shrink": "poll_shrink ctx 0x%x old %d new %d",
    "poll_add": "poll_add ctx 0x%x node 0x%x fd %d revents 0x%x",
    "poll_remove": "poll_remove ctx 0x%x node 0x%x fd %d",
    "run_poll_handlers_begin": "run_poll_handlers_begin ctx 0x%x max_ns %d timeout %d",
    "run_poll_handlers_end": "run_poll_handlers_end ctx 0x%x progress %d new timeout %d",
}
# Read back in traces.py.
_ADJUST_FORMAT = (
    f"{ADJUST} ctx 0x%x block_ns %d policy %s max_ns %d grow %d shrink %d weight %d "
    "old %d new %d action %s handlers %d"
)
_HANDLER_FORMAT = " node 0x%x fd %d event %d old %d new %d"


def event_names() -> tuple[str, ...]:
    """All events that there are."""
    # The extension is loaded when somebody traces: the greeting need not wait for it.
    from qmp_iothreadd.iothread._engine import TRACE_EVENTS

    return TRACE_EVENTS


def is_pattern(text: str) -> bool:
    """Whether ``text`` may fit several events; it need not fit any then."""
    return "*" in text


def matching_events(text: str) -> list[str]:
    """The events that a name or a pattern fits: ``*`` is any characters, and ``?`` any one."""
    if not is_pattern(text):
        return [name for name in event_names() if name == text]
    wildcards = {"*": ".*", "?": "."}
    expression = re.compile(
        "".join(wildcards.get(char) or re.escape(char) for char in text), re.DOTALL
    )
    return [name for name in event_names() if expression.fullmatch(name)]


class TraceLog:
    """Turns events on and off, and writes what the iothreads attached to it traced.

    Which events are on is one state for the whole process. ``write`` takes whole lines.
    ``call_later(seconds, function)`` is the event loop's: the rings are drained by a timer, which
    exists only while events are on and iothreads attached. Without it, ``drain`` is called by hand.
    ``timestamps``: lines begin with the time.
    """

    def __init__(self) -> None:
        self.enabled: frozenset[str] = frozenset()
        self.write: Callable[[str], object] = _write_to_stderr
        self.timestamps = False
        self.call_later: Callable[[float, Callable[[], None]], Timer] | None = None
        # Each with the number of its records that are known to be lost.
        self._contexts: dict[AioContext, int] = {}
        self._timer: Timer | None = None

    def states(self, text: str) -> list[tuple[str, bool]]:
        """The events that a name or pattern fits, and whether they are on.

        Raises:
            QmpError: a name that no event has.
        """
        return [(name, name in self.enabled) for name in _existing_events(text)]

    def set_state(self, text: str, enable: bool) -> None:
        """Turn the events that a name or pattern fits on or off.

        Raises:
            QmpError: a name that no event has.
        """
        found = _existing_events(text)
        self._enable(self.enabled.union(found) if enable else self.enabled.difference(found))

    def attach(self, context: AioContext) -> None:
        """Write what this context traces from now on."""
        self._contexts[context] = 0
        self._schedule(DRAIN_INTERVAL_S)

    def detach(self, context: AioContext) -> None:
        """Write the last of what a context traced; its thread has ended."""
        if self.enabled:
            while self._drain([context]):
                pass
        del self._contexts[context]

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
        if names == self.enabled:
            return
        from qmp_iothreadd.iothread._engine import set_trace_events  # see event_names

        self.enabled = names
        set_trace_events(names)
        self._schedule(DRAIN_INTERVAL_S)

    def _schedule(self, seconds: float) -> None:
        if self.enabled and self._contexts and self.call_later and self._timer is None:
            self._timer = self.call_later(seconds, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        more = self.drain()
        self._schedule(DRAIN_SOON_S if more else DRAIN_INTERVAL_S)

    def _drain(self, contexts: Iterable[AioContext]) -> bool:
        lines: list[tuple[int, str]] = []
        more = False
        for context in contexts:
            address = context.address
            records = context.drain_traces(DRAIN_LIMIT)
            lines += [(record[0], format_record(address, record)) for record in records]
            more |= len(records) == DRAIN_LIMIT
            lost = context.traces_dropped - self._contexts[context]
            if lost:
                self._contexts[context] += lost
                lines.append((time.time_ns(), f"x_trace_dropped ctx 0x{address:x} count {lost}"))
        if lines:
            lines.sort(key=lambda line: line[0])
            with contextlib.suppress(OSError):  # a full disk does not stop the daemon
                self.write("".join(self._dressed(lines)))
        return more

    def _dressed(self, lines: Iterable[tuple[int, str]]) -> Iterator[str]:
        if not self.timestamps:
            return (f"{text}\n" for _, text in lines)
        return (f"{iso8601(time_ns)} {text}\n" for time_ns, text in lines)


def _existing_events(text: str) -> list[str]:
    found = matching_events(text)
    if not found and not is_pattern(text):
        raise errors.unknown_trace_event(text)
    return found


def _write_to_stderr(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def iso8601(time_ns: int) -> str:
    """A time in ns since 1970 to the microsecond, as messages of QEMU's begin."""
    seconds, rest = divmod(time_ns, 10**9)
    microseconds = rest // 1000
    fraction = f".{microseconds:06d}" if microseconds else ""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}{fraction}Z"


def format_record(address: int, record: tuple[Any, ...]) -> str:
    """A record of the context at ``address``, as AioContext.drain_traces gives it, as a line."""
    _, name, *values = record
    if name != ADJUST:
        return _FORMATS[name] % (address, *values)
    block_ns, policy, params, before, after, action, handlers = values
    fixed = (address, block_ns, policy, *params, before, after, action, len(handlers))
    return _ADJUST_FORMAT % fixed + "".join([_HANDLER_FORMAT % handler for handler in handlers])
