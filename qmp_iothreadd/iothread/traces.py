"""Decisions of adaptive polling, read back from the log and made again.

The lines of the event ``x_aio_adjust`` tell a decision with all that it depends on::

    >>> with open("trace.log") as lines:
    ...     print(replay(lines))
    Replay(decisions=51234, mismatches=[])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

from qmp_iothreadd.iothread.trace_log import ADJUST

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import Action, Policy

# Of a line up to the number of its handlers, and of each handler.
_ADJUST_WORDS = 22
_HANDLER_WORDS = 10


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
    policy: Policy
    max_ns: int
    grow: int
    shrink: int
    weight: int
    poll_ns_before: int
    poll_ns_after: int
    action: Action
    handlers: tuple[HandlerStep, ...]

    def holds(self) -> bool:
        """Whether AdaptivePolling, asked again, decides the same."""
        from qmp_iothreadd.iothread._engine import AdaptivePolling

        polling = AdaptivePolling(
            self.max_ns,
            self.grow,
            self.shrink,
            self.weight,
            len(self.handlers),
            policy=self.policy,
        )
        polling.poll_ns = self.poll_ns_before
        polling.handler_ns = [handler.ns_before for handler in self.handlers]
        action = polling.step(self.block_ns, [handler.event for handler in self.handlers])
        outcome = action, polling.poll_ns, polling.handler_ns
        return outcome == (self.action, self.poll_ns_after, [h.ns_after for h in self.handlers])


class Replay(NamedTuple):
    """How many decisions a log has, and those that come out otherwise when asked again."""

    decisions: int
    mismatches: list[Adjustment]


def parse_adjust(line: str) -> Adjustment:
    """The decision that a line of ``x_aio_adjust`` tells, with or without a time before it.

    Raises:
        ValueError: it is no such line.
    """
    words = line[max(line.find(ADJUST), 0) :].split()
    values = words[2:_ADJUST_WORDS:2]
    if words[:1] != [ADJUST] or len(values) != _ADJUST_WORDS // 2 - 1:
        raise ValueError(f"not a line of {ADJUST}: {line!r}")
    ctx, block_ns, policy, max_ns, grow, shrink, weight, before, after, action = values
    handlers = tuple(_handlers(words[_ADJUST_WORDS - 1 :]))
    if policy not in ("weighted", "legacy") or action not in ("none", "grow", "shrink"):
        raise ValueError(f"not a line of {ADJUST}: {line!r}")
    return Adjustment(
        int(ctx, 16),
        int(block_ns),
        cast("Policy", policy),
        int(max_ns),
        int(grow),
        int(shrink),
        int(weight),
        int(before),
        int(after),
        cast("Action", action),
        handlers,
    )


def _handlers(words: list[str]) -> Iterator[HandlerStep]:
    """``handlers N``, then N times ``node … fd … event … old … new …``."""
    if len(words) < 2 or len(words) != 2 + int(words[1]) * _HANDLER_WORDS:
        raise ValueError(f"a line of {ADJUST} without all of its handlers")
    for start in range(2, len(words), _HANDLER_WORDS):
        node, fd, event, before, after = words[start + 1 : start + _HANDLER_WORDS : 2]
        yield HandlerStep(int(node, 16), int(fd), event == "1", int(before), int(after))


def replay(lines: Iterable[str]) -> Replay:
    """Ask again for every decision in a log; lines of other events are passed over.

    Raises:
        ValueError: a line of ``x_aio_adjust`` that was cut off.
    """
    decisions = [parse_adjust(line) for line in lines if f"{ADJUST} " in line]
    return Replay(len(decisions), [each for each in decisions if not each.holds()])
