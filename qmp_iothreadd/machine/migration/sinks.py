"""Where the bytes of a migration go: sockets, files, commands."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from typing import Any, Protocol

from qmp_iothreadd import errors
from qmp_iothreadd.machine.migration.channels import Address
from qmp_iothreadd.machine.migration.children import run_command


class Sink(Protocol):
    """Somewhere to write to, once."""

    async def write(self, data: bytes) -> None:
        """Write all of ``data``.

        Raises:
            OSError: nobody reads it, or there is no room.
        """

    async def close(self) -> None:
        """Let go of it."""


class _SocketSink:
    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        sock.setblocking(False)

    async def write(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def close(self) -> None:
        self._socket.close()


class _FileSink:
    """A file, or a pipe; either takes so little without waiting."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    async def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._fd, data) :]

    async def close(self) -> None:
        os.close(self._fd)


class _CommandSink:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        await self._process.stdin.drain()

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await self._process.wait()
        except asyncio.CancelledError:
            self._process.kill()
            raise


async def open_sink(address: Address, descriptor: int | None) -> Sink:
    """Connect to ``address``, a MigrationAddress; ``descriptor`` is what it names, if it does.

    Raises:
        QmpError: nobody answers, or there is no such file or command.
    """
    if descriptor is not None:
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return _SocketSink(socket.socket(fileno=descriptor))
        return _FileSink(descriptor)
    match address["transport"]:
        case "exec":
            return _CommandSink(await run_command(address["args"], stdin=asyncio.subprocess.PIPE))
        case "file":
            return _FileSink(_open_file(address["filename"], address["offset"]))
    text = address["path"] if address["type"] == "unix" else f"{address['host']}:{address['port']}"
    try:
        return _SocketSink(await _connect(address))
    except socket.gaierror as error:
        reason = error.strerror or str(error)
        raise errors.address_unknown(address["host"], address["port"], reason) from None
    except OSError as error:
        # The event loop's own text says where to, once more.
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise errors.connect_failed(text, reason) from None


def _open_file(path: str, offset: int) -> int:
    try:
        fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o660)
    except OSError as error:
        raise errors.file_not_opened(path, error.strerror or str(error)) from None
    try:
        os.ftruncate(fd, offset)
        os.lseek(fd, offset, os.SEEK_SET)
    except OSError as error:
        os.close(fd)
        raise errors.migration_file_unusable(path, error.strerror or str(error)) from None
    return fd


async def _connect(address: Address) -> socket.socket:
    loop = asyncio.get_running_loop()
    family: int = socket.AF_UNIX
    target: Any = address.get("path")
    if address["type"] == "inet":
        host = address["host"] or "localhost"
        found = await loop.getaddrinfo(host, address["port"], type=socket.SOCK_STREAM)
        family, _, _, _, target = found[0]
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        await loop.sock_connect(made, target)
    except BaseException:
        made.close()
        raise
    return made
