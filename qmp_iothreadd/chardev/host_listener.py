"""Listening where hosts are, and for virtual machines."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Mapping
from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.addresses import strerror
from qmp_iothreadd.chardev.hosts import Target, resolve, set_keep_alive, vsock_target
from qmp_iothreadd.chardev.listener import start_listening


class HostListener:
    """Sockets that listen on one address, which may be several: one is enough."""

    def __init__(self, address: Mapping[str, Any]) -> None:
        """Listen.

        Raises:
            QmpError: the address is unknown, taken, or refused by the system.
        """
        self.sockets: list[socket.socket] = []
        if address["type"] == "vsock":
            self.sockets.append(_listen_vsock(address))
            return
        first: errors.QmpError | None = None
        for target in resolve(address, passive=True):
            try:
                self.sockets.append(_listen_at(target, address))
            except errors.QmpError as error:
                first = first or error
        if not self.sockets and first is not None:
            raise first

    def close(self) -> None:
        """Close."""
        for each in self.sockets:
            each.close()


def _listen_at(target: Target, address: Mapping[str, Any]) -> socket.socket:
    """Listen at the first port that is free, from the one asked for up to ``to``."""
    host, first, *rest = target.address
    refused: errors.QmpError | None = None
    for port in range(first, address.get("to", first) + 1):
        try:
            made = socket.socket(target.family, socket.SOCK_STREAM, target.protocol)
        except OSError as error:
            raise errors.socket_not_created(strerror(error)) from None
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _bind(made, (host, port, *rest), address)
            start_listening(made)
            set_keep_alive(made, address)
            return made
        except errors.QmpError:
            made.close()
            raise
        except OSError as error:
            made.close()
            if error.errno != errno.EADDRINUSE:
                raise errors.inet_bind_failed(strerror(error)) from None
            refused = errors.no_port_available(strerror(error))
    raise refused or errors.socket_not_created(os.strerror(errno.ENOENT))  # ``to`` is too small


def _bind(made: socket.socket, where: tuple[Any, ...], address: Mapping[str, Any]) -> None:
    """Bind; a socket of IPv6 takes IPv4 too, unless the address says which, or it is taken."""
    if made.family != socket.AF_INET6:
        made.bind(where)
        return
    ipv4, ipv6 = address.get("ipv4"), address.get("ipv6")
    both = (ipv4 is None and ipv6 is None) or (ipv4 and ipv6)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not both)
    try:
        made.bind(where)
    except OSError as error:
        if not both or error.errno != errno.EADDRINUSE:
            raise
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, True)
        made.bind(where)


def _listen_vsock(address: Mapping[str, Any]) -> socket.socket:
    target = vsock_target(address)
    try:
        made = socket.socket(target.family, socket.SOCK_STREAM)
    except OSError as error:
        raise errors.socket_not_created(strerror(error)) from None
    try:
        made.bind(target.address)
        start_listening(made)
    except OSError as error:
        made.close()
        raise errors.inet_bind_failed(strerror(error)) from None
    return made
