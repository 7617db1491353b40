"""A front end for tests."""

from __future__ import annotations

import asyncio
from typing import cast

from qmp_iothreadd.chardev.frontend import FrontendProtocol


class Echo(FrontendProtocol):
    """Greets, and sends back what comes."""

    def __init__(self, greeting: bytes) -> None:
        self.greeting = greeting
        self.calls: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.greeting)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)

    def pause_writing(self) -> None:
        self.calls.append("pause")

    def resume_writing(self) -> None:
        self.calls.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.calls.append("lost")

    def cut_off(self) -> None:
        self.calls.append("cut off")
        self.transport.abort()


class Echoes:
    """A front end that greets each peer; ``made`` are its protocols."""

    is_open = True

    def __init__(
        self, greeting: bytes = b"hi\n", *, multi_client: bool = False, wants_keys: bool = False
    ) -> None:
        self.greeting = greeting
        self.multi_client = multi_client
        self.wants_keys = wants_keys
        self.made: list[Echo] = []

    def connect(self) -> Echo:
        self.made.append(Echo(self.greeting))
        return self.made[-1]
