"""What a test left open in its own process: threads, and sockets to the server."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator

from qmp_iothreadd.testing.serving import Address

# A thread that is just ending, a socket that is just being closed.
_GRACE_S = 0.5
_POLL_S = 0.005

# Pools keep theirs for those who come next: asyncio's, anyio's, trio's.
_POOLS = ("asyncio_", "AnyIO worker thread", "Trio thread")


class Before:
    """What there was before a test."""

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())

    def left_since(self, addresses: Iterable[Address]) -> list[str]:
        """The threads that came since, and sockets connected to ``addresses``, in words.

        What is just going away has a moment for it.
        """
        ours = set(addresses)
        until = time.monotonic() + _GRACE_S
        while (left := self._left(ours)) and time.monotonic() < until:
            time.sleep(_POLL_S)
        return left

    def _left(self, addresses: set[Address]) -> list[str]:
        threads = [f"the thread '{each.name}' still runs" for each in self._new_threads()]
        sockets = [f"a socket (descriptor {fd}) to {to}" for fd, to in _sockets_to(addresses)]
        return threads + sockets

    def _new_threads(self) -> Iterator[threading.Thread]:
        for each in threading.enumerate():
            known = each in self._threads or each.name.startswith((*_POOLS, "qmp server"))
            if not known and not isinstance(each, threading._DummyThread):
                yield each


def _sockets_to(addresses: set[Address]) -> Iterator[tuple[int, Address]]:
    """The descriptors of sockets that are connected to one of the addresses."""
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # closed meanwhile, or no socket
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                with socket.socket(fileno=os.dup(int(name))) as copy:
                    peer = copy.getpeername()
                found = peer if isinstance(peer, str) else tuple(peer[:2])
                if found in addresses:
                    yield int(name), found
