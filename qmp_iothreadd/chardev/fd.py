"""What is read and written by file descriptor: one transport for pipes, terminals and files."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd.chardev.chardev import Chardev

if TYPE_CHECKING:
    from qmp_iothreadd.qom.object import Property

_CHUNK = 64 * 1024


class ChardevFd(Chardev):
    """Base of the devices on descriptors of no socket."""

    __slots__ = ()

    qom_name = "chardev-fd"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = ()


class FdTransport(asyncio.Transport):
    """Reads ``source`` and writes ``sink``, two descriptors that stay open, for one protocol.

    Pipes, terminals and sockets go through the event loop. Anything else is read and written when
    its turn comes, which blocks no longer than the disk does. Without a source nothing is read. At
    its end reading stops; ``on_input_ended`` is called, and the protocol can still write.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.Protocol,
        source: int | None,
        sink: int,
        on_input_ended: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = protocol
        self._source = source
        self._sink = sink
        self._on_input_ended = on_input_ended
        self._source_pollable = source is not None and _pollable(source)
        self._sink_pollable = _pollable(sink)
        self._reading = False
        self._reading_paused = False
        self._ended_input = source is None
        self._output = bytearray()
        self._output_limit = _CHUNK
        self._waiting = False
        self._writing_paused = False
        self._closing = False
        self._lost_scheduled = False
        self._ended = False
        # Not blocking is a property that everyone shares who has the same pipe or terminal.
        pollable = ((source or 0, self._source_pollable), (sink, self._sink_pollable))
        self._blocking = {fd: os.get_blocking(fd) for fd, wanted in pollable if wanted}

    def start(self) -> None:
        """Let the protocol begin, and read."""
        for fd in self._blocking:
            os.set_blocking(fd, False)
        self._protocol.connection_made(self)
        self._update_reading()

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
            # A full disk is no reason to end, a reader that left is.
            self._closing |= self._sink_pollable
        self._wait_for_reader(bool(self._output))
        if self._closing and not self._output:
            self._end_soon()
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
        self._update_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._reading_paused = False
        self._update_reading()

    def _update_reading(self) -> None:
        wanted = not (self._reading_paused or self._closing or self._ended_input)
        if wanted == self._reading or self._source is None:
            return
        self._reading = wanted
        if not self._source_pollable:
            if wanted:
                self._loop.call_soon(self._read_file)
        elif wanted:
            self._loop.add_reader(self._source, self._read)
        else:
            self._loop.remove_reader(self._source)

    def _read_file(self) -> None:
        """Read the next piece of what is always ready, and let others have their turn."""
        if self._reading:
            self._read()
        if self._reading:
            self._loop.call_soon(self._read_file)

    def _read(self) -> None:
        assert self._source is not None
        try:
            data = os.read(self._source, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # a terminal that hung up
        if data:
            self._protocol.data_received(data)
        else:
            self._ended_input = True
            self._update_reading()
            self.input_ended()

    def input_ended(self) -> None:
        """There is nothing more to read; what is written may still go somewhere."""
        self._on_input_ended()

    # -- The end ----------------------------------------------------------------------------------

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Nothing: there is no socket."""
        return default

    def close(self) -> None:
        """Deliver what was written, then close."""
        self._closing = True
        self._update_reading()
        if not self._output:
            self._end_soon()

    def abort(self) -> None:
        """Close at once."""
        self._output.clear()
        self.close()

    def _end_soon(self) -> None:
        self._update_reading()
        if not self._lost_scheduled:
            self._lost_scheduled = True
            self._loop.call_soon(self._end)

    def _end(self) -> None:
        self._ended = True
        self._output.clear()
        self._wait_for_reader(False)
        for fd, blocking in self._blocking.items():
            os.set_blocking(fd, blocking)
        self._protocol.connection_lost(None)


def _pollable(fd: int) -> bool:
    """Whether an event loop can wait for ``fd``; for files and /dev/null it cannot."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(fd)
