"""A QMP client with nothing in between: blocking, and exact to the byte.

>>> with DaemonProcess("-name", "vm0") as daemon, Client.connect(daemon.path) as client:
...     greeting = client.negotiate()
...     client.execute("query-name")
{'name': 'vm0'}
"""

from __future__ import annotations

import json
import socket
import time
from collections import deque
from types import TracebackType

from qmp_iothreadd.testing.requests import Message, Requests

TIMEOUT_S = 15.0
_CHUNK = 1 << 16
_CONNECT_RETRY_S = 0.005


class Client(Requests):
    """One connection. Messages are dicts; events that come between replies are kept in ``events``.

    Whatever does not come within ``timeout`` seconds is a TimeoutError.
    """

    def __init__(self, connected: socket.socket, *, timeout: float = TIMEOUT_S) -> None:
        self.socket = connected
        self.socket.settimeout(timeout)
        self.events: deque[Message] = deque()
        self._buffer = bytearray()

    @classmethod
    def connect(cls, address: str | tuple[str, int], *, timeout: float = TIMEOUT_S) -> Client:
        """Connect to a Unix path or a (host, port), waiting until somebody listens there."""
        deadline = time.monotonic() + timeout
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        while True:
            made = socket.socket(family)
            made.settimeout(timeout)
            try:
                made.connect(address)
            except OSError:
                made.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(_CONNECT_RETRY_S)
            else:
                return cls(made, timeout=timeout)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def half_close(self) -> None:
        """Say that nothing more will be sent; what was sent is still answered."""
        self.socket.shutdown(socket.SHUT_WR)

    # -- Messages ---------------------------------------------------------------------------------

    def send(self, request: bytes | str | Message) -> None:
        """Send bytes as they are, or a message as JSON without anything after it."""
        if isinstance(request, dict):
            request = json.dumps(request)
        self.socket.sendall(request.encode() if isinstance(request, str) else request)

    def receive_line(self) -> bytes:
        """The next line with its end; what the end of the connection cut off; ``b""`` at the end.

        Raises:
            TimeoutError: nothing comes.
        """
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            try:
                data = self.socket.recv(_CHUNK)
            except ConnectionError:
                data = b""
            if not data:
                end = len(self._buffer) - 1
                break
            self._buffer += data
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line

    def receive(self) -> Message:
        """The next message, event or not.

        Raises:
            EOFError: the connection ended.
            ValueError: what came is not one message in ASCII, ended by CRLF.
        """
        line = self.receive_line()
        if not line:
            raise EOFError("the connection ended")
        message = json.loads(line.decode("ascii"))
        if not line.endswith(b"\r\n") or not isinstance(message, dict):
            raise ValueError(f"not a message: {line[:200]!r}")
        return message

    def receive_reply(self) -> Message:
        """The next message that is no event."""
        while "event" in (message := self.receive()):
            self.events.append(message)
        return message

    def receive_event(self) -> Message:
        """The oldest event that nobody asked for yet, else the next message, which must be one."""
        if self.events:
            return self.events.popleft()
        message = self.receive()
        if "event" not in message:
            raise ValueError(f"not an event: {message}")
        return message

    # -- Requests ---------------------------------------------------------------------------------

    def take_greeting(self) -> Message:
        """The first message of the connection."""
        return self.receive()

    def exchange(self, request: Message) -> Message:
        """Send a request and return its reply."""
        self.send(request)
        return self.receive_reply()
