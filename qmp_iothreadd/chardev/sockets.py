"""Listening sockets, as QEMU's util/qemu-sockets.c makes them, and somewhat more careful."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Mapping
from typing import Any

from qmp_iothreadd import errors

BACKLOG = 16

CONNECT_S = 10.0
"""How long a connection may take that everything waits for."""

_UNIX_PATH_MAX = 108
_MAX_DESCRIPTOR_DIGITS = 9


class UnixListener:
    """A listening Unix socket of mode 0600 and the file that it owns."""

    def __init__(self, path: str) -> None:
        """Bind ``path``; a socket that nobody listens on any more is replaced.

        Raises:
            QmpError: the path is too long, taken, or cannot be bound.
        """
        if len(os.fsencode(path)) >= _UNIX_PATH_MAX:
            raise errors.unix_path_too_long(path, _UNIX_PATH_MAX)
        self.path = os.path.abspath(path)  # a daemon leaves its folder
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _remove_stale(path)
            # No moment in which others could connect: the mode is right from the start.
            mask = os.umask(0o177)
            try:
                self.socket.bind(path)
            finally:
                os.umask(mask)
            self.socket.listen(BACKLOG)
            self.socket.setblocking(False)
            self._identity = _identity(path)
        except OSError as error:
            self.socket.close()
            raise errors.bind_failed(path, error.strerror or str(error)) from None

    def close(self) -> None:
        """Close, and remove the file if it is still ours."""
        self.socket.close()
        with contextlib.suppress(OSError):
            if _identity(self.path) == self._identity:
                os.unlink(self.path)


def listen_tcp(host: str, port: str) -> socket.socket:
    """A listening TCP socket; port 0 takes a free one.

    Raises:
        QmpError: the address is unknown or taken.
    """
    try:
        found = socket.getaddrinfo(
            host or "127.0.0.1", port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        made = socket.socket(family, kind, protocol)
    except OSError as error:
        raise errors.address_unknown(host, port, error.strerror or str(error)) from None
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError as error:
        made.close()
        raise errors.bind_failed(f"{host}:{port}", error.strerror or str(error)) from None
    return made


def connect(address: Mapping[str, Any]) -> socket.socket:
    """A socket connected to a SocketAddress, which blocks as long as that takes, within bounds.

    Raises:
        OSError: nobody answers.
    """
    if address["type"] == "unix":
        family, target = socket.AF_UNIX, address["path"]
    else:
        found = socket.getaddrinfo(address["host"], address["port"], type=socket.SOCK_STREAM)
        family, _, _, _, target = found[0]
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.settimeout(CONNECT_S)
        made.connect(target)
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


async def connect_to(address: Mapping[str, Any]) -> socket.socket:
    """The same, while the event loop goes on.

    Raises:
        OSError: nobody answers.
    """
    loop = asyncio.get_running_loop()
    family: int = socket.AF_UNIX
    target: Any = address.get("path")
    if address["type"] != "unix":
        host, port = address["host"], address["port"]
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, _, _, _, target = found[0]
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        await loop.sock_connect(made, target)
    except BaseException:
        made.close()
        raise
    return made


def adopt(text: str) -> tuple[socket.socket, bool]:
    """A socket that was handed over by number, and whether it listens.

    Raises:
        QmpError: that is no number, or not of an open socket.
    """
    if not (text.isascii() and text.isdecimal()) or len(text) > _MAX_DESCRIPTOR_DIGITS:
        raise errors.not_a_file_descriptor(text)
    fd = int(text)
    try:
        made = socket.socket(fileno=fd)
        listening = bool(made.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:
        raise errors.bad_file_descriptor(fd) from None
    made.setblocking(False)
    made.set_inheritable(False)
    return made, listening


def _remove_stale(path: str) -> None:
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            return
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        except OSError:
            pass


def _identity(path: str) -> tuple[int, int]:
    found = os.lstat(path)
    return found.st_dev, found.st_ino
