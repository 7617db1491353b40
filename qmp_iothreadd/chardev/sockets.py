"""Making sockets: listening, connected, or handed over, as QEMU's util/qemu-sockets.c does it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import struct
from collections.abc import Mapping
from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.resolving import (
    Target,
    encode_path,
    is_numeric,
    resolve,
    set_keep_alive,
    strerror,
    unix_target,
    vsock_target,
)

BACKLOG = 1
"""How many wait to be accepted: QEMU's chardev/char-socket.c asks for so many."""

CONNECT_S = 10.0
"""How long a connection may take that everything waits for."""


class Listener:
    """Sockets that listen on one address; a host may stand for several.

    ``sockets`` do not block. A Unix socket's file is its own: whatever lies there is replaced, and
    ``close`` removes it.
    """

    def __init__(self, address: Mapping[str, Any]) -> None:
        """Listen.

        Raises:
            QmpError: the address is unknown, taken, or refused by the system.
        """
        self.sockets: list[socket.socket] = []
        self._path: bytes | None = None
        self._identity: tuple[int, int] | None = None
        if address["type"] == "inet":
            self.sockets = _listen_inet(address)
        elif address["type"] == "vsock":
            self.sockets = [_listen_vsock(address)]
        else:
            self._listen_unix(address)

    def close(self) -> None:
        """Close, and remove the file if it is still ours."""
        for each in self.sockets:
            each.close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                if _identity(self._path) == self._identity:
                    os.unlink(self._path)

    def _listen_unix(self, address: Mapping[str, Any]) -> None:
        path, abstract = address["path"], address.get("abstract", False)
        if not path and not abstract:
            path = _temporary_path()
        target = unix_target({**address, "path": path})
        if not abstract:
            _make_room(path)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.bind(target.address)
            _start_listening(made)
            if not abstract:
                self._path = os.path.abspath(target.address)  # a daemon leaves its folder
                self._identity = _identity(self._path)
        except errors.QmpError:
            made.close()
            raise
        except OSError as error:
            made.close()
            raise errors.bind_failed(path, strerror(error)) from None
        self.sockets = [made]


def _temporary_path() -> str:
    """Where a Unix socket without a path listens."""
    import tempfile  # few have none

    fd, path = tempfile.mkstemp(prefix="qemu-socket-")
    os.close(fd)
    return path


def _make_room(path: str) -> None:
    try:
        os.unlink(encode_path(path))
    except FileNotFoundError:
        pass
    except OSError as error:
        raise errors.socket_unlink_failed(path, strerror(error)) from None


def _start_listening(made: socket.socket) -> None:
    try:
        made.listen(BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise
        raise errors.listen_failed(strerror(error)) from None
    made.setblocking(False)


def _listen_inet(address: Mapping[str, Any]) -> list[socket.socket]:
    """Listen wherever the host is; one place is enough."""
    made: list[socket.socket] = []
    first: errors.QmpError | None = None
    for target in resolve(address, passive=True):
        try:
            made.append(_listen_at(target, address))
        except errors.QmpError as error:
            first = first or error
    if not made and first is not None:
        raise first
    return made


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
            _start_listening(made)
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
        _start_listening(made)
    except OSError as error:
        made.close()
        raise errors.inet_bind_failed(strerror(error)) from None
    return made


def connect(address: Mapping[str, Any]) -> socket.socket:
    """A socket connected to an address. It blocks as long as that takes, within bounds.

    Raises:
        QmpError: the address is unknown, or nobody answers.
    """
    refused: OSError | None = None
    for target in _targets(address):
        made = _make(target)
        try:
            _connect_within(made, target.address, CONNECT_S)
        except OSError as error:
            made.close()
            refused = error
        else:
            return _connected(made, address)
    raise _connect_error(address, refused)


async def connect_later(address: Mapping[str, Any]) -> socket.socket:
    """The same, while the event loop goes on.

    Raises:
        QmpError: the address is unknown, or nobody answers.
    """
    loop = asyncio.get_running_loop()
    if address["type"] == "inet" and not is_numeric(address):
        targets = await loop.run_in_executor(None, resolve, address)
    else:
        targets = _targets(address)
    refused: OSError | None = None
    for target in targets:
        made = _make(target)
        try:
            made.setblocking(False)
            if made.family == socket.AF_UNIX:
                made.connect(target.address)  # succeeds at once, or never will
            else:
                await loop.sock_connect(made, target.address)
        except OSError as error:
            made.close()
            refused = error
        except BaseException:
            made.close()
            raise
        else:
            return _connected(made, address)
    raise _connect_error(address, refused)


def _connect_within(made: socket.socket, address: Any, seconds: float) -> None:
    # Python's own time limit would not let it wait in the queue of a Unix socket.
    limit = struct.pack("@ll", int(seconds), int(seconds % 1 * 1e6))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    while not _is_connected(made):
        made.connect(address)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, bytes(len(limit)))


def _is_connected(made: socket.socket) -> bool:
    """Whether there is a peer: Python takes an interrupted connection to a Unix socket for one."""
    try:
        made.getpeername()
    except OSError as error:
        return error.errno != errno.ENOTCONN
    return True


def _connected(made: socket.socket, address: Mapping[str, Any]) -> socket.socket:
    try:
        made.setblocking(False)
        set_keep_alive(made, address)
    except BaseException:
        made.close()
        raise
    return made


def _targets(address: Mapping[str, Any]) -> list[Target]:
    if address["type"] == "inet":
        return resolve(address)
    return [unix_target(address) if address["type"] == "unix" else vsock_target(address)]


def _make(target: Target) -> socket.socket:
    try:
        return socket.socket(target.family, socket.SOCK_STREAM, target.protocol)
    except OSError as error:
        raise errors.socket_not_created(strerror(error)) from None


def _connect_error(address: Mapping[str, Any], error: OSError | None) -> errors.QmpError:
    if address["type"] == "unix":
        text = address["path"]
    else:
        text = f"{address.get('host', address.get('cid'))}:{address['port']}"
    if error is None or error.errno in (errno.EAGAIN, errno.EINPROGRESS):
        return errors.connect_failed(text, os.strerror(errno.ETIMEDOUT))
    return errors.connect_failed(text, strerror(error))


def adopt(fd: int, text: str) -> socket.socket:
    """The socket of a descriptor, which is the caller's from now on; ``text`` named it.

    Raises:
        QmpError: it is of no open socket; it is closed.
    """
    try:
        made = socket.socket(fileno=fd)
    except ValueError:
        raise errors.not_a_socket(text) from None
    except OSError as error:
        if error.errno != errno.EBADF:
            os.close(fd)
        raise errors.not_a_socket(text) from None
    made.setblocking(False)
    made.set_inheritable(False)
    return made


def adopt_listener(fd: int, text: str) -> socket.socket:
    """The same of one that listens, or is bound and will.

    Raises:
        QmpError: it is no socket, or cannot listen; it is closed.
    """
    made = adopt(fd, text)
    try:
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise errors.fd_listen_failed(strerror(error)) from None
    return made


def parse_descriptor(text: str) -> int:
    """The number of a descriptor.

    Raises:
        QmpError: it is none.
    """
    digits = text.lstrip(" \t\n\v\f\r").removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:
        raise errors.not_a_file_descriptor(text)
    return int(text)


def _identity(path: bytes) -> tuple[int, int]:
    found = os.lstat(path)
    return found.st_dev, found.st_ino
