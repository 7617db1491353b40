"""What a script lets go out of a connection otherwise than at once, step by step.

A connection has a wire from the first such step until all is done: one that nobody scripts has
none. Steps are those of ``scripting/steps.py``; what the session sends meanwhile comes after them.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import asyncio

    from qmp_iothreadd.scripting.steps import Gate, Step

BACKLOG_LIMIT: Final = 64 * 1024
"""The session runs nothing more while so many bytes wait for their turn."""

AT_ONCE: Final = 256 * 1024
"""So many bytes are poured in one turn of the event loop."""

_WIRE: Final = "wire"
_TOLD: Final = "told"


class Carrier(Protocol):
    """What a wire needs of its connection."""

    def block(self, reason: str) -> None:
        """Read and run nothing until ``unblock`` is called with each reason."""

    def unblock(self, reason: str) -> None:
        """Go on soon, unless there are other reasons."""

    def run(self) -> None:
        """Let the session go on with what it has read."""

    def wire_done(self) -> None:
        """All steps are done: what the session sends may leave at once again."""

    def end(self) -> None:
        """Nothing more is read or sent."""


class Wire:
    """The steps of one connection.

    ``backlog``: how many bytes wait for their turn. ``told_not_to_read``: nothing is to be read.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, carrier: Carrier
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._carrier = carrier
        self._steps: deque[Step] = deque()
        self._running = False
        self._closed = False
        self._waits = False
        self._client_waits = False
        self._muted = False
        self._pouring: tuple[Iterator[bytes], float | None] | None = None
        self._poured = 0
        self._gathered: list[bytes] | None = None
        self._to_gather = 0
        self._behind: list[tuple[bytes, int]] = []
        self._finishing = False
        self._timers: dict[Callable[[], None], asyncio.Handle] = {}
        self._gates: list[tuple[Gate, Callable[[], None]]] = []
        self.backlog = 0
        self.told_not_to_read = False

    # -- The connection ---------------------------------------------------------------------------

    def add(self, steps: Iterable[Step]) -> None:
        """Play these after those that are there."""
        for step in steps:
            self._steps.append(step)
            self.backlog += len(step) if isinstance(step, bytes) else 0
        self._play()

    @property
    def silent(self) -> bool:
        """Whether nothing is going to be sent before somebody says so."""
        return bool(self._gates)

    def client_waits(self, waits: bool) -> None:
        """Whether the client does not read what was sent."""
        self._client_waits = waits
        if not waits:
            self._play()

    def finish(self) -> None:
        """No other message comes: what is to go behind others goes when the steps are done."""
        self._finishing = True
        self._play()

    def close(self) -> None:
        """The connection is gone: forget all."""
        self._closed = True
        self._steps.clear()
        self._behind.clear()
        self._gathered = self._pouring = None
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for gate, go_on in self._gates:
            gate.forget(go_on)
        self._gates.clear()

    # -- Playing ----------------------------------------------------------------------------------

    def _play(self) -> None:
        if self._running or self._closed:
            return
        self._running = True
        try:
            while not (self._waits or self._client_waits or self._closed):
                if self._pouring is not None:
                    self._pour_on(*self._pouring)
                elif self._steps:
                    self._take(self._steps.popleft())
                elif self._finishing and self._behind:
                    self._write(self._behind.pop(0)[0])
                else:
                    break
        finally:
            self._running = False
        if not self._closed:
            self._tell_carrier()

    def _tell_carrier(self) -> None:
        if self.backlog > BACKLOG_LIMIT:
            self._carrier.block(_WIRE)
        else:
            self._carrier.unblock(_WIRE)
        if not (self._steps or self._busy):
            self._carrier.wire_done()

    @property
    def _busy(self) -> bool:
        states = (self._waits, self._muted, self.told_not_to_read, self._pouring, self._behind)
        return any(states) or self._gathered is not None

    def _take(self, step: Step) -> None:
        if not isinstance(step, bytes):
            step(self)
            return
        self.backlog -= len(step)
        self._write(step)
        self._message_sent()

    def _write(self, data: bytes) -> None:
        if self._muted or not data:
            return
        if self._gathered is not None:
            self._gathered.append(data)
        elif not self._transport.is_closing():
            self._transport.write(data)

    def _message_sent(self) -> None:
        """Count a message, for those that wait for others."""
        if self._gathered is not None:
            self._to_gather -= 1
            if self._to_gather <= 0:
                self._send_gathered()
        waiting, self._behind = self._behind, []
        for message, others in waiting:
            if others > 1:
                self._behind.append((message, others - 1))
            else:
                self._write(message)

    # -- Steps ------------------------------------------------------------------------------------

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._waits = True
        self._call_later(seconds, self._go_on)

    def hold(self, gate: Gate, ticket: int) -> None:
        """Wait for a gate."""
        if not gate.is_open(ticket):
            self._waits = True
            self._wait_for(gate, self._go_on)

    def mute(self, gate: Gate, ticket: int) -> None:
        """Drop what is sent until a gate opens."""
        if not gate.is_open(ticket):
            self._muted = True
            self._wait_for(gate, self._unmute)

    def stop_reading(self, gate: Gate, ticket: int, seconds: float | None) -> None:
        """Read and run nothing until a gate opens, or so long."""
        if gate.is_open(ticket):
            return
        self.told_not_to_read = True
        self._carrier.block(_TOLD)
        self._wait_for(gate, self._read_again)
        if seconds is not None:
            self._call_later(seconds, self._read_again)

    def gather(self, messages: int, seconds: float) -> None:
        """Send the next messages in one write; those that came in this time, if fewer did."""
        if self._gathered is None:
            self._gathered = []
            self._call_later(seconds, self._send_gathered)
        self._to_gather = max(messages, self._to_gather)

    def send_behind(self, message: bytes, others: int) -> None:
        """Send a message after so many others."""
        self._behind.append((message, others))

    def pour(self, pieces: Iterator[bytes], pause: float | None = None) -> None:
        """Send pieces as the client takes them, each in a write, and wait between two of them."""
        self._pouring = (pieces, pause)

    def cut(self) -> None:
        """Close the connection once what was sent is delivered."""
        self._send_gathered()
        self.close()
        self._carrier.end()
        self._transport.close()

    def reset(self) -> None:
        """Close the connection at once, by RST where it is TCP."""
        self.close()
        self._carrier.end()
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):  # it has none to linger
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def run_session(self) -> None:
        """Let the session go on with what it has read."""
        self._loop.call_soon(self._carrier.run)

    # -- What they wait for -----------------------------------------------------------------------

    def _pour_on(self, pieces: Iterator[bytes], pause: float | None) -> None:
        piece = next(pieces, None)
        if piece is None:
            self._pouring = None
            self._message_sent()
            return
        self._write(piece)
        self._poured += len(piece)
        if pause is not None:
            self.pause(pause)
        elif self._poured >= AT_ONCE:  # others have their turn
            self._poured = 0
            self.pause(0)

    def _call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        before = self._timers.pop(callback, None)
        if before is not None:
            before.cancel()
        self._timers[callback] = self._loop.call_later(seconds, callback)

    def _wait_for(self, gate: Gate, go_on: Callable[[], None]) -> None:
        self._gates.append((gate, go_on))
        gate.wait(go_on)

    def _ended(self, wait: Callable[[], None]) -> None:
        """One of the things that are waited for is over."""
        timer = self._timers.pop(wait, None)
        if timer is not None:
            timer.cancel()
        for each in [each for each in self._gates if each[1] == wait]:
            self._gates.remove(each)
            each[0].forget(wait)

    def _go_on(self) -> None:
        self._ended(self._go_on)
        self._waits = False
        self._play()

    def _unmute(self) -> None:
        self._ended(self._unmute)
        self._muted = False
        self._play()

    def _read_again(self) -> None:
        self._ended(self._read_again)
        self.told_not_to_read = False
        self._carrier.unblock(_TOLD)
        self._play()

    def _send_gathered(self) -> None:
        self._ended(self._send_gathered)
        gathered, self._gathered = self._gathered, None
        self._to_gather = 0
        if gathered:
            self._write(b"".join(gathered))
        self._play()
