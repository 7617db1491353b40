"""What the transports of descriptors have in common."""

from __future__ import annotations

import asyncio
from typing import Any, Final

CHUNK: Final = 64 * 1024
"""How much is read at once, and waits to be written before the protocol is told, in bytes."""


class StreamTransport(asyncio.Transport):
    """Reads the descriptor ``source``, if there is one, and writes ``sink``, for one protocol.

    Output waits for a slow reader, reading can be paused, the end is told once. A kind says how a
    piece is read (``_read``) and written (``_send``), and what is given back (``_release``).
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.Protocol,
        source: int | None,
        sink: int,
    ) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = protocol
        self._source = source
        self._sink = sink
        self._reading = False
        self._reading_paused = False
        self._ended_input = source is None
        self._output = bytearray()
        self._output_limit = CHUNK
        self._waiting = False
        self._writing_paused = False
        self._closing = False
        self._ending = False

    def start(self) -> None:
        """Let the protocol begin, and read unless it does not want to."""
        self._protocol.connection_made(self)
        self._update_reading()

    # -- For a kind to define ---------------------------------------------------------------------

    def _read(self) -> None:
        """Read a piece, and hand it on; there may be nothing."""
        raise NotImplementedError

    def _send(self, data: bytes | bytearray) -> int:
        """Write. Returns: how much was taken.

        Raises:
            BlockingIOError: nothing for now.
            OSError: nothing any more.
        """
        raise NotImplementedError

    def _release(self) -> None:
        """Give back what is the transport's own."""

    # -- Input ------------------------------------------------------------------------------------

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._reading_paused = True
        self._update_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._reading_paused = False
        self._update_reading()

    def is_reading(self) -> bool:
        """Whether the protocol is told what comes."""
        return self._reading

    def _update_reading(self) -> None:
        wanted = not (self._reading_paused or self._closing or self._ended_input)
        if wanted != self._reading:
            self._reading = wanted
            self._watch_input(wanted)

    def _watch_input(self, wanted: bool) -> None:
        assert self._source is not None
        if wanted:
            self._loop.add_reader(self._source, self._read)
        else:
            self._loop.remove_reader(self._source)

    def _end_input(self) -> None:
        self._ended_input = True
        self._update_reading()

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
            self._loop.add_writer(self._sink, self._flush)
            self._waiting = True
        if not self._writing_paused and len(self._output) > self._output_limit:
            self._writing_paused = True
            self._protocol.pause_writing()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """When the protocol is told to pause; it may go on at a quarter of that."""
        self._output_limit = CHUNK if high is None else high

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
            self._loop.remove_writer(self._sink)

    # -- The end ----------------------------------------------------------------------------------

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Nothing, unless a kind knows something."""
        return default

    def close(self) -> None:
        """Deliver what was written, then close."""
        self._closing = True
        self._update_reading()
        if not self._output:
            self._end_soon(None)

    def abort(self) -> None:
        """Close at once."""
        self._fail(None)

    def _fail(self, error: OSError | None) -> None:
        self._output.clear()
        self._closing = True
        self._update_reading()
        self._end_soon(error)

    def _end_soon(self, error: OSError | None) -> None:
        if not self._ending:
            self._ending = True
            self._stop_waiting()
            self._loop.call_soon(self._end, error)

    def _end(self, error: OSError | None) -> None:
        self._release()
        self._protocol.connection_lost(error)
