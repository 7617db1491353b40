"""One who is connected to a device."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from qmp_iothreadd.chardev.frontend import DescriptorProtocol, close_all

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.frontend import Frontend, FrontendProtocol
    from qmp_iothreadd.chardev.hangup import HangupWatch
    from qmp_iothreadd.chardev.logfile import LogFile


class Peer(DescriptorProtocol):
    """Between a device's transport and the protocol of its front end, which may change.

    While the device has no front end, the peer is held: nothing is read from it, and only that it
    hangs up is noticed. ``on_lost`` is called once, when the transport is gone. ``log`` takes what
    is written.
    """

    def __init__(self, on_lost: Callable[[Peer], None], log: LogFile | None = None) -> None:
        self._on_lost = on_lost
        self._log = log
        self._transport: asyncio.Transport | None = None
        self._protocol: FrontendProtocol | None = None
        self._unread: list[bytes] = []
        self._writable = True
        self._lost = False
        self._watch: HangupWatch | None = None

    # -- The front end ----------------------------------------------------------------------------

    def attach(self, frontend: Frontend) -> None:
        """Let a front end talk to the peer, from the beginning."""
        self._protocol = frontend.connect()
        self._stop_watching()
        if self._transport is None:
            return  # connection_made is still to come
        writable = self._writable
        self._protocol.connection_made(self._transport)
        if not writable:
            self._protocol.pause_writing()
        unread, self._unread = self._unread, []
        for data in unread:
            self._protocol.data_received(data)
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def detach(self) -> None:
        """Take the peer away from its front end, and hold it."""
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            protocol.connection_lost(None)
        self._hold()

    def _hold(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.pause_reading()
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            from qmp_iothreadd.chardev.hangup import HangupWatch  # few are held

            self._watch = HangupWatch(asyncio.get_running_loop(), sock.fileno(), self.abort)

    # -- The end ----------------------------------------------------------------------------------

    def cut_off(self) -> None:
        """Close; what the front end has answered before is still sent."""
        if self._protocol is not None:
            self._protocol.cut_off()
        else:
            self.abort()

    def close(self) -> None:
        """Close once everything is written."""
        if self._transport is not None:
            self._stop_watching()
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._stop_watching()
            self._transport.abort()

    # -- asyncio.Protocol -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the front end greet, or hold the peer until there is one."""
        self._transport = cast(asyncio.Transport, transport)
        if self._log is not None:
            from qmp_iothreadd.chardev.filters import FilteredTransport  # few have a log

            self._transport = FilteredTransport(self._transport, self._log)
        if self._protocol is not None:
            self._protocol.connection_made(self._transport)
        else:
            self._hold()

    def data_received(self, data: bytes) -> None:
        """Hand on what comes; what was read already when reading was paused is kept."""
        if self._protocol is not None:
            self._protocol.data_received(data)
        else:
            self._unread.append(data)

    def descriptors_received(self, fds: list[int]) -> None:
        """Hand on descriptors; without a front end nobody could take them."""
        if self._protocol is not None:
            self._protocol.descriptors_received(fds)
        else:
            close_all(fds)

    def eof_received(self) -> bool | None:
        """The peer will send nothing more; the front end says whether it still listens."""
        return self._protocol.eof_received() if self._protocol is not None else True

    def input_ended(self) -> None:
        """Nothing more will come from the peer, which still reads."""
        if self._protocol is not None:
            self._protocol.input_ended()

    def pause_writing(self) -> None:
        """The peer does not read."""
        self._writable = False
        if self._protocol is not None:
            self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._writable = True
        if self._protocol is not None:
            self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end; also where the transport could not be made."""
        if self._lost:
            return
        self._lost = True
        self._transport = None
        self._stop_watching()
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            protocol.connection_lost(exc)
        self._on_lost(self)

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None
