"""A connected Unix socket that takes descriptors too (SCM_RIGHTS), which uvloop's own drop."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable
from typing import Any, ClassVar, Final

_CHUNK: Final = 64 * 1024
"""How much is written before the protocol is told to pause, unless it says so itself."""

_LARGEST_CHUNK: Final = 4 * _CHUNK
"""How much is read at once from who sends much; in smaller pieces that costs a quarter more."""

FDS_MAX: Final = 16
"""More that come with one piece are closed by the kernel: TCP_MAX_FDS of chardev/char-socket.c."""

_ANCILLARY_SIZE: Final = socket.CMSG_SPACE(FDS_MAX * 4)
_FLAGS: Final = int(socket.MSG_CMSG_CLOEXEC)  # an enumeration's member costs time in each call


class DescriptorProtocol(asyncio.Protocol):
    """A protocol that is told of descriptors, too."""

    def descriptors_received(self, fds: list[int]) -> None:
        """Descriptors came with the data that follows; they are ours from now on."""
        close_all(fds)


def close_all(fds: Iterable[int]) -> None:
    """Close descriptors that nobody wants."""
    for fd in fds:
        os.close(fd)


class UnixTransport(asyncio.Transport):
    """Reads and writes ``sock``, which is its own from now on, for one protocol."""

    # What is read goes through here, for all: to allocate as much for each piece costs more.
    _buffers: ClassVar[list[memoryview]] = [memoryview(bytearray(_CHUNK))]

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, protocol: DescriptorProtocol
    ) -> None:
        super().__init__()
        self._loop = loop
        self._sock = sock
        self._fd = sock.fileno()
        self._receive = sock.recvmsg_into
        self._send = sock.send
        self._protocol = protocol
        self._reading = False
        self._output = bytearray()
        self._output_limit = _CHUNK
        self._waiting = False
        self._writing_paused = False
        self._closing = False
        self._ended_input = False
        self._ending = False
        sock.setblocking(False)

    def start(self) -> None:
        """Let the protocol begin, and read unless it does not want to."""
        self._reading = True
        self._loop.add_reader(self._fd, self._read)
        self._protocol.connection_made(self)

    # -- Input ------------------------------------------------------------------------------------

    def pause_reading(self) -> None:
        """Read nothing for now."""
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def resume_reading(self) -> None:
        """Read again."""
        if not (self._reading or self._closing or self._ended_input):
            self._reading = True
            self._loop.add_reader(self._fd, self._read)

    def is_reading(self) -> bool:
        """Whether the protocol is told what comes."""
        return self._reading

    def _read(self) -> None:
        try:
            size, ancillary, _, _ = self._receive(self._buffers, _ANCILLARY_SIZE, _FLAGS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._fail(error)
            return
        if ancillary and (fds := _descriptors(ancillary)):
            self._protocol.descriptors_received(fds)
        if size:
            data = bytes(self._buffers[0][:size])
            if size == _CHUNK:
                UnixTransport._buffers = [memoryview(bytearray(_LARGEST_CHUNK))]
            self._protocol.data_received(data)
            return
        self.pause_reading()
        self._ended_input = True
        if not self._protocol.eof_received():
            self.close()

    # -- Output -----------------------------------------------------------------------------------

    def write(self, data: Any) -> None:
        """Write, buffered where the reader is slow."""
        if self._ending or not data:
            return
        if self._output:
            self._output += data
        else:
            try:
                sent = self._send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self._fail(error)
                return
            if sent == len(data):
                return
            self._output += memoryview(data)[sent:]
            self._loop.add_writer(self._fd, self._flush)
            self._waiting = True
        if not self._writing_paused and len(self._output) > self._output_limit:
            self._writing_paused = True
            self._protocol.pause_writing()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """When the protocol is told to pause; it may go on at a quarter of that."""
        self._output_limit = _CHUNK if high is None else high

    def get_write_buffer_size(self) -> int:
        """How many bytes wait for the reader."""
        return len(self._output)

    def _flush(self) -> None:
        try:
            del self._output[: self._send(self._output)]
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._fail(error)
            return
        if not self._output:
            self._stop_waiting()
            if self._closing:
                self._end_soon(None)
                return
        if self._writing_paused and len(self._output) <= self._output_limit // 4:
            self._writing_paused = False
            self._protocol.resume_writing()

    def _stop_waiting(self) -> None:
        if self._waiting:
            self._waiting = False
            self._loop.remove_writer(self._fd)

    # -- The end ----------------------------------------------------------------------------------

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """``socket``: the socket, to ask but not to read or write."""
        return self._sock if name == "socket" else default

    def close(self) -> None:
        """Deliver what was written, then close."""
        self._closing = True
        self.pause_reading()
        if not self._output:
            self._end_soon(None)

    def abort(self) -> None:
        """Close at once."""
        self._fail(None)

    def _fail(self, error: OSError | None) -> None:
        self._output.clear()
        self._closing = True
        self.pause_reading()
        self._end_soon(error)

    def _end_soon(self, error: OSError | None) -> None:
        if not self._ending:
            self._ending = True
            self._stop_waiting()
            self._loop.call_soon(self._end, error)

    def _end(self, error: OSError | None) -> None:
        self._sock.close()
        self._protocol.connection_lost(error)


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    """The descriptors among ancillary data, blocking as QEMU makes them."""
    fds: list[int] = []
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            whole = len(data) - len(data) % 4
            fds += memoryview(data)[:whole].cast("i")
    for fd in fds:
        os.set_blocking(fd, True)
    return fds
