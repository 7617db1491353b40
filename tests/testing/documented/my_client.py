"""What docs/testing.md tests: a blocking QMP client that connects again when it is cut off."""

from __future__ import annotations

import json
import socket
from typing import Any

TIMEOUT_S = 5.0


class Error(Exception):
    """What QEMU answered."""


class Connection:
    """Requests that are sent again where the connection ends, or no reply comes."""

    def __init__(self, address: str | tuple[str, int], timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._events: list[dict[str, Any]] = []
        self._connect()

    def _connect(self) -> None:
        family = socket.AF_UNIX if isinstance(self._address, str) else socket.AF_INET
        self._socket = socket.socket(family)
        self._socket.settimeout(self._timeout)
        self._socket.connect(self._address)
        self._lines = self._socket.makefile("rb")
        version = self._receive()["QMP"]["version"]["qemu"]
        self.version = version["major"], version["minor"], version["micro"]
        self._ask({"execute": "qmp_capabilities"})

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def _hang_up(self) -> None:
        self._lines.close()
        self._socket.close()

    def _receive(self) -> dict[str, Any]:
        line = self._lines.readline()
        if not line:
            raise ConnectionResetError("QEMU hung up")
        message: dict[str, Any] = json.loads(line)
        return message

    def _ask(self, request: dict[str, Any]) -> Any:
        self._socket.sendall(json.dumps(request).encode())
        while "event" in (message := self._receive()):
            self._events.append(message)
        if "error" in message:
            raise Error(message["error"]["desc"])
        return message["return"]

    def execute(self, command: str, arguments: dict[str, Any] | None = None) -> Any:
        """Ask, twice at most; the value of the reply."""
        request = {"execute": command, "arguments": arguments or {}}
        try:
            return self._ask(request)
        except (OSError, ValueError):
            self._hang_up()
            self._connect()
            return self._ask(request)

    def event(self) -> dict[str, Any]:
        """The next event."""
        while not self._events:
            self._events.append(self._receive())
        return self._events.pop(0)


def connect(address: str | tuple[str, int], timeout: float = TIMEOUT_S) -> Connection:
    """Connect to a Unix socket's path, or to a host and port."""
    return Connection(address, timeout)
