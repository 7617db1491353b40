"""A server that misbehaves when it is told to, for clients that must survive one.

async with FaultyServer() as server:
    server.misbehave(faults.delay(2.0))     # the next reply comes late
    server.misbehave(faults.drop)           # the one after it never: the connection is cut

Each fault takes one message, in the order given: replies, and events where ``events`` is true. The
session behind them is the real one, so a command whose reply is lost was executed all the same.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qmp_iothreadd.qmp.session import Session
from qmp_iothreadd.testing.server import Server

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.machine.monitors import MonitorQMP
    from qmp_iothreadd.qmp.dispatch import Dispatcher

Fault = Callable[["FaultySession", bytes], None]
"""Does to a message, given as it should go out, whatever it does."""


def drop(session: FaultySession, message: bytes) -> None:
    """Cut the connection instead of sending the message."""
    session.server.disconnect_soon()


def lose(session: FaultySession, message: bytes) -> None:
    """Never send the message, and go on."""


def duplicate(session: FaultySession, message: bytes) -> None:
    """Send the message twice."""
    session.put(message * 2)


def hold(session: FaultySession, message: bytes) -> None:
    """Keep the message, and all after it, until ``FaultyServer.release``."""
    session.hold()
    session.put(message)


def garbage(text: bytes = b"{]garbage\r\n") -> Fault:
    """Send ``text`` instead of the message."""
    return lambda session, message: session.put(text)


def truncate(length: int) -> Fault:
    """Send the first ``length`` bytes of the message, then cut the connection."""

    def cut_off(session: FaultySession, message: bytes) -> None:
        session.put(message[:length])
        session.server.close_soon()

    return cut_off


def delay(seconds: float) -> Fault:
    """Keep the message, and all after it, for so long."""

    def wait(session: FaultySession, message: bytes) -> None:
        hold(session, message)
        asyncio.get_running_loop().call_later(seconds, session.release)

    return wait


class FaultySession(Session):
    """A session some of whose messages meet with a fault on their way out."""

    __slots__ = ("_held", "server")

    def __init__(self, dispatcher: Dispatcher, monitor: MonitorQMP, server: FaultyServer) -> None:
        self.server = server
        self._held: list[bytes] | None = None
        super().__init__(dispatcher, monitor)

    def close(self) -> None:
        """The connection is gone."""
        self.server.sessions.remove(self)
        super().close()

    def put(self, data: bytes) -> None:
        """Send bytes as they are, once nothing before them is held."""
        if self._held is not None:
            self._held.append(data)
            return
        self._output.append(data)
        self.output_size += len(data)

    def hold(self) -> None:
        """Send nothing until ``release``."""
        if self._held is None:
            self._held = []

    def release(self) -> None:
        """Send what was held."""
        held, self._held = self._held, None
        for data in held or ():
            self.put(data)
        self.wake()

    def _send(self, message: dict[str, Any], request: object | None = None) -> None:
        data = self.monitor.encode(message)
        fault = self.server.next_fault(message)
        if fault is None:
            self.put(data)
        else:
            fault(self, data)


class FaultyServer(Server):
    """A ``Server`` with one monitor. ``greet`` False: clients are accepted and never greeted."""

    def __init__(
        self, machine: Machine | None = None, *, greet: bool = True, events: bool = False
    ) -> None:
        super().__init__(machine, session=self._make_faulty_session)
        self.sessions: list[FaultySession] = []
        self._greet = greet
        self._events = events
        self._faults: deque[Fault] = deque()

    def misbehave(self, *faults: Fault) -> None:
        """Give the next messages these faults, one each."""
        self._faults.extend(faults)

    def release(self) -> None:
        """Send what ``hold`` kept."""
        for session in self.sessions:
            session.release()

    def next_fault(self, message: dict[str, Any]) -> Fault | None:
        """What is to happen to a message, None where nothing is."""
        if "QMP" in message:
            return None if self._greet else lose
        if self._faults and (self._events or "event" not in message):
            return self._faults.popleft()
        return None

    def disconnect_soon(self) -> None:
        """Cut the clients off, what they have not got yet is lost."""
        asyncio.get_running_loop().call_soon(self.disconnect)

    def close_soon(self) -> None:
        """Cut the clients off once what was written is delivered."""
        asyncio.get_running_loop().call_later(0.01, self.disconnect)

    def _make_faulty_session(self, dispatcher: Dispatcher, monitor: MonitorQMP) -> FaultySession:
        made = FaultySession(dispatcher, monitor, self)
        self.sessions.append(made)
        return made
