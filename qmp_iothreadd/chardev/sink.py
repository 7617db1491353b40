"""A transport without a descriptor: what is written goes to a function."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class SinkTransport(asyncio.Transport):
    """Connects one protocol to ``write``, which takes bytes at once; nothing comes back."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.Protocol,
        write: Callable[[bytes], object],
    ) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = protocol
        self._write = write
        self._closing = False

    def start(self) -> None:
        """Let the protocol begin."""
        self._protocol.connection_made(self)

    def write(self, data: Any) -> None:
        """Hand on what is written."""
        if not self._closing:
            self._write(bytes(data))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Nothing: there is no socket."""
        return default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is buffered."""

    def get_write_buffer_size(self) -> int:
        """Nothing waits."""
        return 0

    def pause_reading(self) -> None:
        """There is nothing to read."""

    def resume_reading(self) -> None:
        """There is nothing to read."""

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._closing

    def close(self) -> None:
        """Close; the protocol is told in the loop's next turn."""
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """Close at once, which is the same."""
        self.close()
