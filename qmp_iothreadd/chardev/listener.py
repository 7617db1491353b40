"""Unix sockets that listen, as QEMU's util/qemu-sockets.c makes them."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Mapping
from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.addresses import encode_path, strerror, unix_name

BACKLOG = 1
"""How many wait to be accepted: QEMU's chardev/char-socket.c asks for so many."""


class UnixListener:
    """A listening Unix socket and the file that it owns; ``sockets`` has just the one.

    Whatever lies at its path is replaced, and ``close`` removes the file.
    """

    def __init__(self, address: Mapping[str, Any]) -> None:
        """Listen.

        Raises:
            QmpError: the path is too long, or refused by the system.
        """
        self._path: bytes | None = None
        self._identity: tuple[int, int] | None = None
        path, abstract = address["path"], address.get("abstract", False)
        if not path and not abstract:
            path = _temporary_path()
        name = unix_name({**address, "path": path})
        if not abstract:
            _make_room(path)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.bind(name)
            start_listening(made)
            if not abstract:
                self._path = os.path.abspath(name)  # a daemon leaves its folder
                self._identity = _identity(self._path)
        except errors.QmpError:
            made.close()
            raise
        except OSError as error:
            made.close()
            raise errors.bind_failed(path, strerror(error)) from None
        self.sockets = [made]

    def close(self) -> None:
        """Close, and remove the file if it is still ours."""
        for each in self.sockets:
            each.close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                if _identity(self._path) == self._identity:
                    os.unlink(self._path)


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


def start_listening(made: socket.socket) -> None:
    """Let a socket that is bound listen, without blocking.

    Raises:
        QmpError: it cannot.
        OSError: the address is taken.
    """
    try:
        made.listen(BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise
        raise errors.listen_failed(strerror(error)) from None
    made.setblocking(False)


def _identity(path: bytes) -> tuple[int, int]:
    found = os.lstat(path)
    return found.st_dev, found.st_ino
