"""UDP: each write is a datagram, and so is what comes in (chardev/char-udp.c)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.addresses import flat_address, strerror
from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.chardev.hosts import resolve
from qmp_iothreadd.chardev.sink import SinkTransport
from qmp_iothreadd.qom.object import Property

_LARGEST: Final = 65507  # bytes of payload, over IPv4


class ChardevUdp(Chardev):
    """A socket that is bound to one address, where it was given one, and connected to another."""

    __slots__ = ()

    qom_name = "chardev-udp"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    def open(self) -> None:
        """Bind and connect. Whether somebody is there shows with the first datagram only.

        Raises:
            QmpError: an address is unknown or cannot be had.
        """
        local = self.data.get("local")
        made = _connected(flat_address(self.data["remote"]), local and flat_address(local))
        made.setblocking(False)
        _UdpTransport(asyncio.get_running_loop(), self.make_peer(), made).start()


class _UdpTransport(SinkTransport):
    """Sends what is written, and hands on what comes; what cannot be sent is lost."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, protocol: asyncio.Protocol, sock: socket.socket
    ) -> None:
        super().__init__(loop, protocol, self._send)
        self._socket = sock
        self._reading = False

    def start(self) -> None:
        """Let the protocol begin, and read."""
        self.resume_reading()
        super().start()

    def pause_reading(self) -> None:
        """Read nothing for now."""
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._socket)

    def resume_reading(self) -> None:
        """Read again."""
        if not self._reading and not self.is_closing():
            self._reading = True
            self._loop.add_reader(self._socket, self._receive)

    def close(self) -> None:
        """Close; the protocol is told in the loop's next turn."""
        self.pause_reading()
        super().close()
        self._socket.close()

    def _send(self, data: bytes) -> None:
        for start in range(0, len(data), _LARGEST):
            with contextlib.suppress(OSError):
                self._socket.send(data[start : start + _LARGEST])

    def _receive(self) -> None:
        with contextlib.suppress(OSError):  # nobody was there for what was sent
            data = self._socket.recv(_LARGEST)
            if data:
                self._protocol.data_received(data)


def _connected(remote: Mapping[str, Any], local: Mapping[str, Any] | None) -> socket.socket:
    """A socket from ``local``, or any address, to ``remote``."""
    if remote["type"] != "inet" or (local and local["type"] != "inet"):
        raise errors.datagrams_unsupported()
    if not remote["port"]:
        raise errors.datagrams_without_port()
    host = remote["host"] or "localhost"
    target = resolve({**remote, "host": host}, kind=socket.SOCK_DGRAM)[0]
    made = socket.socket(target.family, socket.SOCK_DGRAM)
    try:
        if local is not None:
            _bind(made, local)
        _connect(made, target.address)
    except BaseException:
        made.close()
        raise
    return made


def _bind(made: socket.socket, local: Mapping[str, Any]) -> None:
    family = "ipv6" if made.family == socket.AF_INET6 else "ipv4"
    wanted = {"host": local["host"], "port": local["port"] or "0", family: True}
    target = resolve(wanted, passive=True, kind=socket.SOCK_DGRAM)[0]
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(target.address)
    except OSError as error:
        raise errors.inet_bind_failed(strerror(error)) from None


def _connect(made: socket.socket, address: Any) -> None:
    try:
        made.connect(address)
    except OSError as error:
        raise errors.connect_failed(f"{address[0]}:{address[1]}", strerror(error)) from None
