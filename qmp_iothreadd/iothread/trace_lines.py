"""Trace records as lines of the log, and lines of the event ``x_aio_adjust`` read back.

Lines are QEMU's: the event's name, then each argument after its name. Imported when there is
something to write or to read, for it loads the extension.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from qmp_iothreadd.iothread._engine import ACTIONS, POLICIES, PollParams

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import Action

ADJUST = "x_aio_adjust"

_FORMATS = {
    "poll_grow": "poll_grow ctx 0x%x old %d new %d",
    "poll_shrink": "poll_shrink ctx 0x%x old %d new %d",
    "poll_add": "poll_add ctx 0x%x node 0x%x fd %d revents 0x%x",
    "poll_remove": "poll_remove ctx 0x%x node 0x%x fd %d",
    "run_poll_handlers_begin": "run_poll_handlers_begin ctx 0x%x max_ns %d timeout %d",
    "run_poll_handlers_end": "run_poll_handlers_end ctx 0x%x progress %d new timeout %d",
}

# What a line of x_aio_adjust says, and what it says of each handler after that.
ADJUST_NAMES = (
    *("ctx", "block_ns", "policy"),
    *PollParams._fields,
    *("old", "new", "action", "handlers"),
)
HANDLER_NAMES = ("node", "fd", "event", "old", "new")
_CONVERSIONS = {"ctx": "0x%x", "node": "0x%x", "policy": "%s", "action": "%s"}


def _format(names: tuple[str, ...]) -> str:
    return "".join(f" {name} {_CONVERSIONS.get(name, '%d')}" for name in names)


_ADJUST_FORMAT = ADJUST + _format(ADJUST_NAMES)
_HANDLER_FORMAT = _format(HANDLER_NAMES)


class HandlerStep(NamedTuple):
    """What a decision did to one handler: whether it had an event, its ns before and after."""

    node: int
    fd: int
    event: bool
    ns_before: int
    ns_after: int


class Adjustment(NamedTuple):
    """A decision of adaptive polling: what it was based on, and how it came out."""

    ctx: int
    block_ns: int
    policy: str
    params: PollParams
    poll_ns_before: int
    poll_ns_after: int
    action: Action
    handlers: tuple[HandlerStep, ...]


def iso8601(time_ns: int) -> str:
    """A time in ns since 1970 to the microsecond, as QEMU's messages begin."""
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


def parse_adjust(line: str) -> Adjustment:
    """The decision that a line of ``x_aio_adjust`` tells, with or without a time before it.

    Raises:
        ValueError: it is no such line, or is not whole.
    """
    event, *words = line[max(line.find(ADJUST), 0) :].split() or [""]
    if event != ADJUST:
        raise ValueError(f"not a line of {ADJUST}: {line!r}")
    fixed = 2 * len(ADJUST_NAMES)
    ctx, block_ns, policy, *rest = _values(words[:fixed], ADJUST_NAMES)
    *params, before, after, action, count = rest
    handlers = tuple(_handlers(words[fixed:]))
    if policy not in POLICIES or action not in ACTIONS or len(handlers) != int(count):
        raise ValueError(f"not a line of {ADJUST}: {line!r}")
    return Adjustment(
        int(ctx, 16),
        int(block_ns),
        policy,
        PollParams._make(map(int, params)),
        int(before),
        int(after),
        action,
        handlers,
    )


def _values(words: list[str], names: tuple[str, ...]) -> list[str]:
    """The values of ``NAME VALUE NAME VALUE …``, which must have these names."""
    if tuple(words[::2]) != names or len(words) != 2 * len(names):
        raise ValueError(f"expected the arguments {', '.join(names)}")
    return words[1::2]


def _handlers(words: list[str]) -> Iterator[HandlerStep]:
    for start in range(0, len(words), 2 * len(HANDLER_NAMES)):
        of_one = words[start : start + 2 * len(HANDLER_NAMES)]
        node, fd, event, before, after = _values(of_one, HANDLER_NAMES)
        yield HandlerStep(int(node, 16), int(fd), event == "1", int(before), int(after))
