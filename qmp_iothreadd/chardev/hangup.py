"""Noticing that a peer is gone while nothing is read from it."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable


class HangupWatch:
    """Notices that a peer is gone for good while nothing is read from it.

    An epoll instance that waits for no event is still told of a hang-up, and is readable then.
    ``half``: a peer that will send nothing more is gone, too; of TCP's, no more is known.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        fd: int,
        on_hangup: Callable[[], None],
        *,
        half: bool = False,
    ) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._epoll.register(fd, select.EPOLLRDHUP if half else 0)
        loop.add_reader(self._epoll.fileno(), on_hangup)

    def close(self) -> None:
        """Watch no more."""
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()
