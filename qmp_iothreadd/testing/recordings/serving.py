"""Serve a recording on a socket, to clients that take it for the monitor that was recorded."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Final

from qmp_iothreadd.testing.recordings.messages import MessageStream
from qmp_iothreadd.testing.recordings.player import PlayedConnection, Player, Step

_CHUNK: Final = 1 << 16


class ReplayServer:
    """``timing``: answers take the time that they took. ``once``: until a client has left."""

    def __init__(self, player: Player, *, timing: bool = False, once: bool = False) -> None:
        self._player = player
        self._timing = timing
        self._once = once
        self._over = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.clients = 0
        self.requests = 0

    def stop(self) -> None:
        """End ``serve``; clients are cut off."""
        self._over.set()

    async def serve(self, listener: socket.socket) -> None:
        """Serve clients until ``stop``."""
        server = await asyncio.start_server(self._serve_client, sock=listener)
        try:
            await self._over.wait()
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve_client(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.clients += 1
        try:
            # Cancelled is what ``serve`` does at its end; asyncio would report it as a fault.
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await self._converse(self._player.connect(), reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            if self._once:
                self.stop()

    async def _converse(
        self,
        connection: PlayedConnection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        stream = MessageStream(of_server=False)
        going_on = await self._follow(connection.opening(), writer)
        while going_on and (data := await reader.read(_CHUNK)):
            stream.feed(data)
            while going_on and stream.pending:
                message = stream.take()
                if message is None:
                    await asyncio.sleep(0)  # it is long
                else:
                    self.requests += 1
                    going_on = await self._follow(connection.answer(message), writer)

    async def _follow(self, steps: list[Step], writer: asyncio.StreamWriter) -> bool:
        """Returns: whether the connection is to go on."""
        for step in steps:
            if self._timing and step.delay:
                await asyncio.sleep(step.delay)
            if step.data is None:
                return False
            writer.write(step.data)
            await writer.drain()
        return True
