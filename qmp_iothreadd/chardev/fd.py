"""What is read and written by file descriptor: one transport for pipes, terminals and files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.chardev.stream_transport import CHUNK, StreamTransport

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import Property


class ChardevFd(Chardev):
    """Base of the devices on descriptors of no socket."""

    __slots__ = ()

    qom_name = "chardev-fd"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = ()


class FdTransport(StreamTransport):
    """Two descriptors that stay open.

    Pipes, terminals and sockets go through the event loop. Anything else is read and written when
    its turn comes, which blocks no longer than the disk does. At the end of ``source`` reading
    stops; ``on_input_ended`` is called, and the protocol can still write.
    """

    # Not by connect_write_pipe: to notice that a pipe's reader left, uvloop reads from it, too, and
    # where standard input and output are one terminal or socket, that takes away what was typed.

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.Protocol,
        source: int | None,
        sink: int,
        on_input_ended: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(loop, protocol, source, sink)
        self._on_input_ended = on_input_ended
        self._source_pollable = source is not None and _pollable(source)
        self._sink_pollable = _pollable(sink)
        self._file_scheduled = False
        # Not blocking is a property that everyone shares who has the same pipe or terminal.
        pollable = ((source or 0, self._source_pollable), (sink, self._sink_pollable))
        self._blocking = {fd: os.get_blocking(fd) for fd, wanted in pollable if wanted}

    def start(self) -> None:
        """Let the protocol begin, and read unless it does not want to."""
        for fd in self._blocking:
            os.set_blocking(fd, False)
        super().start()

    def input_ended(self) -> None:
        """There is nothing more to read; what is written may still go somewhere."""
        self._on_input_ended()

    def _send(self, data: bytes | bytearray) -> int:
        if self._sink_pollable:
            return os.write(self._sink, data)
        with contextlib.suppress(OSError):  # a full disk ends nothing
            written = 0
            while written < len(data):
                written += os.write(self._sink, memoryview(data)[written:])
        return len(data)

    def _watch_input(self, wanted: bool) -> None:
        if self._source_pollable:
            super()._watch_input(wanted)
        elif wanted and not self._file_scheduled:
            self._file_scheduled = True
            self._loop.call_soon(self._read_file)

    def _read_file(self) -> None:
        """Read the next piece of what is always ready, and let others have their turn."""
        self._file_scheduled = False
        if self._reading:
            self._read()
        if self._reading:
            self._watch_input(True)

    def _read(self) -> None:
        assert self._source is not None
        try:
            data = os.read(self._source, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # a terminal that hung up
        if data:
            self._protocol.data_received(data)
        else:
            self._end_input()
            self.input_ended()

    def _release(self) -> None:
        for fd, blocking in self._blocking.items():
            os.set_blocking(fd, blocking)


def _pollable(fd: int) -> bool:
    """Whether an event loop can wait for ``fd``; for files and /dev/null it cannot."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(fd)
