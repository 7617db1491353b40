"""Events with times, as a trace of the intervals between them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from qmp_iothreadd.lab.importers.reading import Choice, Steps

# Events of several CPUs' buffers, or of requests that overtake each other, are nearly in order.
REORDER = 1 << 12
_NAMES_TOLD = 8


class Event(NamedTuple):
    """When what happened, and to whom."""

    time_ns: int
    thread: int | None
    name: str


def nanoseconds(whole: bytes, fraction: bytes) -> int:
    """Seconds as they are written, with up to nine digits behind the point."""
    return int(whole) * 10**9 + int(fraction.ljust(9, b"0"))


def add_intervals(
    events: Iterable[Event], choice: Choice, steps: Steps, usual: tuple[str, ...] = ()
) -> None:
    """A step for each event but the first.

    Args:
        usual: the names that are taken where none are chosen; empty: all.

    Raises:
        ValueError: of several threads, too far from their order, or too few.
    """
    groups = choice.events or ((usual,) if usual else ())
    steps.target.handlers = max(len(groups), 1)
    bits = {name: 1 << handler for handler, names in enumerate(groups) for name in names}
    seen: dict[str, None] = {}
    before = None
    for time_ns, word in _in_order(_chosen(events, choice, bits, seen)):
        if before is not None:
            if time_ns < before:
                raise ValueError(
                    f"times go back by {before - time_ns} ns, over more than {REORDER} events:"
                    " sort the lines by time"
                )
            steps.add(time_ns - before, word)
        before = time_ns
    if not steps.count:
        raise ValueError(_too_few(bits, list(seen)))


def _chosen(
    events: Iterable[Event], choice: Choice, bits: dict[str, int], seen: dict[str, None]
) -> Iterator[tuple[int, int]]:
    """Time and handlers of those that are wanted; some names of the others go to ``seen``."""
    thread = choice.thread
    for event in events:
        word = bits.get(event.name, 0) or bits.get(event.name.rpartition(":")[2], 0)
        if bits and not word:
            if len(seen) <= _NAMES_TOLD:
                seen[event.name] = None
            continue
        if event.thread is not None and event.thread != thread:
            if choice.thread is not None:
                continue
            if thread is not None:
                raise ValueError(
                    f"events of the threads {thread} and {event.thread}: choose one with --thread"
                )
            thread = event.thread
        yield event.time_ns, word or 1


def _in_order(events: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    waiting: list[tuple[int, int]] = []
    for event in events:
        if len(waiting) < REORDER:
            heapq.heappush(waiting, event)
        else:
            yield heapq.heappushpop(waiting, event)
    while waiting:
        yield heapq.heappop(waiting)


def _too_few(bits: dict[str, int], seen: list[str]) -> str:
    message = f"fewer than two events{' ' if bits else ''}{', '.join(bits)}"
    if not seen:
        return message
    more = ", …" if len(seen) > _NAMES_TOLD else ""
    return f"{message}: choose with --event of {', '.join(seen[:_NAMES_TOLD])}{more}"
