"""Decisions of adaptive polling, read back from the log and made again.

The lines of the event ``x_aio_adjust`` tell a decision with all that it depends on::

    >>> with open("trace.log") as lines:
    ...     print(replay(lines))
    Replay(decisions=51234, mismatches=[])
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from qmp_iothreadd.iothread._engine import AdaptivePolling
from qmp_iothreadd.iothread.trace_lines import ADJUST, Adjustment, parse_adjust


class Replay(NamedTuple):
    """How many decisions a log has, and those that come out otherwise when made again."""

    decisions: int
    mismatches: list[Adjustment]


def replay(lines: Iterable[str]) -> Replay:
    """Make every decision in a log again; lines of other events are passed over.

    Raises:
        ValueError: a line of ``x_aio_adjust`` that was cut off.
    """
    decisions = [parse_adjust(line) for line in lines if f"{ADJUST} " in line]
    return Replay(len(decisions), [each for each in decisions if not comes_out_again(each)])


def comes_out_again(decision: Adjustment) -> bool:
    """Whether AdaptivePolling, given the same, decides the same."""
    handlers = decision.handlers
    polling = AdaptivePolling(
        **decision.params._asdict(), handlers=len(handlers), policy=decision.policy
    )
    polling.poll_ns = decision.poll_ns_before
    polling.handler_ns = [handler.ns_before for handler in handlers]
    action = polling.step(decision.block_ns, [handler.event for handler in handlers])
    outcome = action, polling.poll_ns, polling.handler_ns
    return outcome == (decision.action, decision.poll_ns_after, [h.ns_after for h in handlers])
