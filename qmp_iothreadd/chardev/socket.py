"""Sockets, listening or connected: chardev/char-socket.c.

A server has one peer at a time, unless its front end takes several: while one is connected the
others wait in the socket's backlog, and are greeted when it has left.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.chardev import socket_options
from qmp_iothreadd.chardev.addresses import (
    flat_address,
    format_address,
    format_connected,
    local_address,
)
from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.chardev.listener import UnixListener
from qmp_iothreadd.chardev.unix_transport import UnixTransport
from qmp_iothreadd.qom.object import ObjectType, Property

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.chardev import Devices
    from qmp_iothreadd.chardev.host_listener import HostListener
    from qmp_iothreadd.chardev.peer import Peer
    from qmp_iothreadd.chardev.tls import TLS

# A refused accept (no descriptors left, say) is tried again after so many seconds, not in a busy
# loop.
_ACCEPT_RETRY_S = 0.1

# How many may come at once where all are served.
_MULTI_CLIENT_BACKLOG = 16


class ChardevSocket(Chardev):
    """A Unix or TCP socket, listening or connected.

    ``address`` is a SocketAddress: of a server the one that it has, rather than the one asked for.
    """

    __slots__ = (
        "_accepting",
        "_connected_name",
        "_first",
        "_listening",
        "_loop",
        "_reconnect_s",
        "_stack",
        "_tasks",
        "_tls",
        "address",
        "server",
    )

    qom_name = "chardev-socket"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("connected", "bool", lambda chardev: bool(chardev.peers)),
        Property("addr", "SocketAddress", lambda chardev: chardev.address),
    )

    def __init__(self, type: ObjectType, chardevs: Devices, data: Mapping[str, Any]) -> None:
        super().__init__(type, chardevs, data)
        self.address = flat_address(data["addr"])
        self.server: bool = data.get("server", True)
        self._reconnect_s = data.get("reconnect-ms", 0) / 1000
        self._listening: list[socket.socket] = []
        self._accepting = False
        self._connected_name = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._first: asyncio.Future[None] | None = None
        self._stack = contextlib.ExitStack()
        self._tls: TLS | None = None

    # -- What clients see -------------------------------------------------------------------------

    @property
    def filename(self) -> str:
        """The address as chardev/char-socket.c writes it, with ``disconnected:`` if it is."""
        if self.peers:
            return self._connected_name
        text = format_address(self.address, socket_options.protocol(self.data))
        return f"disconnected:{text},server=on" if self.server else f"disconnected:{text}"

    # -- Life -------------------------------------------------------------------------------------

    def open(self) -> None:
        """Listen, or connect; a client that is to try again does so later.

        Raises:
            QmpError: the address or descriptor cannot be had, or nobody answers.
        """
        self._loop = asyncio.get_running_loop()
        self._tls = socket_options.find_tls(
            self.chardevs, self.data, self.address, server=self.server
        )
        socket_options.check(self.data, self.address, server=self.server)
        if self.address["type"] == "fd":
            self._adopt(self.address["str"])
        elif self.server:
            self._listen()
        elif self._reconnect_s:
            self._spawn(self._keep_connecting(0))
        else:
            from qmp_iothreadd.chardev.connecting import connect  # most are servers

            self._take(connect(self.address))

    @property
    def waits(self) -> bool:
        """Whether it is a server that start-up does not go on without a client."""
        return self.server and bool(self.data.get("wait", False)) and not self.peers

    async def wait(self) -> None:
        """Say that a client is waited for, and wait."""
        self.chardevs.report(f"info: QEMU waiting for connection on: {self.filename}")
        if not self.peers:
            self._first = self._loop.create_future()
            await self._first

    def stop(self) -> None:
        """Listen no more, and try to connect no more."""
        self._closed = True
        self._stop_accepting()
        for task in tuple(self._tasks):
            task.cancel()
        self._stack.close()

    def frontend_changed(self) -> None:
        """A front end may take several peers, or one."""
        if self.frontend is not None and self.frontend.multi_client:
            for each in self._listening:
                each.listen(_MULTI_CLIENT_BACKLOG)
        self._accept_more()

    def peer_left(self) -> None:
        """The next one may come, or is called again."""
        if self._closed:
            return
        self._accept_more()
        if self._reconnect_s and not self.peers:
            self._spawn(self._keep_connecting(self._reconnect_s))

    # -- Servers ----------------------------------------------------------------------------------

    def _listen(self) -> None:
        listener: UnixListener | HostListener
        if self.address["type"] == "unix":
            listener = UnixListener(self.address)
        else:
            from qmp_iothreadd.chardev.host_listener import HostListener  # few are

            listener = HostListener(self.address)
        self._stack.callback(listener.close)
        self._serve(listener.sockets)

    def _serve(self, listening: list[socket.socket]) -> None:
        self._listening = listening
        self.address = local_address(listening[0])
        self._accept_more()

    def _accept_more(self) -> None:
        if self._accepting or self._closed or not self._has_room():
            return
        self._accepting = True
        for each in self._listening:
            self._loop.add_reader(each.fileno(), self._accept, each)

    def _has_room(self) -> bool:
        return not self.peers or (self.frontend is not None and self.frontend.multi_client)

    def _stop_accepting(self) -> None:
        if self._accepting:
            self._accepting = False
            for each in self._listening:
                self._loop.remove_reader(each.fileno())

    def _accept(self, listening: socket.socket) -> None:
        if not self._has_room():
            return  # another of the sockets was faster
        try:
            client, _ = listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            self._stop_accepting()
            self._loop.call_later(_ACCEPT_RETRY_S, self._accept_more)
            return
        client.setblocking(False)
        self._take(client)

    # -- Descriptors ------------------------------------------------------------------------------

    def _adopt(self, text: str) -> None:
        """Use the descriptor that ``text`` names; a server without one never has a client."""
        if self.server and not text:
            return
        from qmp_iothreadd.chardev.handed_over import adopt, adopt_listener  # few are

        fd = self._descriptor(text)
        if not self.server:
            self._take(adopt(fd, text))
            return
        listening = adopt_listener(fd, text)
        self._stack.callback(listening.close)
        self._serve([listening])

    def _descriptor(self, text: str) -> int:
        """A monitor's clients give names, by getfd; a command line has numbers."""
        if self.handed_over is None:
            from qmp_iothreadd.chardev.handed_over import inherited_descriptor

            return inherited_descriptor(text)
        fd = self.handed_over.pop(text, None)
        if fd is None:
            raise errors.named_descriptor_unknown(text)
        return fd

    # -- Clients ----------------------------------------------------------------------------------

    async def _keep_connecting(self, delay_s: float) -> None:
        """Try until somebody answers; that nobody does is said once."""
        from qmp_iothreadd.chardev.connecting import connect_later  # most are servers

        said = False
        while True:
            await asyncio.sleep(delay_s)
            delay_s = self._reconnect_s
            try:
                self._take(await connect_later(self.address))
                return
            except errors.QmpError as error:
                if not said:
                    said = True
                    self.chardevs.report(errors.reconnect_failed(self.name, error).desc)

    # -- Peers ------------------------------------------------------------------------------------

    def _take(self, connected: socket.socket) -> None:
        """Make a peer of a connected socket, which is ours from now on."""
        try:
            self._connected_name = format_connected(
                connected, server=self.server, protocol=socket_options.protocol(self.data)
            )
        except OSError:  # it has left already
            connected.close()
            return
        peer = self.make_peer()
        if not self._has_room():
            self._stop_accepting()
        if self._first is not None and not self._first.done():
            self._first.set_result(None)
        protocol = socket_options.behind_filters(
            peer, self.data, server=self.server, on_break=self.send_break
        )
        if connected.family == socket.AF_UNIX and self._tls is None:
            UnixTransport(self._loop, connected, protocol).start()
        else:
            self._spawn(self._connect_peer(peer, protocol, connected))

    async def _connect_peer(
        self, peer: Peer, protocol: asyncio.Protocol, connected: socket.socket
    ) -> None:
        try:
            if self._tls is not None:
                await self._tls.start(self._loop, connected, protocol)
            else:
                await self._loop.connect_accepted_socket(lambda: protocol, connected)
            if self.data.get("nodelay") is False and self.address["type"] == "inet":
                # Event loops turn it on for all; so does this device where nobody says.
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, False)
        except BaseException as error:
            connected.close()
            peer.connection_lost(None)
            if not isinstance(error, OSError):  # it has left already
                raise

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
