"""Socket addresses: as clients describe them, as the system has them, and as text.

A SocketAddress of the schema is ``{"type": "inet", "host": …, "port": …}``; a ChardevBackend has
its older form, with the members below ``data``.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

from qmp_iothreadd import errors

UNIX_PATH_MAX = 108
"""How many bytes of a Unix socket's path the system takes."""


def flat_address(legacy: Mapping[str, Any]) -> dict[str, Any]:
    """The SocketAddress that a SocketAddressLegacy describes."""
    return {"type": legacy["type"], **legacy["data"]}


def local_address(bound: socket.socket) -> dict[str, Any]:
    """The SocketAddress that a socket is bound to."""
    name = bound.getsockname()
    if bound.family == socket.AF_UNIX:
        return _unix_address(os.fsencode(name))
    if bound.family == socket.AF_VSOCK:
        return {"type": "vsock", "cid": str(name[0]), "port": str(name[1])}
    host, port = name[:2]
    family = "ipv6" if bound.family == socket.AF_INET6 else "ipv4"
    return {"type": "inet", "host": host, "port": str(port), family: True}


def _unix_address(name: bytes) -> dict[str, Any]:
    if not name.startswith(b"\0"):
        return {"type": "unix", "path": os.fsdecode(name)}
    path = os.fsdecode(name[1:].partition(b"\0")[0])
    tight = len(name) < UNIX_PATH_MAX
    return {"type": "unix", "path": path, "abstract": True, "tight": tight}


def format_address(address: Mapping[str, Any], protocol: str = "tcp") -> str:
    """An address as query-chardev shows it (chardev/char-socket.c).

    ``protocol`` stands before hosts: ``tcp``, ``telnet``, ``websocket`` …
    """
    kind = address["type"]
    if kind == "inet":
        return f"{protocol}:{address['host']}:{address['port']}"
    if kind == "fd":
        return f"fd:{address['str']}"
    if kind == "vsock":
        return f"vsock:{address['cid']}:{address['port']}"
    text = f"unix:{address['path']}"
    if address.get("abstract"):
        text += ",abstract=on"
        if address.get("tight"):
            text += ",tight=on"
    return text


def format_connected(connected: socket.socket, *, server: bool, protocol: str = "tcp") -> str:
    """Both ends of a connection as query-chardev shows them."""
    suffix = ",server=on" if server else ""
    own, other = connected.getsockname(), connected.getpeername()
    if connected.family == socket.AF_UNIX:
        return f"unix:{os.fsdecode(own if server else other).partition(chr(0))[0]}{suffix}"
    if connected.family == socket.AF_VSOCK:
        return "unknown"
    return f"{protocol}:{_host_port(own)}{suffix} <-> {_host_port(other)}"


def _host_port(name: tuple[Any, ...]) -> str:
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def unix_name(address: Mapping[str, Any]) -> bytes:
    """The name of a Unix socket, as the system takes it.

    Raises:
        QmpError: the path is too long.
    """
    path = encode_path(address["path"])
    abstract = address.get("abstract", False)
    if len(path) >= UNIX_PATH_MAX:
        raise errors.unix_path_too_long(address["path"], UNIX_PATH_MAX - abstract)
    if not abstract:
        return path or bytes(UNIX_PATH_MAX)  # for QEMU, no path is an address like another
    name = b"\0" + path
    return name if address.get("tight", True) else name.ljust(UNIX_PATH_MAX, b"\0")


def encode_path(path: str) -> bytes:
    """A path, or a name, as the system takes it; NUL is as QEMU's JSON has it."""
    return os.fsencode(path).replace(b"\0", b"\xc0\x80")


def strerror(error: OSError) -> str:
    """What the system says of an error."""
    return os.strerror(error.errno) if error.errno else str(error)
