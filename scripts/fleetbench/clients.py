"""A client for each machine, all in one thread: what they wait for answers."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import time
from collections.abc import Iterable, Iterator

_CHUNK = 1 << 16
_TIMEOUT_S = 30.0


class Clients:
    """Connections to all of these sockets. A request goes to all, each is answered by a line."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_fd: dict[int, socket.socket] = {}
        self._poller = select.epoll()
        for path in paths:
            client = socket.socket(socket.AF_UNIX)
            client.connect(path)
            self._by_fd[client.fileno()] = client
            self._poller.register(client.fileno(), select.EPOLLIN)

    def close(self) -> None:
        """Hang up."""
        self._poller.close()
        for client in self._by_fd.values():
            client.close()

    def ask(self, command: str | None) -> list[float]:
        """Send a command to all at once, or take the greetings if None.

        Returns: the seconds that each reply took, shortest first.

        Raises:
            TimeoutError: some are not answered.
        """
        request = None if command is None else json.dumps({"execute": command}).encode()
        sent = {}
        for fd, client in self._by_fd.items():
            sent[fd] = time.perf_counter()
            if request is not None:
                client.sendall(request)
        return sorted(came - sent[fd] for fd, came in self._answered())

    def _answered(self) -> Iterator[tuple[int, float]]:
        """Each descriptor whose whole line is there, and when it came."""
        waiting = set(self._by_fd)
        while waiting:
            ready = self._poller.poll(_TIMEOUT_S)
            if not ready:
                raise TimeoutError(f"{len(waiting)} clients are not answered")
            for fd, _ in ready:
                data = self._by_fd[fd].recv(_CHUNK)
                if not data:
                    raise ConnectionError("a machine hung up")
                if data.endswith(b"\r\n"):
                    waiting.discard(fd)
                    yield fd, time.perf_counter()


@contextlib.contextmanager
def clients_of(paths: Iterable[str]) -> Iterator[Clients]:
    """Clients past negotiation."""
    made = Clients(paths)
    try:
        made.ask(None)
        made.ask("qmp_capabilities")
        yield made
    finally:
        made.close()
