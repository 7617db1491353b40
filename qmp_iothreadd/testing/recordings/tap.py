"""Between clients and a monitor: bytes go on as they come, descriptors too, and are written down.

Each client gets a connection of its own to the monitor, made when it comes. What goes by is handed
on first, and read afterwards, in the order in which it came; a client that sends, or a monitor that
answers, faster than it is written down has to wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from qmp_iothreadd.testing.recordings.addresses import Address
from qmp_iothreadd.testing.recordings.format import Entry, Side
from qmp_iothreadd.testing.recordings.recorder import ConnectionRecorder

CLIENTS_MAX: Final = 256
"""So many at a time; others wait until one has left."""

_CHUNK: Final = 1 << 16
_CHUNKS_WAITING: Final = 64
_RETRY_S: Final = 0.02
_DESCRIPTORS_MAX: Final = 253  # Linux's SCM_MAX_FD


@dataclass(slots=True)
class _Chunk:
    """What one side sent; nothing is that it sends no more."""

    side: Side
    data: bytes
    descriptors: int
    time: float


class Tap:
    """Clients of a listening socket are served by ``upstream``; ``write`` is given entries.

    ``say`` is given what goes wrong, in words. ``once``: ``serve`` ends when a client has left.
    """

    def __init__(
        self,
        upstream: Address,
        write: Callable[[Entry], None],
        say: Callable[[str], None],
        *,
        once: bool = False,
    ) -> None:
        self._upstream = upstream
        self._write = write
        self._say = say
        self._once = once
        self._began = time.monotonic()
        self._clients = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(CLIENTS_MAX)
        self._over = asyncio.Event()
        self._fault: BaseException | None = None

    def stop(self) -> None:
        """End ``serve``; clients are cut off."""
        self._over.set()

    async def serve(self, listener: socket.socket) -> None:
        """Serve clients until ``stop``.

        Raises:
            OSError: what went by could not be written.
        """
        accepting = asyncio.create_task(self._accept(listener))
        await self._over.wait()
        accepting.cancel()
        await asyncio.gather(accepting, *self._tasks, return_exceptions=True)
        if self._fault is not None:
            raise self._fault

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._places.acquire()
            try:
                client, _ = await loop.sock_accept(listener)
            except OSError as error:
                self._places.release()
                self._say(f"cannot accept a client: {error.strerror}")
                await asyncio.sleep(0.1)
                continue
            self._clients += 1
            task = asyncio.create_task(self._serve_client(client, self._clients))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._places.release()
        if not task.cancelled() and task.exception() is not None:
            self._fault = task.exception()
        if self._once or self._fault is not None:
            self.stop()

    async def _serve_client(self, client: socket.socket, number: int) -> None:
        connection = _Connection(ConnectionRecorder(number, self._write), self._began)
        with client, socket.socket(self._upstream.family) as server:
            client.setblocking(False)
            server.setblocking(False)
            try:
                connected = await self._unless_over(_connect(server, self._upstream))
            except OSError as error:
                self._say(f"cannot connect to {self._upstream}: {error.strerror or error}")
                connection.recorder.closed("server", connection.now())
            else:
                if connected:
                    await connection.run(client, server, self._over)

    async def _unless_over(self, doing: Coroutine[Any, Any, None]) -> bool:
        """Returns: whether it was done before ``stop`` came."""
        task = asyncio.ensure_future(doing)
        over = asyncio.create_task(self._over.wait())
        await asyncio.wait({task, over}, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        done = task.done()
        task.cancel()
        if done:
            task.result()
        return done


@dataclass(slots=True)
class _Connection:
    """A client's sockets, and what writes down what goes by."""

    recorder: ConnectionRecorder
    began: float
    chunks: asyncio.Queue[_Chunk] = field(
        default_factory=lambda: asyncio.Queue(maxsize=_CHUNKS_WAITING)
    )
    first_to_end: Side | None = None
    ended: float = 0.0

    def now(self) -> float:
        """Seconds since the recording began."""
        return time.monotonic() - self.began

    async def run(self, client: socket.socket, server: socket.socket, over: asyncio.Event) -> None:
        """Hand on what both send, until the server sends no more, or it is over.

        It is not to be cancelled, so that all that went by is written down.
        """
        asking = asyncio.create_task(self._hand_on("client", client, server))
        answering = asyncio.create_task(self._hand_on("server", server, client))
        noting = asyncio.create_task(self._note_all())
        stopping = asyncio.create_task(over.wait())
        await asyncio.wait({answering, noting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (asking, answering, stopping):
            task.cancel()
        await asyncio.gather(asking, answering, stopping, return_exceptions=True)
        noted = asyncio.create_task(self.chunks.join())
        await asyncio.wait({noted, noting}, return_when=asyncio.FIRST_COMPLETED)
        if noting.done():
            noted.cancel()
            noting.result()
        noting.cancel()
        self.recorder.closed(self.first_to_end or "tap", self.ended or self.now())

    async def _hand_on(self, side: Side, source: socket.socket, target: socket.socket) -> None:
        """Until one end is closed, then the other learns of it."""
        with contextlib.suppress(ConnectionError):
            async for data, descriptors in _received(source):
                try:
                    await self.chunks.put(_Chunk(side, data, len(descriptors), self.now()))
                    await _send(target, data, descriptors)
                finally:
                    for fd in descriptors:
                        os.close(fd)
        self.first_to_end = self.first_to_end or side
        self.ended = self.now()
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    async def _note_all(self) -> None:
        while True:
            chunk = await self.chunks.get()
            try:
                await self._note(chunk)
            finally:
                self.chunks.task_done()

    async def _note(self, chunk: _Chunk) -> None:
        recorder = self.recorder
        of_client = chunk.side == "client"
        recorder.add_descriptors(chunk.descriptors)
        stream = recorder.of_client if of_client else recorder.of_server
        stream.feed(chunk.data)
        while stream.pending:
            message = stream.take()
            if message is None:
                await asyncio.sleep(0)  # it is long
            elif of_client:
                recorder.request(message, chunk.time)
            else:
                recorder.answer(message, chunk.time)


# -- Sockets with descriptors, which asyncio's streams lose ----------------------------------------


async def _received(source: socket.socket) -> AsyncIterator[tuple[bytes, list[int]]]:
    """What comes, until nothing comes any more. The descriptors are the caller's."""
    while True:
        try:
            data, descriptors, _, _ = socket.recv_fds(
                source, _CHUNK, _DESCRIPTORS_MAX, socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            await _ready(source, write=False)
            continue
        if not data:
            return
        yield data, descriptors


async def _send(target: socket.socket, data: bytes, descriptors: list[int]) -> None:
    """Send bytes, and descriptors with the first of them; over TCP these go no further."""
    left = memoryview(data)
    while left:
        try:
            if descriptors and target.family == socket.AF_UNIX:
                sent = socket.send_fds(target, [left], descriptors)
                descriptors = []
            else:
                sent = target.send(left)
        except BlockingIOError:
            await _ready(target, write=True)
        else:
            left = left[sent:]


async def _connect(connecting: socket.socket, address: Address) -> None:
    """Connect. Raises OSError."""
    if not address.path:
        await asyncio.get_running_loop().sock_connect(connecting, address.name)
        return
    while True:
        try:
            connecting.connect(address.name)
        except BlockingIOError:  # as many wait there as can; a client that blocks would wait, too
            await asyncio.sleep(_RETRY_S)
        else:
            return


async def _ready(waited_for: socket.socket, *, write: bool) -> None:
    """Wait until a socket can be read, or written."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    fd = waited_for.fileno()
    add, remove = (
        (loop.add_writer, loop.remove_writer) if write else (loop.add_reader, loop.remove_reader)
    )

    def set_ready() -> None:
        if not ready.done():
            ready.set_result(None)

    add(fd, set_ready)
    try:
        await ready
    finally:
        remove(fd)
