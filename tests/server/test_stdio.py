"""Standard input and output as a transport: in this process, with both descriptors replaced."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.server.stdio import StdioTransport


class Recorder(asyncio.Protocol):
    """What the transport told its protocol."""

    def __init__(self) -> None:
        self.data = b""
        self.told: list[str] = []
        self.ended = False
        self.on_connect: Callable[[Any], None] = lambda transport: None
        self.on_data: Callable[[], None] = lambda: None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.on_connect(transport)

    def data_received(self, data: bytes) -> None:
        self.data += data
        self.on_data()

    def eof_received(self) -> bool:
        self.ended = True
        return True

    def pause_writing(self) -> None:
        self.told.append("pause")

    def resume_writing(self) -> None:
        self.told.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append("lost")


@contextlib.contextmanager
def standard(source: int, sink: int) -> Iterator[None]:
    """Descriptors 0 and 1 are these, and closed where they came from.

    No fixture: pytest puts its own ones in their place before a test's body runs.
    """
    kept = [os.dup(fd) for fd in (0, 1)]
    for fd, replacement in enumerate((source, sink)):
        os.dup2(replacement, fd)
        os.close(replacement)
    try:
        yield
    finally:
        for fd, before in enumerate(kept):
            os.dup2(before, fd)
            os.close(before)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


@contextlib.asynccontextmanager
async def serving(source: int, sink: int, protocol: Recorder) -> AsyncIterator[StdioTransport]:
    """A transport on these descriptors, which the test closes; over when that is done."""
    with standard(source, sink):
        transport = StdioTransport(asyncio.get_running_loop(), protocol)
        await transport.start()
        try:
            yield transport
            await until(lambda: protocol.told[-1:] == ["lost"])
        finally:
            transport.abort()
            await until(lambda: protocol.told[-1:] == ["lost"])


@contextlib.asynccontextmanager
async def on_pipes(
    protocol: Recorder,
) -> AsyncIterator[tuple[StdioTransport, io.FileIO, io.FileIO]]:
    """On two pipes: the transport, what its input comes from, where its output goes."""
    source, to_write = os.pipe()
    to_read, sink = os.pipe()
    os.set_blocking(to_read, False)
    with io.FileIO(to_write, "w") as typing, io.FileIO(to_read) as shown:
        async with serving(source, sink, protocol) as transport:
            yield transport, typing, shown


@pytest.fixture
def protocol() -> Recorder:
    return Recorder()


async def test_pipes_are_read_to_their_end_and_written(protocol: Recorder) -> None:
    async with on_pipes(protocol) as (transport, typing, shown):
        typing.write(b"in")
        await until(lambda: protocol.data == b"in")
        transport.write(b"out")
        assert shown.read(10) == b"out"
        typing.close()
        await until(lambda: protocol.ended)
        assert not transport.is_closing()  # whoever sends no more may still read
        transport.close()
    assert protocol.told == ["lost"]


async def test_the_descriptors_block_again_at_the_end(protocol: Recorder) -> None:
    async with on_pipes(protocol) as (transport, _, _):
        assert not os.get_blocking(1)
        transport.close()
        assert transport.is_closing()
        await until(lambda: protocol.told == ["lost"])
        assert os.get_blocking(0)
        assert os.get_blocking(1)


async def test_a_slow_reader_pauses_the_protocol_and_gets_everything(protocol: Recorder) -> None:
    data = bytes(range(256)) * 2000
    received = b""
    async with on_pipes(protocol) as (transport, _, shown):
        transport.set_write_buffer_limits(high=10_000)
        transport.write(data)
        assert protocol.told == ["pause"]
        assert transport.get_write_buffer_size() > 10_000
        transport.close()  # what was written is still delivered
        while len(received) < len(data):
            received += shown.read(1 << 16) or b""
            await asyncio.sleep(0)
    assert received == data


async def test_the_protocol_goes_on_when_the_reader_has_caught_up(protocol: Recorder) -> None:
    async with on_pipes(protocol) as (transport, _, shown):
        transport.set_write_buffer_limits()
        size = 300_000
        transport.write(bytes(size))
        while size:
            size -= len(shown.read(1 << 16) or b"")
            await asyncio.sleep(0)
        await until(lambda: protocol.told == ["pause", "resume"])
        transport.close()


async def test_a_reader_that_leaves_ends_it(protocol: Recorder) -> None:
    async with on_pipes(protocol) as (transport, _, shown):
        shown.close()
        transport.write(b"nobody reads this")
        await until(lambda: protocol.told == ["lost"])
        transport.write(b"nor this")
        assert transport.get_write_buffer_size() == 0


async def test_abort_drops_what_nobody_has_read(protocol: Recorder) -> None:
    async with on_pipes(protocol) as (transport, _, _):
        transport.write(bytes(1 << 20))
        transport.abort()
        assert transport.get_write_buffer_size() == 0


async def test_a_protocol_may_close_at_once(protocol: Recorder) -> None:
    protocol.on_connect = lambda transport: transport.close()
    async with on_pipes(protocol) as (transport, _, _):
        assert transport.is_closing()
        assert transport.get_extra_info("socket", "none") == "none"
    assert protocol.told == ["lost"]


async def test_nothing_is_read_while_reading_is_paused(protocol: Recorder) -> None:
    async with on_pipes(protocol) as (transport, typing, _):
        transport.pause_reading()
        typing.write(b"later")
        for _ in range(20):
            await asyncio.sleep(0)
        assert protocol.data == b""
        transport.resume_reading()
        await until(lambda: protocol.data == b"later")
        transport.close()


async def test_files_are_read_and_written(protocol: Recorder, tmp_path: Path) -> None:
    source, sink = tmp_path / "in", tmp_path / "out"
    source.write_bytes(b"0123456789" * 20_000)
    descriptors = os.open(source, os.O_RDONLY), os.open(sink, os.O_WRONLY | os.O_CREAT)
    protocol.on_connect = lambda transport: setattr(protocol, "on_data", transport.pause_reading)
    async with serving(*descriptors, protocol) as transport:
        await until(lambda: protocol.data)
        for _ in range(20):
            await asyncio.sleep(0)
        assert 0 < len(protocol.data) < 200_000  # one read, then it is paused
        protocol.on_data = lambda: None
        transport.resume_reading()
        await until(lambda: protocol.ended)
        assert protocol.data == b"0123456789" * 20_000
        transport.write(b"out")
        transport.close()
    assert sink.read_bytes() == b"out"


async def test_a_full_disk_is_no_end(protocol: Recorder) -> None:
    descriptors = os.open("/dev/null", os.O_RDONLY), os.open("/dev/full", os.O_WRONLY)
    async with serving(*descriptors, protocol) as transport:
        transport.write(b"this has no room")
        assert transport.get_write_buffer_size() == 0
        await until(lambda: protocol.ended)
        assert protocol.told == []
        transport.close()
