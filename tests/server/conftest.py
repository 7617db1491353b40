"""What the tests of sessions on an event loop share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
import uvloop

from qmp_iothreadd.testing import Server, make_machine

X_BLOCK = "{ 'command': 'x-block', 'coroutine': true }"


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Any]:
    """Tests run on both event loops."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class Peer:
    """A client on asyncio streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, *requests: bytes | dict[str, Any]) -> None:
        """Write requests in one go."""
        self.writer.write(
            b"".join(
                request if isinstance(request, bytes) else json.dumps(request).encode()
                for request in requests
            )
        )

    async def receive(self) -> dict[str, Any] | None:
        """The next message, None at the end."""
        async with asyncio.timeout(10):
            line = await self.reader.readline()
        return json.loads(line) if line else None

    async def receive_ids(self, count: int) -> list[Any]:
        """The ids of the next replies."""
        replies = [await self.receive() for _ in range(count)]
        return [reply and reply.get("id") for reply in replies]

    async def negotiate(self, *capabilities: str) -> None:
        """Take the greeting and end negotiation."""
        greeting = await self.receive()
        assert greeting is not None
        assert "QMP" in greeting
        self.send({"execute": "qmp_capabilities", "arguments": {"enable": [*capabilities]}})
        assert await self.receive() == {"return": {}}

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        with suppress(ConnectionError, TimeoutError):
            await self.writer.wait_closed()


class Bench:
    """A server with the command x-block, which waits for ``gate``, and clients of it."""

    def __init__(self, server: Server, stack: AsyncExitStack, gate: asyncio.Event) -> None:
        self.server = server
        self.gate = gate
        self.executed: list[str] = []
        self._stack = stack

    async def connect(self, monitor: int = 0) -> Peer:
        """A client that was not greeted yet."""
        path = self.server.paths[monitor]
        peer = Peer(*await asyncio.open_unix_connection(path, limit=1 << 24))
        self._stack.push_async_callback(peer.close)
        return peer

    async def client(self, *capabilities: str, monitor: int = 0) -> Peer:
        """A client past negotiation."""
        peer = await self.connect(monitor)
        await peer.negotiate(*capabilities)
        return peer


MakeBench = Callable[..., Any]


@pytest.fixture
async def bench(extended_schema: Callable[..., str]) -> AsyncIterator[MakeBench]:
    """Start a server: ``await bench(monitors=2)``."""
    async with AsyncExitStack() as stack:

        async def start(**options: Any) -> Bench:
            gate = asyncio.Event()

            async def block(ctx: Any) -> None:
                await gate.wait()

            def query_name(ctx: Any) -> dict[str, str]:
                made.executed.append("query-name")
                return {}

            machine = make_machine(extended_schema(X_BLOCK))
            stack.callback(machine.close)
            functions = {"x-block": block, "query-name": query_name}
            server = Server(machine, functions=functions, **options)
            made = Bench(await stack.enter_async_context(server), stack, gate)
            return made

        yield start
