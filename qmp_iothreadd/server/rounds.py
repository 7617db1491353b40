"""Many machines on one event loop: their clients take turns with one another's."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from qmp_iothreadd.server.turns import TURN_S, Turns

SHORT_TURN_S: Final = TURN_S / 10
"""In seconds: one request, which is read and answered in two steps, fits."""


class Rounds:
    """Lets the machines that have more to do go on, as many as fit into the time of one turn.

    Without it each has so much time in each round of the loop, and a client that asks for little
    waits for a thousand of them. Who has just come, and has more to do than fits into its first
    turn, waits behind others who have, and not behind all. ``clock`` is in seconds.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._loop = loop
        self._clock = clock
        # They take turns: neither waits for all of the other.
        self._came: OrderedDict[Turns, None] = OrderedDict()
        self._waiting: OrderedDict[Turns, None] = OrderedDict()
        self._came_first = False
        self._going: Turns | None = None
        self._scheduled = False
        self._until: float | None = None

    def until(self) -> float:
        """When a turn that begins now is to end: with the round, or soon where that is over."""
        now = self._clock()
        if self._until is None:
            self._until = now + TURN_S
            self._loop.call_soon(self._end_round)
        return max(self._until, now + SHORT_TURN_S)

    def is_over(self) -> bool:
        """Whether this round's time is over."""
        return self._until is not None and self._clock() >= self._until

    def add(self, turns: Turns, *, came: bool) -> None:
        """Let a machine's clients have their next turns; ``came``: they have just had the first."""
        if turns is not self._going and turns not in self._waiting and turns not in self._came:
            (self._came if came else self._waiting)[turns] = None
        self._schedule()

    def _end_round(self) -> None:
        self._until = None

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._go_round)

    def _go_round(self) -> None:
        self._scheduled = False
        until = self._clock() + TURN_S
        while self._came or self._waiting:
            self._going = turns = self._next()
            more = turns.go_on(until)
            self._going = None
            if more:
                self._waiting[turns] = None
            if self._clock() >= until:
                break
        if self._came or self._waiting:
            self._schedule()

    def _next(self) -> Turns:
        self._came_first = not self._came_first
        queue = self._came if self._came_first else self._waiting
        return (queue or self._came or self._waiting).popitem(last=False)[0]
