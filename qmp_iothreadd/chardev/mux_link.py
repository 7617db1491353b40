"""Who is at the other side of a multiplexer's base, and what connects its front ends to that."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from qmp_iothreadd.chardev.frontend import FrontendProtocol

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.frontend import Frontend
    from qmp_iothreadd.chardev.mux_keys import MuxKeys

BUFFER_SIZE: Final = 32
"""How many keys wait for a front end that does not read; then the base is not read either."""


class Multiplexer(Protocol):
    """What a peer sees of the multiplexer: see chardev.mux."""

    def peer_opened(self, peer: MuxPeer) -> None:
        """Let the front ends begin."""

    def peer_lost(self, peer: MuxPeer) -> None:
        """Nobody is there any more."""

    def focused(self, slot: int) -> bool:
        """Whether the front end in this slot has the focus."""

    def mark(self, data: bytes) -> bytes:
        """Output as it goes to the base."""

    def run(self, command: str, peer: MuxPeer) -> None:
        """Do what a key says."""


class MuxPeer(FrontendProtocol):
    """One peer of the base. ``links``: the front ends that talk to it, by slot."""

    def __init__(self, mux: Multiplexer, keys: MuxKeys) -> None:
        self.keys = keys
        self.links: dict[int, MuxLink] = {}
        self._mux = mux
        self._transport: asyncio.Transport | None = None
        self._unread = b""
        self._reading = True
        self._working = False
        self._writable = True

    # -- The base's side --------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """Whether the peer is there."""
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the front ends begin."""
        self._transport = cast(asyncio.Transport, transport)
        self._mux.peer_opened(self)
        self.go_on()

    def data_received(self, data: bytes) -> None:
        """Take what is typed."""
        self._unread += data
        self.go_on()

    def eof_received(self) -> bool:
        """Nothing more is typed; each front end says when it is done."""
        links = [link for link in self.links.values() if not link.is_closing()]
        for link in links:
            if not link.protocol.eof_received():
                link.close()
        return bool(links)

    def input_ended(self) -> None:
        """Nothing more is typed, and what is written is still read."""
        for link in tuple(self.links.values()):
            link.protocol.input_ended()

    def pause_writing(self) -> None:
        """Whoever is there does not read."""
        self._writable = False
        for link in tuple(self.links.values()):
            link.protocol.pause_writing()

    def resume_writing(self) -> None:
        """They read again."""
        self._writable = True
        for link in tuple(self.links.values()):
            link.protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end for all front ends."""
        self._transport = None
        links, self.links = self.links, {}
        for link in links.values():
            link.lose(exc)
        self._mux.peer_lost(self)

    def cut_off(self) -> None:
        """Close; what the front ends have answered before is still sent."""
        for link in tuple(self.links.values()):
            link.protocol.cut_off()
        self._close_if_done()

    # -- Front ends -------------------------------------------------------------------------------

    def add(self, slot: int, frontend: Frontend) -> None:
        """Let a front end begin."""
        writable = self._writable
        link = self.links[slot] = MuxLink(self, slot, frontend)
        link.protocol.connection_made(link)
        if not writable:
            link.protocol.pause_writing()

    def remove(self, slot: int) -> None:
        """A front end is taken away; the peer stays."""
        link = self.links.pop(slot, None)
        if link is not None:
            link.lose(None)

    def focused(self, slot: int) -> bool:
        """Whether the front end in this slot has the focus."""
        return self._mux.focused(slot)

    def leave_focus(self, slot: int) -> None:
        """Let the front end in this slot say what it says to losing the focus, which it has."""
        if slot in self.links:
            self.links[slot].protocol.focus_changed(False)

    def take_focus(self, slot: int) -> None:
        """The front end in this slot has the focus."""
        if slot in self.links:
            self.links[slot].take_focus()

    def link_closed(self, link: MuxLink) -> None:
        """A front end is done with the peer: so is the base, after the last one."""
        self._close_if_done()

    def _close_if_done(self) -> None:
        if self._transport is not None and all(link.is_closing() for link in self.links.values()):
            self._transport.close()

    # -- Bytes ------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Write to the base, with times where they are wanted."""
        if self._transport is not None:
            self._transport.write(self._mux.mark(data))

    @property
    def transport(self) -> asyncio.Transport | None:
        """The base's, while the peer is there."""
        return self._transport

    def go_on(self) -> None:
        """Hand on what is typed, as far as the front end that has the focus takes it."""
        if self._working:
            return
        self._working = True
        try:
            while self._unread and self._hand_on():
                pass
        finally:
            self._working = False
        self._update_reading()

    def _focused_link(self) -> MuxLink | None:
        return next((link for slot, link in self.links.items() if self.focused(slot)), None)

    def _hand_on(self) -> bool:
        """Hand on up to the next command, and run that; False where nothing can be taken."""
        link = self._focused_link()
        room = link.room if link is not None else 0
        if link is None or not room:
            return False
        plain, command, rest = self.keys.split(self._unread[:room])
        self._unread = rest + self._unread[room:]
        if plain:
            link.receive(plain)
        if command:
            self._mux.run(command, self)
        return True

    def _update_reading(self) -> None:
        wanted = not self._unread and self._focused_link() is not None
        if self._transport is None or wanted == self._reading or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()


