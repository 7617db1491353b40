"""What a test left open: what is just going away has a moment for it, and its own process is looked
through for threads, and for sockets to the server.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qmp_iothreadd.testing.serving import Address

# A thread that is just ending, a client that is just hanging up: mostly that is seen within a turn
# or two of the loop.
_GRACE_S = 1.0
_POLL_S = 0.002
_TURNS = 10

# Pools keep theirs for those who come next: asyncio's, uvloop's, anyio's, trio's.
_POOLS = ("asyncio_", "uvloop_", "AnyIO worker thread", "Trio thread")
# Servers, which may live longer than one test, have their own.
_OURS = ("qmp server", "qmp fleet")


# SS_CONNECTING, as a connection is until the server accepts it, and SS_CONNECTED, as /proc/net/unix
# has them.
_CONNECTED = ("02", "03")


class LeftOpenError(AssertionError):
    """What a test left open, in words."""


async def patiently(look: Callable[[], list[str]]) -> list[str]:
    """What ``look`` finds, when it had a moment to go away; on the loop that runs."""
    import asyncio  # plain tests of daemons need none

    until = time.monotonic() + _GRACE_S
    turns = 0
    while (left := look()) and time.monotonic() < until:
        await asyncio.sleep(0 if turns < _TURNS else _POLL_S)
        turns += 1
    return left


def patiently_here(look: Callable[[], list[str]]) -> list[str]:
    """The same where no loop runs."""
    until = time.monotonic() + _GRACE_S
    while (left := look()) and time.monotonic() < until:
        time.sleep(_POLL_S)
    return left


class Before:
    """What there was before a test."""

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())

    def left(self, addresses: Collection[Address]) -> list[str]:
        """The threads that came since, and sockets connected to ``addresses``, in words."""
        threads = [f"the thread '{each.name}' still runs" for each in self._new_threads()]
        sockets = [f"a socket (descriptor {fd}) to {to}" for fd, to in _sockets_to(set(addresses))]
        return threads + sockets

    def _new_threads(self) -> Iterator[threading.Thread]:
        for each in threading.enumerate():
            known = each in self._threads or each.name.startswith((*_POOLS, *_OURS))
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


def clients_of(paths: Collection[str]) -> list[str]:
    """Who is connected to Unix sockets of other processes', from whichever process, in words."""
    try:
        lines = Path("/proc/net/unix").read_text(errors="replace").splitlines()
    except OSError:  # a system without
        return []
    # The server's end has the path of the socket that listened: the eighth word.
    words = [line.split(maxsplit=7) for line in lines]
    connected = Counter(each[7] for each in words if len(each) == 8 and each[5] in _CONNECTED)
    found = [(connected[path], path) for path in paths if connected[path]]
    return [f"{number(count, 'client')} still connected to {path}" for count, path in found]


def number(count: int, noun: str) -> str:
    """So many of them, in words."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
