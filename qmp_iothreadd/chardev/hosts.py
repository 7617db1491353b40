"""Where a host is: from a SocketAddress to what the system takes (QEMU's util/qemu-sockets.c)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.addresses import encode_path, strerror

_TCP_OPTIONS = {
    "keep-alive-count": socket.TCP_KEEPCNT,
    "keep-alive-idle": socket.TCP_KEEPIDLE,
    "keep-alive-interval": socket.TCP_KEEPINTVL,
}


class Target(NamedTuple):
    """What a socket is made of, and where it binds or connects to."""

    family: int
    protocol: int
    address: Any


def resolve(
    address: Mapping[str, Any], *, passive: bool = False, kind: int = socket.SOCK_STREAM
) -> list[Target]:
    """Where a host is; there may be several answers. ``passive``: to listen, or be reached there.

    Raises:
        QmpError: the host or port is unknown, or no family of addresses is allowed.
    """
    host, port = address["host"], address["port"]
    flags = socket.AI_PASSIVE if passive else socket.AI_ADDRCONFIG | socket.AI_V4MAPPED
    if passive and address.get("numeric"):
        flags |= socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    try:
        # As bytes: Python would refuse what the system's resolver has an error for.
        found = socket.getaddrinfo(
            encode_path(host) if host or not passive else None,
            encode_path(port) if port or not passive else None,
            _family(address),
            kind,
            flags=flags,
        )
    except OSError as error:
        raise errors.address_unknown(host, port, error.strerror or str(error)) from None
    protocol = socket.IPPROTO_MPTCP if address.get("mptcp") else None
    return [Target(each[0], protocol or each[2], each[4]) for each in found]


def is_numeric(address: Mapping[str, Any]) -> bool:
    """Whether it takes no look-up to resolve."""
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    try:
        socket.getaddrinfo(encode_path(address["host"]), encode_path(address["port"]), flags=flags)
    except OSError:
        return False
    return True


def vsock_target(address: Mapping[str, Any]) -> Target:
    """Where a socket between virtual machines is.

    Raises:
        QmpError: the context's or the port's number is none.
    """
    numbers = []
    for name in ("cid", "port"):
        text = address[name]
        if not (text.isascii() and text.isdecimal()) or len(text) > 10 or int(text) >= 2**32:
            raise errors.vsock_number_malformed(name, text)
        numbers.append(int(text))
    return Target(socket.AF_VSOCK, 0, tuple(numbers))


def set_keep_alive(made: socket.socket, address: Mapping[str, Any]) -> None:
    """Let the system notice a silent peer's end, where the address asks for it.

    Raises:
        QmpError: the system refuses.
    """
    if not address.get("keep-alive"):
        return
    wanted = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1, "keep-alive")]
    for name, option in _TCP_OPTIONS.items():
        if address.get(name):
            what = f"TCP {name.replace('keep-alive-', 'keep-alive ')}"
            wanted.append((socket.IPPROTO_TCP, option, address[name], what))
    for level, option, value, what in wanted:
        try:
            made.setsockopt(level, option, struct.pack("@I", value))
        except OSError as error:
            raise errors.socket_option_refused(what, strerror(error)) from None


def _family(address: Mapping[str, Any]) -> int:
    """Which of IPv4 and IPv6 is wanted, where each may be on, off or not mentioned."""
    ipv4, ipv6 = address.get("ipv4"), address.get("ipv6")
    if ipv4 is False and ipv6 is False:
        raise errors.no_address_family()
    if ipv4 and ipv6:
        return socket.AF_UNSPEC if address["host"] else socket.AF_INET6
    if ipv6 or ipv4 is False:
        return socket.AF_INET6
    return socket.AF_INET if ipv4 or ipv6 is False else socket.AF_UNSPEC
