"""A machine that comes by migration: where it is awaited, and what is made of it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import stat
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.addresses import local_address
from qmp_iothreadd.machine.background_work import BackgroundWork
from qmp_iothreadd.machine.migration.channels import Address, take_descriptor
from qmp_iothreadd.machine.migration.children import run_command
from qmp_iothreadd.machine.migration.migration import Migration
from qmp_iothreadd.machine.migration.stream import read_stream

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.host_listener import HostListener
    from qmp_iothreadd.chardev.listener import UnixListener
    from qmp_iothreadd.machine.machine import Machine

STREAM_MAX: Final = 1 << 20
"""The most bytes that are taken: a machine that has nothing comes in less than one thousand."""

_CHUNK: Final = 64 * 1024


class Incoming:
    """The machine's incoming migration. ``status`` is a MigrationStatus."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.started = False
        self.status = "none"
        self.error: str | None = None
        self._listener: UnixListener | HostListener | None = None

    def info(self) -> dict[str, Any]:
        """The members of a MigrationInfo that are about it."""
        found: dict[str, Any] = {}
        if self._listener is not None:
            found["socket-address"] = [local_address(each) for each in self._listener.sockets]
        if self.status not in ("none", "setup"):
            found["status"] = self.status
        if self.error is not None:
            found["error-desc"] = self.error
        return found

    def start(self, address: Address, named: dict[str, int], *, exit_on_error: bool) -> None:
        """Listen at ``address``, or read from there; ``named`` are the monitor's descriptors.

        Raises:
            QmpError: that cannot be.
        """
        descriptor = take_descriptor(address, named)
        if descriptor is None and address["transport"] == "socket":
            self._listener = _listen(address)
        elif descriptor is None and address["transport"] == "file":
            descriptor = _open_file(address["filename"], address["offset"])
        self.started = True
        self._change("setup")
        work = self._run(address, descriptor, exit_on_error=exit_on_error)
        self.machine.part(BackgroundWork).spawn(work)

    def close(self) -> None:
        """Listen no more."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    async def _run(self, address: Address, descriptor: int | None, *, exit_on_error: bool) -> None:
        try:
            data = await self._receive(address, descriptor)
            self._change("active")
            self._become(_load(data))
        except OSError as error:
            reason = errors.load_failed(error.strerror or str(error))
            self._fail(reason, exit_on_error=exit_on_error)
        except Exception as error:
            self._fail(errors.of_command(error), exit_on_error=exit_on_error)

    async def _receive(self, address: Address, descriptor: int | None) -> bytes:
        if descriptor is not None:
            return await _read_descriptor(descriptor)
        if self._listener is None:
            return await _read_command(address["args"])
        loop = asyncio.get_running_loop()
        listening = self._listener.sockets[0]
        listening.setblocking(False)
        peer, _ = await loop.sock_accept(listening)
        self.close()
        with peer:
            return await _read_socket(peer)

    def _become(self, status: str) -> None:
        machine = self.machine
        machine.status = "paused"
        if status != "running":
            machine.status = status
        elif machine.starts_running:
            machine.cont()
        self._change("completed")

    def _fail(self, error: errors.QmpError, *, exit_on_error: bool) -> None:
        self.error = error.desc
        self._change("failed")
        self.machine.chardevs.report(error.desc)
        if exit_on_error:
            self.machine.exit_status = 1
            self.machine.shutdown("host-error")

    def _change(self, status: str) -> None:
        self.status = status
        if self.machine.part(Migration).capabilities["events"]:
            self.machine.emit("MIGRATION", {"status": status})


def _load(data: bytes) -> str:
    try:
        return read_stream(data, "none")
    except errors.QmpError as error:
        raise errors.load_failed(error.desc) from None


def _listen(address: Address) -> UnixListener | HostListener:
    if address["type"] == "unix":
        from qmp_iothreadd.chardev.listener import UnixListener

        return UnixListener(address)
    from qmp_iothreadd.chardev.host_listener import HostListener

    return HostListener(address)


def _open_file(path: str, offset: int) -> int:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise errors.file_not_opened(path, error.strerror or str(error)) from None
    with contextlib.suppress(OSError):
        os.lseek(fd, offset, os.SEEK_SET)
    return fd


async def _read_descriptor(fd: int) -> bytes:
    mode = os.fstat(fd).st_mode
    if stat.S_ISSOCK(mode):
        with socket.socket(fileno=fd) as peer:
            peer.setblocking(False)
            return await _read_socket(peer)
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
        os.close(fd)
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    with open(fd, "rb") as file:
        if stat.S_ISREG(mode):
            return file.read(STREAM_MAX)
        reader = asyncio.StreamReader(limit=STREAM_MAX)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, file)
        try:
            return await _read_all(reader)
        finally:
            transport.close()


async def _read_socket(peer: socket.socket) -> bytes:
    data = bytearray()
    loop = asyncio.get_running_loop()
    while len(data) < STREAM_MAX and (piece := await loop.sock_recv(peer, _CHUNK)):
        data += piece
    return bytes(data)


async def _read_command(arguments: list[str]) -> bytes:
    process = await run_command(arguments, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        return await _read_all(process.stdout)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    data = bytearray()
    while len(data) < STREAM_MAX and (piece := await reader.read(_CHUNK)):
        data += piece
    return bytes(data)
