"""Standard input and output as one asyncio transport."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Callable
from typing import Any

_CHUNK = 64 * 1024


def _pollable(fd: int) -> bool:
    """Whether an event loop can wait for ``fd``; for files and /dev/null it cannot."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(fd)


class StdioTransport(asyncio.Transport):
    """Reads descriptor 0, writes descriptor 1, for one protocol.

    Pipes, terminals and sockets go through the event loop. Anything else is read and written when
    its turn comes, which blocks no longer than the disk does.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = protocol
        self._reader: asyncio.ReadTransport | None = None
        self._writer: asyncio.WriteTransport | None = None
        self._paused = False
        self._closing = False
        # The event loop changes these for everyone who has the same pipe or terminal.
        self._blocking = {fd: os.get_blocking(fd) for fd in (0, 1)}

    async def start(self) -> None:
        """Greet, then read until the end of input."""
        if _pollable(1):
            output = os.fdopen(os.dup(1), "wb", 0)
            self._writer, _ = await self._loop.connect_write_pipe(
                lambda: _Output(self._protocol, self._lost), output
            )
        self._protocol.connection_made(self)
        if _pollable(0):
            source = os.fdopen(os.dup(0), "rb", 0)
            self._reader, _ = await self._loop.connect_read_pipe(
                lambda: _Input(self._protocol), source
            )
        else:
            self._loop.call_soon(self._read_file)

    def write(self, data: Any) -> None:
        """Write, buffered where the reader is slow."""
        if self._writer is not None:
            self._writer.write(data)
            return
        with contextlib.suppress(OSError):
            os.write(1, data)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """When the protocol is told to pause."""
        if self._writer is not None:
            self._writer.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """How many bytes wait for the reader."""
        return self._writer.get_write_buffer_size() if self._writer is not None else 0

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._paused = True
        if self._reader is not None:
            self._reader.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._paused = False
        if self._reader is not None:
            self._reader.resume_reading()
        else:
            self._loop.call_soon(self._read_file)

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Nothing: there is no socket."""
        return default

    def close(self) -> None:
        """Deliver what was written, then close."""
        if self._closing:
            return
        self._closing = True
        if self._reader is not None:
            self._reader.close()
        if self._writer is not None:
            self._writer.close()  # and when all is written it is lost
        else:
            self._loop.call_soon(self._lost, None)

    def abort(self) -> None:
        """Close at once."""
        if self._writer is not None:
            self._writer.abort()
        self.close()

    def _lost(self, exc: Exception | None) -> None:
        self._closing = True
        if self._reader is not None:
            self._reader.close()
        for fd, blocking in self._blocking.items():
            os.set_blocking(fd, blocking)
        self._protocol.connection_lost(exc)

    def _read_file(self) -> None:
        if self._closing or self._paused:
            return
        data = os.read(0, _CHUNK)
        if data:
            self._protocol.data_received(data)
            self._loop.call_soon(self._read_file)
        else:
            self._protocol.eof_received()


class _Input(asyncio.Protocol):
    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol

    def data_received(self, data: bytes) -> None:
        self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()


class _Output(asyncio.BaseProtocol):
    def __init__(
        self, protocol: asyncio.Protocol, on_lost: Callable[[Exception | None], None]
    ) -> None:
        self._protocol = protocol
        self._on_lost = on_lost

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost(exc)
