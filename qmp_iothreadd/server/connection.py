"""The asyncio side of a session: from a transport to the session, and back to the transport."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from qmp_iothreadd.chardev.frontend import FrontendProtocol
from qmp_iothreadd.qmp.session_protocol import IDLE, MonitorSession

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.hangup import HangupWatch
    from qmp_iothreadd.server.turns import Turns
    from qmp_iothreadd.server.wire import Wire

OUTPUT_PIECE: Final = 64 * 1024
"""Output is written in pieces of about this size, in bytes."""

UNREAD_EVENTS_LIMIT: Final = 4 << 20
"""The most bytes of events that wait for a client; one that leaves more unread is cut off."""

_CLIENT: Final = "client"


def _nobody() -> None:
    """Whom a session wakes whose client is gone."""


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
        self._wire: Wire | None = None
        self._blocked: set[str] = set()
        self._writable = True  # for no reason blocked
        self._reading = True
        self._working = False
        self._unfinished = False  # its turn is over, and there is more to do
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
        self._turns.run(self)

    def descriptors_received(self, fds: list[int]) -> None:
        """Keep them for the request that they come with."""
        self._session.inbox.receive(fds)

    def eof_received(self) -> bool:
        """Answer what is left, then close; a client that is gone for good gets no more answers."""
        self._session.receive_eof()
        if not self.abort_if_gone():
            self._turns.run(self)
        return True

    def input_ended(self) -> None:
        """The client will send nothing more, and still hears."""
        self._on_input_ended()

    def pause_writing(self) -> None:
        """The client does not read: neither do we."""
        self.block(_CLIENT)
        if self._wire is not None:
            self._wire.client_waits(True)

    def resume_writing(self) -> None:
        """The client reads again: go on."""
        self._blocked.discard(_CLIENT)
        self._writable = not self._blocked
        if self._wire is not None:
            self._wire.client_waits(False)
        self._turns.resume(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end; the peer may have been taken away, and still be there."""
        if not self._lost:
            self._lost = self._ending = True
            self._transport = None
            self._turns.forget(self)
            self._stop_watching()
            if self._wire is not None:
                self._wire.close()
            self._session.close()
            self._session.wake = _nobody  # no cycle: the memory is free now, and not some time
            self._on_lost()

    # -- Work -------------------------------------------------------------------------------------

    def work(self, until: float) -> bool:
        """Run in-band requests until none is left, one takes its time, or output is full.

        Returns: whether the time was over before.
        """
        if self._transport is None:
            return False
        together = self._turns.together
        self._working = together.in_turn = True
        try:
            self._unfinished = self._work(self._session, until)
        finally:
            self._working = together.in_turn = False
            if together.pending:
                together.settle()
        if self._session.output_size:
            self._flush()
        self._update_reading()
        return self._unfinished

    def fill(self, until: float) -> bool:
        """Read ahead, as far as the session allows, while another command runs.

        Returns: whether the time was over before.
        """
        if self._transport is None:
            return False
        self._unfinished = self._fill(self._session, until)
        self._flush()
        self._update_reading()
        return self._unfinished

    def abort_if_gone(self) -> bool:
        """Do no more for a client that left; whether it did."""
        gone = self._transport is not None and self._hung_up()
        if gone:
            self.abort()
        return gone

    def close(self) -> None:
        """Close once everything is written."""
        if self._transport is None:
            return
        self._flush()
        if self._wire is not None and not self._gone_silently():
            self._wire.finish()  # it ends with the wire
            return
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

    def _work(self, session: MonitorSession, until: float) -> bool:
        turns, clock = self._turns, self._turns.clock
        while self._writable and not self._ending and not turns.closed:
            outcome = session.step()
            if outcome is IDLE:
                if session.eof and not session.running:
                    self.close()
                return False
            if outcome is not None:
                turns.start(outcome, self)
                return self._fill(session, until)
            if session.output_size > OUTPUT_PIECE:
                self._flush()
            if clock() >= until:
                return True
        return False

    def _fill(self, session: MonitorSession, until: float) -> bool:
        while self._writable and not self._ending and session.fill():
            if session.output_size > OUTPUT_PIECE:
                self._flush()
            if self._turns.clock() >= until:
                return True
        return False

    def _wake(self) -> None:
        if self._working or self._transport is None:
            return
        self._flush()
        # Requests wait until their client reads; events do not.
        unread = self._transport.get_write_buffer_size() if not self._writable else 0
        if unread + (self._wire.backlog if self._wire is not None else 0) > UNREAD_EVENTS_LIMIT:
            self.abort()

    def _flush(self) -> None:
        if self._turns.together.pending:
            self._turns.together.settle()  # what is answered is so
        if self._transport is not None and not self._ending and self._session.output_size:
            if self._session.plan is not None:
                self._follow_plan(self._transport)
                return
            self._transport.write(self._session.data_to_send())
            if self._transport.is_closing():
                self._ending = True  # the client is gone: what comes now would be dropped

    def _update_reading(self) -> None:
        suspended = self._session.suspended
        wanted = self._writable and not suspended and not self._unfinished
        if wanted and self._reading and self._watch is None:
            return  # as nearly always
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if wanted != self._reading:
            self._reading = wanted
            if wanted:
                transport.resume_reading()
            else:
                transport.pause_reading()
        if wanted:
            self._stop_watching()
        elif (suspended or self._wire is not None) and self._watch is None:
            self._start_watching(transport)

    def _start_watching(self, transport: asyncio.Transport) -> None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            from qmp_iothreadd.chardev.hangup import HangupWatch  # few are made to wait

            half = self._wire is not None and self._wire.told_not_to_read
            self._watch = HangupWatch(self._turns.loop, sock.fileno(), self.abort, half=half)

    # -- What a script lets go out ----------------------------------------------------------------

    def block(self, reason: str) -> None:
        """Read and run nothing until ``unblock`` is called with each reason."""
        if reason not in self._blocked:
            self._blocked.add(reason)
            self._writable = False
            self._stop_watching()  # for what else is to be seen now
            self._update_reading()

    def unblock(self, reason: str) -> None:
        """Go on soon, unless there are other reasons."""
        if reason in self._blocked:
            self._blocked.remove(reason)
            self._writable = not self._blocked
            self._turns.loop.call_soon(self.run)

    def run(self) -> None:
        """Let the session go on with what it has read."""
        if self._transport is not None:
            self._turns.run(self)

    def wire_done(self) -> None:
        """All steps are done: what the session sends may leave at once again."""
        if self._session.plan:
            self._flush()
            return
        self._wire = self._session.plan = None
        if self._session.eof:
            self._turns.loop.call_soon(self.run)

    def end(self) -> None:
        """Nothing more is read or sent."""
        self._ending = True

    def _follow_plan(self, transport: asyncio.Transport) -> None:
        if self._wire is None:
            from qmp_iothreadd.server.wire import Wire  # only where somebody scripts

            self._wire = Wire(self._turns.loop, transport, self)
            if _CLIENT in self._blocked:
                self._wire.client_waits(True)
        steps, self._session.plan = self._session.plan or [], []
        self._session.output_size = 0
        self._wire.add(steps)

    def _gone_silently(self) -> bool:
        """Whether a client that sends no more may be gone, and nothing sent would tell."""
        assert self._transport is not None
        assert self._wire is not None
        sock = self._transport.get_extra_info("socket")
        return self._wire.silent and (sock is None or sock.family != socket.AF_UNIX)

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
