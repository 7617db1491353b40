"""Who runs when: the clients of one machine take turns.

``Turns`` is the process's one in-band dispatcher: while a command takes its time, in whichever
session, no other in-band command starts, and those that come wait their turn. Clients that have
much to do take turns: what a turn does is bounded by time, as requests differ.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

from qmp_iothreadd.iothread.together import Together

TURN_S: Final = 0.002
"""In seconds: a client's turn ends after this time, and the next one comes."""


class SharedRounds(Protocol):
    """What the machines of one loop go by: see ``rounds``."""

    def until(self) -> float:
        """When a turn that begins now is to end."""

    def is_over(self) -> bool:
        """Whether the time of this round of the loop is over."""

    def add(self, turns: Turns, *, came: bool) -> None:
        """Let these go on soon, sooner where they have just come."""


class Client(Protocol):
    """Who takes turns: a connection."""

    def work(self, until: float) -> bool:
        """Run requests until there is a reason to stop; whether that was the time."""

    def fill(self, until: float) -> bool:
        """Only read ahead; whether it stopped as the time was over."""

    def abort_if_gone(self) -> bool:
        """Do no more for a client that left; whether it did."""


class Turns:
    """Who runs: everyone at once while it is quick, else for a turn each, one after the other.

    While a command takes its time, a turn only reads ahead. ``clock`` is in seconds. ``rounds``:
    those of the loop, where there are other machines on it. ``together``: what the machine puts off
    in a turn, until what it answers leaves.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float] = time.monotonic,
        rounds: SharedRounds | None = None,
        together: Together | None = None,
    ) -> None:
        self.loop = loop
        self.clock = clock
        self.together = Together() if together is None else together
        self._rounds = rounds
        self.closed = False
        self._task: asyncio.Task[None] | None = None
        self._scheduled = False
        # In order. Some are in both: they go on reading, and wait for the command to end.
        self._ready: OrderedDict[Client, None] = OrderedDict()
        self._waiting: OrderedDict[Client, None] = OrderedDict()

    def run(self, connection: Client) -> None:
        """Give the connection a turn: now, unless it has had one, and waits for the next.

        Who comes with little need not wait for those that have much to do.
        """
        if not self._ready or not (connection in self._ready or connection.abort_if_gone()):
            self._serve(connection)

    def resume(self, connection: Client) -> None:
        """The same for one that waited for its client to read: it has had turns before."""
        if self._rounds is not None and self._rounds.is_over():
            self._ready.setdefault(connection)
            self._rounds.add(self, came=False)
        else:
            self.run(connection)

    def start(self, coroutine: Coroutine[Any, Any, None], connection: Client) -> None:
        """A command of the connection's takes its time."""
        self._task = self.loop.create_task(coroutine)
        self._task.add_done_callback(lambda task: self._done(connection))

    def forget(self, connection: Client) -> None:
        """The connection is gone."""
        self._ready.pop(connection, None)
        self._waiting.pop(connection, None)

    def stop(self) -> None:
        """Start no more commands: what is queued is dropped."""
        self.closed = True

    def close(self) -> None:
        """Start no more commands, and cancel the one under way."""
        self.stop()
        if self._task is not None:
            self._task.cancel()

    def _serve(self, connection: Client) -> None:
        until = self.clock() + TURN_S if self._rounds is None else self._rounds.until()
        if self._task is None:
            more = connection.work(until)
        else:
            self._waiting[connection] = None
            more = connection.fill(until)
        if more:
            self._ready[connection] = None
            self._schedule()

    def _schedule(self) -> None:
        if self._rounds is not None:
            self._rounds.add(self, came=True)
        elif not self._scheduled:
            self._scheduled = True
            self.loop.call_soon(self._go_round)

    def _go_round(self) -> None:
        """Give turns in order, as many as fit into the time of one."""
        self._scheduled = False
        if self.go_on(self.clock() + TURN_S):
            self._schedule()

    def go_on(self, until: float) -> bool:
        """Give turns in order, one at least, until the time is over; whether more are wanted."""
        while self._ready:
            connection, _ = self._ready.popitem(last=False)
            if not connection.abort_if_gone():
                self._serve(connection)
            if self.clock() >= until:
                break
        return bool(self._ready)

    def _done(self, connection: Client) -> None:
        self._task = None
        self._waiting[connection] = None
        self._waiting.update(self._ready)
        self._ready, self._waiting = self._waiting, OrderedDict()
        self._go_round()
