"""Standard input and output as one asyncio transport."""

from __future__ import annotations

import asyncio
import os
import stat
from typing import Any

from qmp_iothreadd.server.terminal import deliver_keys

_CHUNK = 64 * 1024


def _pollable(fd: int) -> bool:
    """Whether an event loop can wait for ``fd``; for files and /dev/null it cannot."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(fd)


class StdioTransport(asyncio.Transport):
    """Reads ``source`` and writes ``sink``, two descriptors that stay open, for one protocol.

    Pipes, terminals and sockets go through the event loop. Anything else is read and written when
    its turn comes, which blocks no longer than the disk does. ``keys``: where it is a terminal, the
    protocol gets each key as it is pressed, and shows it itself.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.Protocol,
        *,
        keys: bool = False,
        source: int = 0,
        sink: int = 1,
    ) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = protocol
        self._source = source
        self._sink = sink
        self._reader: asyncio.ReadTransport | None = None
        self._reading_paused = False
        self._reads_file = not _pollable(source)
        self._file_scheduled = False
        self._output = bytearray()
        self._output_limit = _CHUNK
        self._waiting = False
        self._writing_paused = False
        self._closing = False
        self._ended = False
        # Not blocking is a property that everyone shares who has the same pipe or terminal.
        self._blocking = {fd: os.get_blocking(fd) for fd in (source, sink)}
        self._restore_terminal = deliver_keys(source) if keys else lambda: None

    async def start(self) -> None:
        """Greet, then read until the end of input."""
        if _pollable(self._sink):
            os.set_blocking(self._sink, False)
        self._protocol.connection_made(self)
        if self._reads_file:
            self._schedule_file()
            return
        pipe = os.fdopen(os.dup(self._source), "rb", 0)
        self._reader, _ = await self._loop.connect_read_pipe(lambda: _Input(self._protocol), pipe)
        if self._closing:
            self._reader.close()
        elif self._reading_paused:
            self._reader.pause_reading()

    # -- Output -----------------------------------------------------------------------------------
    #
    # Not by connect_write_pipe: to notice that a pipe's reader left, uvloop reads from it, too, and
    # where standard input and output are one terminal or socket, that takes away what was typed.

    def write(self, data: Any) -> None:
        """Write, buffered where the reader is slow."""
        if self._ended:
            return
        self._output += data
        if not self._waiting:
            self._flush()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """When the protocol is told to pause; it may go on at a quarter of that."""
        self._output_limit = _CHUNK if high is None else high

    def get_write_buffer_size(self) -> int:
        """How many bytes wait for the reader."""
        return len(self._output)

    def _flush(self) -> None:
        try:
            while self._output:
                del self._output[: os.write(self._sink, self._output)]
        except BlockingIOError:
            pass
        except OSError:
            self._output.clear()
            self._closing |= _pollable(
                self._sink
            )  # a full disk is no reason, a reader that left is
        self._wait_for_reader(bool(self._output))
        if self._closing and not self._output:
            self._loop.call_soon(self._lost)
        elif not self._writing_paused and len(self._output) > self._output_limit:
            self._writing_paused = True
            self._protocol.pause_writing()
        elif self._writing_paused and len(self._output) <= self._output_limit // 4:
            self._writing_paused = False
            self._protocol.resume_writing()

    def _wait_for_reader(self, wanted: bool) -> None:
        if wanted and not self._waiting:
            self._loop.add_writer(self._sink, self._flush)
        elif self._waiting and not wanted:
            self._loop.remove_writer(self._sink)
        self._waiting = wanted

    # -- Input ------------------------------------------------------------------------------------

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._reading_paused = True
        if self._reader is not None:
            self._reader.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._reading_paused = False
        if self._reader is not None:
            self._reader.resume_reading()
        elif self._reads_file:
            self._schedule_file()

    def _schedule_file(self) -> None:
        if not self._file_scheduled:
            self._file_scheduled = True
            self._loop.call_soon(self._read_file)

    def _read_file(self) -> None:
        self._file_scheduled = False
        if self._closing or self._reading_paused:
            return
        data = os.read(self._source, _CHUNK)
        if data:
            self._protocol.data_received(data)
            self._schedule_file()
        else:
            self._protocol.eof_received()

    # -- The end ----------------------------------------------------------------------------------

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Nothing: there is no socket."""
        return default

    def close(self) -> None:
        """Deliver what was written, then close."""
        if not self._closing:
            self._closing = True
            if self._reader is not None:
                self._reader.close()
            if not self._output:
                self._loop.call_soon(self._lost)

    def abort(self) -> None:
        """Close at once."""
        self._output.clear()
        self._closing = False
        self.close()

    def _lost(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._wait_for_reader(False)
        if self._reader is not None:
            self._reader.close()
        for fd, blocking in self._blocking.items():
            os.set_blocking(fd, blocking)
        self._restore_terminal()
        self._protocol.connection_lost(None)


class _Input(asyncio.Protocol):
    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol

    def data_received(self, data: bytes) -> None:
        self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()
