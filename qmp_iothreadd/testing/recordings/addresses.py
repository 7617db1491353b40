"""Sockets by their names on a command line: a path, ``unix:PATH``, ``tcp:HOST:PORT``, HOST:PORT."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from qmp_iothreadd.chardev.addresses import UNIX_PATH_MAX
from qmp_iothreadd.errors import Error

_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^/:]*):(\d+)")
_OPTIONS = re.compile(r",(?:server|wait)\b")  # as QEMU has them
_PATH_MAX = UNIX_PATH_MAX - 1  # with a NUL behind it, as Python gives it to the system
_BACKLOG = 128


class AddressError(Error):
    """It is no address, or nobody can listen there."""


@dataclass(frozen=True, slots=True)
class Address:
    """A path of a Unix socket, or a host and a port of TCP."""

    path: str = ""
    host: str = ""
    port: int = 0

    @property
    def family(self) -> socket.AddressFamily:
        """The family of its sockets."""
        if self.path:
            return socket.AF_UNIX
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    @property
    def name(self) -> str | tuple[str, int]:
        """The address as Python's sockets take it."""
        return self.path or (self.host, self.port)

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """What a text names.

    Raises:
        AddressError: it names no socket.
    """
    found = (
        None if text.startswith("unix:") else _HOST_AND_PORT.fullmatch(text.removeprefix("tcp:"))
    )
    if found is not None:
        port = int(found[2])
        if port > 65535:
            raise AddressError(f"'{text}': a port is 65535 at most")
        return Address(host=found[1].strip("[]") or "127.0.0.1", port=port)
    path = text.removeprefix("unix:")
    if _OPTIONS.search(text):
        raise AddressError(f"'{text}': give the path, or HOST:PORT, without options")
    if text.startswith("tcp:") or not path:
        raise AddressError(f"'{text}': give a path, or HOST:PORT")
    if len(os.fsencode(path)) > _PATH_MAX:
        raise AddressError(
            f"'{path}': a socket's path has {_PATH_MAX} bytes at most; use a shorter"
        )
    return Address(path=path)


@contextlib.contextmanager
def listening(address: Address) -> Iterator[socket.socket]:
    """A socket that listens there, not blocking; a Unix socket's file goes away in the end.

    Raises:
        AddressError: it cannot, with what to do.
    """
    with socket.socket(address.family) as made:
        try:
            if address.path:
                _take_away_abandoned(address.path)
            else:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address.name)
            made.listen(_BACKLOG)
        except OSError as error:
            raise AddressError(f"cannot listen on {address}: {error.strerror or error}") from None
        made.setblocking(False)
        try:
            yield made
        finally:
            if address.path:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(address.path)


def _take_away_abandoned(path: str) -> None:
    """Remove a socket's file that nobody listens on."""
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)
    except FileNotFoundError:
        return
    if kind != stat.S_IFSOCK:
        raise AddressError(f"cannot listen on {path}: there is a file, which is no socket")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except BlockingIOError:
            pass  # its backlog is full
    raise AddressError(f"cannot listen on {path}: somebody does already; name another path")
