"""The processes that this one's daemons are forked from (``fork_server``): mostly one."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Hashable, Iterator

from qmp_iothreadd.testing.fork_request import BECOME, Order, ask

_MODULE = "qmp_iothreadd.testing.fork_server"

#: Each is for daemons that are started alike; others are started one by one.
_MOST = 3


class ForkServer:
    """One of them, started; this process's daemons end with this process."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        owner = os.pidfd_open(os.getpid())
        fds = (theirs.fileno(), owner)
        try:
            # Of a group of its own: a terminal's Ctrl-C is not for it.
            self._process = subprocess.Popen(
                [sys.executable, "-m", _MODULE, *map(str, fds)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=fds,
                process_group=0,
            )
        except BaseException:
            self._socket.close()
            raise
        finally:
            theirs.close()
            os.close(owner)
        self.has_served = False

    def fork(self, order: Order, fds: list[int]) -> int | None:
        """Fork a daemon, and wait until it is what the order says. Returns its process id.

        None: there is no such process.

        Raises:
            EOFError, OSError: nobody serves.
        """
        reader, writer = os.pipe()
        try:
            try:
                pid = ask(self._socket, order, [fds[0], writer, *fds[1:]])
            finally:
                os.close(writer)
            self.has_served = True
            if pid is None or os.read(reader, len(BECOME)) == BECOME:
                return pid
        finally:
            os.close(reader)
        os.waitpid(pid, 0)
        return None

    def close(self) -> None:
        """End it, and the daemons that there still are."""
        self._socket.close()
        self._process.wait()

    def forget(self) -> None:
        """Let it be the parent's of this process, which was forked."""
        self._socket.close()
        self._process.returncode = 0  # it is not this one's child, and nothing to warn of

    def held(self) -> tuple[int, int]:
        """What it takes of this process: a child, and a descriptor."""
        return self._process.pid, self._socket.fileno()


class ForkServers:
    """One for each kind of process that daemons are started as: ``traits``.

    The first kind gets one at once, another when it is asked for twice in a row: a server takes
    longer to start than a daemon.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers: dict[Hashable, ForkServer] = {}
        self._left: list[ForkServer] = []
        self._last: Hashable = None
        self._useless = False

    def __iter__(self) -> Iterator[ForkServer]:
        return iter([*self._servers.values(), *self._left])

    def fork(self, traits: Hashable, order: Order, fds: list[int]) -> int | None:
        """Fork a daemon. Returns its process id, None where it cannot be had so.

        Raises:
            OSError: there are no descriptors or processes left.
        """
        with self._lock:
            server = self._find(traits)
            if server is None:
                return None
            try:
                return server.fork(order, fds)
            except (EOFError, ConnectionError):
                del self._servers[traits]
                server.close()
                self._useless = not server.has_served
                return None
            except BaseException:
                # Somebody interrupts: its next answer would be that to this request.
                self._left.append(self._servers.pop(traits))
                raise

    def _find(self, traits: Hashable) -> ForkServer | None:
        found = self._servers.get(traits)
        if found is None and not self._useless:
            again, self._last = self._last == traits, traits
            if not self._servers or (again and len(self._servers) < _MOST):
                found = self._servers[traits] = ForkServer()
        return found

    def close(self) -> None:
        """End them all."""
        for server in self:
            server.close()
        self._servers.clear()
        self._left.clear()


_servers = ForkServers()


def fork_servers() -> ForkServers:
    """Those of this process, which end with it."""
    return _servers


def _begin_anew() -> None:
    """Have none, in a process that was forked from the one that has them."""
    global _servers
    for server in _servers:
        server.forget()
    _servers = ForkServers()


atexit.register(lambda: _servers.close())
os.register_at_fork(after_in_child=_begin_anew)
