"""Events that the machines of a fleet send by themselves, one machine after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from math import inf
from typing import Any, NamedTuple, Protocol


class Sender(Protocol):
    """Who sends an event: a machine, or what stands for one."""

    def emit(self, event: str, data: dict[str, Any] | None) -> None:
        """Send it to all clients."""


class FleetEvent(NamedTuple):
    """An event that each machine sends again and again, with seconds between."""

    event: str
    data: dict[str, Any] | None
    every_s: float


class FleetEvents:
    """Sends events until it is closed: of ``count`` machines one each ``every_s / count`` seconds.

    ``sender`` gives one by its number, None where it has ended. ``rounds``: how often each machine
    sends each event, without end if None.
    """

    def __init__(
        self,
        events: Iterable[FleetEvent],
        count: int,
        sender: Callable[[int], Sender | None],
        *,
        rounds: int | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._count = count
        self._sender = sender
        self._turns = inf if rounds is None else rounds * count
        self._timers: dict[int, asyncio.TimerHandle] = {}
        for key, event in enumerate(events):
            self._send(key, event, 0, self._loop.time())

    def close(self) -> None:
        """Send no more."""
        for timer in self._timers.values():
            timer.cancel()

    def _send(self, key: int, event: FleetEvent, turn: int, due: float) -> None:
        """Send what is due, one round at most: what comes late is not made up for at once."""
        now = self._loop.time()
        for _ in range(self._count):
            sender = self._sender(turn % self._count)
            if sender is not None:
                sender.emit(event.event, event.data)
            turn += 1
            due += event.every_s / self._count
            if turn >= self._turns:
                return
            if due > now:
                break
        due = max(due, now)
        self._timers[key] = self._loop.call_at(due, self._send, key, event, turn, due)
