"""Random faults on random requests of random clients: whatever they meet, the server stays whole.

    python tests/fuzz/fuzz_faults.py [--seconds N] [libFuzzer's options, a folder for the corpus]

Clients come one after the other, scripts make faults, release and forget them; clients send in
pieces, read or do not, close one side, or just hang up. Then all faults are forgotten: who is still
there is answered, the next connection is clean to the byte, and nothing is left, neither
descriptors nor threads nor sessions. Exits with a status other than 0, and the input that did it,
at the first difference.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import random
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import driver

with driver.instrumented(__name__):
    from qmp_iothreadd.errors import QmpError
    from qmp_iothreadd.iothread import _engine
    from qmp_iothreadd.scripting.script import Script
    from qmp_iothreadd.testing import Server

from tests.fuzz.random_faults import random_fault, random_request
from tests.waiting import wait_until_async

PATIENCE_S = 20.0
ACTIONS = 40
NEGOTIATION = b'{"execute": "qmp_capabilities"}'
MARKER = b'{"execute": "query-uuid", "id": "marker"}'


class Choices(random.Random):
    """Choices that bytes make; when these are used up, each is the first of the possible ones."""

    def __new__(cls, data: bytes) -> Choices:
        return super().__new__(cls)

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._left = iter(data)

    def getrandbits(self, k: int) -> int:
        made = 0
        for _ in range(0, k, 8):
            made = made << 8 | next(self._left, 0)
        return made & ((1 << k) - 1)


class Play:
    """One input: a server, and one client of it at a time."""

    def __init__(self, server: Server, source: random.Random) -> None:
        self._server = server
        self._faults = server.machine.part(Script).faults
        self._source = source
        self._client: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._half_closed = False
        self._sent = 0
        self._actions: list[Callable[[], Awaitable[None]]] = [
            *[self.send] * 4,
            *[self.fault] * 3,
            *(self.release, self.forget, self.emit, self.look, self.wait),
            *(self.half_close, self.hang_up),
        ]

    async def run(self) -> None:
        """All that the input says, and what has to hold afterwards."""
        for _ in range(self._source.randrange(ACTIONS)):
            # A fault may keep a client that has hung up, behind which others wait: not for long.
            with contextlib.suppress(_NotAcceptedError):
                await self._source.choice(self._actions)()
        self._faults.clear()
        await self.finish()
        await self.check_next_connection()
        assert self._faults.query() == []
        await wait_until_async(lambda: not self._server.machine.sessions, PATIENCE_S)

    async def client(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The client that is there, or a new one, which does not wait to be greeted."""
        if self._client is None:
            self._client = await _connect(self._server.path, patience_s=0.02)
            self._half_closed = False
            _write(self._client[1], NEGOTIATION)
        return self._client

    async def send(self) -> None:
        """Some requests, in two pieces."""
        _, writer = await self.client()
        if self._half_closed:
            return
        data = b""
        for _ in range(1 + self._source.randrange(3)):
            self._sent += 1
            data += random_request(self._source, self._sent)
        cut = self._source.randrange(1 + len(data))
        for piece in (data[:cut], data[cut:]):
            _write(writer, piece)
            await asyncio.sleep(0)

    async def fault(self) -> None:
        """One more fault, if its words go together."""
        words = random_fault(self._source)
        with contextlib.suppress(QmpError):
            self._faults.add_words(words)

    async def release(self) -> None:
        """Let go what is held."""
        self._faults.release()

    async def forget(self) -> None:
        """The fault that was made first."""
        for fault in self._faults.query()[:1]:
            self._faults.remove(fault["id"])

    async def emit(self) -> None:
        """An event, by something that happens."""
        machine = self._server.machine
        (machine.stop if self._source.randrange(2) else machine.cont)()

    async def look(self) -> None:
        """Read a little."""
        reader, _ = await self.client()
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(0.001):
                await reader.read(1 + self._source.randrange(1 << 16))

    async def wait(self) -> None:
        """Let the server do what it can."""
        await asyncio.sleep(0.001)

    async def half_close(self) -> None:
        """Send nothing more."""
        _, writer = await self.client()
        if not self._half_closed:
            self._half_closed = True
            if not writer.transport.is_closing():
                writer.write_eof()

    async def hang_up(self) -> None:
        """Leave, in good order or not."""
        if self._client is not None:
            _, writer = self._client
            (writer.transport.abort if self._source.randrange(2) else writer.close)()
            self._client = None

    async def finish(self) -> None:
        """Who is still there is answered, or sees the end of the connection."""
        if self._client is None:
            return
        reader, writer = self._client
        if not self._half_closed:
            _write(writer, MARKER)
        seen = b""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE_S):
                while b'"id": "marker"}' not in seen[-100_000:]:
                    data = await reader.read(1 << 16)
                    if not data:
                        break
                    seen += data
        writer.close()
        assert b"nternal error" not in seen, seen[-2000:]

    async def check_next_connection(self) -> None:
        """It is clean, to the byte."""
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await _connect(self._server.path, patience_s=PATIENCE_S)
            greeting = await reader.readline()
            writer.write(NEGOTIATION + MARKER)
            answers = [await reader.readline(), await reader.readline()]
            writer.write_eof()
            rest = await reader.read()
        writer.close()
        assert greeting.startswith(b'{"QMP": {"version": {"qemu": {"micro": 3, "minor": 1')
        uuid = b"00000000-0000-0000-0000-000000000000"
        marked = b'{"return": {"UUID": "%s"}, "id": "marker"}\r\n' % uuid
        assert [*answers, rest] == [b'{"return": {}}\r\n', marked, b""]


class _NotAcceptedError(Exception):
    """There is no room among those that the server has not accepted yet."""


async def _connect(
    path: str, *, patience_s: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A new client, as soon as there is room.

    asyncio itself takes a connection that the kernel refuses for now for one that is made.
    """
    with contextlib.ExitStack() as on_error:
        client = on_error.enter_context(socket.socket(socket.AF_UNIX))
        client.setblocking(False)
        until = time.monotonic() + patience_s
        while client.connect_ex(path) == errno.EAGAIN:
            if time.monotonic() > until:
                raise _NotAcceptedError
            await asyncio.sleep(0.001)
        connected = await asyncio.open_unix_connection(sock=client)
        on_error.pop_all()
    return connected


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.transport.is_closing():  # uvloop minds, asyncio does not
        writer.write(data)


async def _play(source: random.Random, faults: list[dict[str, Any]]) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda loop, details: faults.append(details))
    async with Server(allow_left_open=True) as server:
        await Play(server, source).run()


def play(source: random.Random) -> None:
    """All that one source of choices makes. Raises at a difference."""
    before = _opened()
    faults: list[dict[str, Any]] = []
    make_loop = source.choice([uvloop.new_event_loop, asyncio.new_event_loop])
    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(_play(source, faults))
    assert not faults, faults
    assert not any(_engine.live_counters().values()), _engine.live_counters()
    assert _opened() <= before, _opened() - before


def _opened() -> set[str]:
    return {fd for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")}


def one_input(data: bytes) -> None:
    """The bytes choose."""
    play(Choices(data))


def make_input(source: random.Random) -> bytes:
    """Enough for all choices."""
    return source.randbytes(source.randrange(2000))


if __name__ == "__main__":
    # What is opened once, and kept, is there.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as warm_up:
        warm_up.run(_play(Choices(b""), []))
    driver.run("faults", one_input, make_input, max_len=2000)
