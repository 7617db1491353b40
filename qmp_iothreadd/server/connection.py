"""The asyncio side of a session: from a transport to the session, and back to the transport.

``Turns`` is the process's one in-band dispatcher: while a command takes its time, in whichever
session, no other in-band command starts, and those that come wait their turn.
"""

from __future__ import annotations

import asyncio
import select
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, cast

from qmp_iothreadd.chardev.frontend import FrontendProtocol
from qmp_iothreadd.qmp.session_protocol import IDLE, MonitorSession

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.hangup import HangupWatch

OUTPUT_PIECE: Final = 64 * 1024
"""Output is written in pieces of about this size, in bytes."""

SLICE: Final = 256
"""The most requests of one client that run before the others get a turn."""

UNREAD_EVENTS_LIMIT: Final = 4 << 20
"""The most bytes of events that wait for a client; one that leaves more unread is cut off."""


class Turns:
    """Who may run in-band commands: everyone, until one takes its time; then in order."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.closed = False
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[Connection] = deque()

    def run(self, connection: Connection) -> None:
        """Run what the connection has in band, now or when it is its turn."""
        if self._task is None:
            connection.work()
            return
        connection.fill()
        if connection not in self._waiting:
            self._waiting.append(connection)

    def start(self, coroutine: Coroutine[Any, Any, None], connection: Connection) -> None:
        """A command of the connection's takes its time."""
        self._task = self.loop.create_task(coroutine)
        self._task.add_done_callback(lambda task: self._done(connection))

    def stop(self) -> None:
        """Start no more commands: what is queued is dropped."""
        self.closed = True

    def close(self) -> None:
        """Start no more commands, and cancel the one under way."""
        self.stop()
        if self._task is not None:
            self._task.cancel()

    def _done(self, connection: Connection) -> None:
        self._task = None
        self._waiting.append(connection)
        while self._waiting and self._task is None:
            self._waiting.popleft().take_turn()


class Connection(FrontendProtocol):
    """One client: feeds its session, keeps its output bounded, closes when all is answered."""

    def __init__(
        self,
        turns: Turns,
        session: MonitorSession,
        on_lost: Callable[[], None] = lambda: None,
        on_input_ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._turns = turns
        self._session = session
        self._on_lost = on_lost
        self._on_input_ended = on_input_ended
        self._transport: asyncio.Transport | None = None
        self._writable = True
        self._reading = True
        self._working = False
        self._scheduled = False
        self._ending = False
        self._lost = False
        self._watch: HangupWatch | None = None
        session.wake = self._wake

    # -- asyncio.Protocol -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=OUTPUT_PIECE)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Answer what came in."""
        self._session.receive_data(data)
        if not self._scheduled:
            self._turns.run(self)

    def descriptors_received(self, fds: list[int]) -> None:
        """Keep them for the request that they come with."""
        self._session.inbox.receive(fds)

    def eof_received(self) -> bool:
        """Answer what is left, then close; a client that is gone for good gets no more answers."""
        self._session.receive_eof()
        if self._hung_up():
            self.abort()
        else:
            self._turns.run(self)
        return True

    def input_ended(self) -> None:
        """The client will send nothing more, and still hears."""
        self._on_input_ended()

    def pause_writing(self) -> None:
        """The client does not read: neither do we."""
        self._writable = False
        self._update_reading()

    def resume_writing(self) -> None:
        """The client reads again: go on."""
        self._writable = True
        self._turns.run(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end; the peer may have been taken away, and still be there."""
        if not self._lost:
            self._lost = self._ending = True
            self._transport = None
            self._stop_watching()
            self._session.close()
            self._on_lost()

    # -- Work -------------------------------------------------------------------------------------

    def work(self) -> None:
        """Run in-band requests until none is left, one takes its time, or output is full."""
        if self._transport is None:
            return
        self._working = True
        try:
            self._work(self._session)
        finally:
            self._working = False
        self._flush()
        self._update_reading()

    def take_turn(self) -> None:
        """Work, unless the client left while this waited for a command to end."""
        if self._transport is not None and self._hung_up():
            self.abort()
        else:
            self.work()

    def fill(self) -> None:
        """Read ahead, as far as the session allows, while another command runs."""
        if self._transport is not None and self._writable:
            self._session.fill()
            self._flush()
            self._update_reading()

    def close(self) -> None:
        """Close once everything is written."""
        if self._transport is not None:
            self._flush()
            self._ending = True
            self._transport.close()

    def cut_off(self) -> None:
        """Close with no more than what was answered before, as far as the client takes it now."""
        if self._transport is not None:
            self._flush()
            self._ending = True
            # The loop writes at the end of this turn.
            self._turns.loop.call_soon(self._transport.abort)

    def focus_changed(self, focused: bool) -> None:
        """Let the session say so."""
        if self._transport is not None:
            self._session.focus_changed(focused)
            self._flush()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._ending = True
            self._transport.abort()

    def _work(self, session: MonitorSession) -> None:
        turns = self._turns
        for _ in range(SLICE):
            if not self._writable or self._ending or turns.closed:
                return
            outcome = session.step()
            if outcome is IDLE:
                if session.eof and not session.running:
                    self.close()
                return
            if outcome is not None:
                turns.start(outcome, self)
                if self._writable:
                    session.fill()
                return
            if session.output_size > OUTPUT_PIECE:
                self._flush()
        self._scheduled = True
        turns.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        self._scheduled = False
        self._turns.run(self)

    def _wake(self) -> None:
        if self._working or self._transport is None:
            return
        self._flush()
        # Requests wait until their client reads; events do not.
        unread = self._transport.get_write_buffer_size() if not self._writable else 0
        if unread > UNREAD_EVENTS_LIMIT:
            self.abort()

    def _flush(self) -> None:
        if self._transport is not None and not self._ending and self._session.output_size:
            self._transport.write(self._session.data_to_send())

    def _update_reading(self) -> None:
        transport, suspended = self._transport, self._session.suspended
        wanted = self._writable and not suspended and not self._scheduled
        if transport is None or wanted == self._reading or transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            transport.resume_reading()
            self._stop_watching()
            return
        transport.pause_reading()
        sock = transport.get_extra_info("socket")
        if suspended and sock is not None:
            from qmp_iothreadd.chardev.hangup import HangupWatch  # few are made to wait

            self._watch = HangupWatch(self._turns.loop, sock.fileno(), self.abort)

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _hung_up(self) -> bool:
        """Whether the client closed both directions, rather than only its own."""
        assert self._transport is not None
        sock = self._transport.get_extra_info("socket")
        if sock is None:
            return False
        poller = select.poll()
        poller.register(sock.fileno(), select.POLLRDHUP)
        return any(event & select.POLLHUP for _, event in poller.poll(0))