class MuxLink(asyncio.Transport):
    """What one front end reads from and writes to."""

    def __init__(self, peer: MuxPeer, slot: int, frontend: Frontend) -> None:
        super().__init__()
        self.protocol = frontend.connect()
        self._peer = peer
        self._slot = slot
        self._waits_for_focus = frontend.wants_keys
        self._withheld = bytearray()
        self._unread = bytearray()
        self._paused = False
        self._closing = False
        self._lost = False

    # -- The multiplexer's side -------------------------------------------------------------------

    @property
    def room(self) -> int:
        """How many bytes can be received."""
        if self._paused:
            return BUFFER_SIZE - len(self._unread)
        return 1 << 30

    def receive(self, data: bytes) -> None:
        """Hand on what is typed, or keep it."""
        if self._paused:
            self._unread += data
        elif not self._closing:
            self.protocol.data_received(data)

    def take_focus(self) -> None:
        """The front end has the focus: what it wrote meanwhile is shown, or it begins anew."""
        if self._withheld:
            self._peer.write(bytes(self._withheld))
            self._withheld.clear()
        else:
            self.protocol.focus_changed(True)

    def lose(self, exc: Exception | None) -> None:
        """The peer is gone, or belongs to others now."""
        if not self._lost:
            self._lost = self._closing = True
            self.protocol.connection_lost(exc)

    # -- The front end's side ---------------------------------------------------------------------

    def write(self, data: Any) -> None:
        """Write, now or when the front end has the focus."""
        if self._closing:
            return
        if self._waits_for_focus and not self._peer.focused(self._slot):
            self._withheld += data
        else:
            self._peer.write(bytes(data))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the base's transport knows."""
        transport = self._peer.transport
        return transport.get_extra_info(name, default) if transport is not None else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """They are the base's, which all front ends share."""
        if self._peer.transport is not None:
            self._peer.transport.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """How many bytes wait, for the peer or for the focus."""
        transport = self._peer.transport
        waiting = transport.get_write_buffer_size() if transport is not None else 0
        return waiting + len(self._withheld)

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._paused = True

    def resume_reading(self) -> None:
        """Read again: first what is kept."""
        self._paused = False
        if self._unread:
            data = bytes(self._unread)
            self._unread.clear()
            self.receive(data)
        self._peer.go_on()

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._closing

    def close(self) -> None:
        """Close; what was written is on its way."""
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._end)

    def abort(self) -> None:
        """Close at once."""
        self.close()

    def _end(self) -> None:
        self.lose(None)
        self._peer.link_closed(self)
