"""The transport of what is read and written by descriptor."""

from __future__ import annotations

import asyncio
import os
import pty
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qmp_iothreadd.chardev.fd import FdTransport
from tests.waiting import wait_until_async

Make = Callable[..., FdTransport]


class Recorder(asyncio.Protocol):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.pieces: list[bytes] = []
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.calls.append("made")

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def eof_received(self) -> bool:
        self.calls.append("eof")
        return True

    def pause_writing(self) -> None:
        self.calls.append("pause")

    def resume_writing(self) -> None:
        self.calls.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.calls.append("lost")
        self.lost.set_result(exc)


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def make(recorder: Recorder) -> Make:
    def make(source: int | None, sink: int) -> FdTransport:
        return FdTransport(asyncio.get_running_loop(), recorder, source, sink)

    return make


class Pipes:
    """Two pipes: ``keyboard`` is written to by the test, ``screen`` is read by it."""

    def __init__(self) -> None:
        self.source, self.keyboard = os.pipe()
        self.screen, self.sink = os.pipe()
        self._open = [self.source, self.keyboard, self.screen, self.sink]

    def close(self, fd: int) -> None:
        os.close(fd)
        self._open.remove(fd)

    def close_all(self) -> None:
        while self._open:
            os.close(self._open.pop())


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    made = Pipes()
    yield made
    made.close_all()


async def read(fd: int, size: int) -> bytes:
    """So many bytes; the transport writes them meanwhile."""
    os.set_blocking(fd, False)
    found = b""
    async with asyncio.timeout(10):
        while len(found) < size:
            try:
                found += os.read(fd, 65536)
            except BlockingIOError:
                await asyncio.sleep(0.001)
    return found


async def lost(recorder: Recorder) -> None:
    async with asyncio.timeout(10):
        assert await recorder.lost is None


async def lost_reader(recorder: Recorder) -> None:
    async with asyncio.timeout(10):
        assert isinstance(await recorder.lost, BrokenPipeError)


# -- Pipes -----------------------------------------------------------------------------------------


async def test_pipes_are_read_and_written_without_blocking(
    make: Make, recorder: Recorder, pipes: Pipes
) -> None:
    transport = make(pipes.source, pipes.sink)
    transport.start()
    assert recorder.calls == ["made"]
    assert not os.get_blocking(pipes.sink)
    os.write(pipes.keyboard, b"hello")
    await wait_until_async(lambda: recorder.data == b"hello")
    transport.write(b"world")
    assert os.read(pipes.screen, 10) == b"world"
    pipes.close(pipes.keyboard)
    await asyncio.sleep(0.01)
    assert not transport.is_closing()  # the end of input is not the end of output
    transport.write(b"more")
    assert os.read(pipes.screen, 10) == b"more"
    transport.close()
    assert transport.is_closing()
    await lost(recorder)
    assert os.get_blocking(pipes.sink)
    assert os.get_blocking(pipes.source)
    transport.write(b"late")
    assert transport.get_write_buffer_size() == 0
    assert transport.get_extra_info("socket") is None
    assert recorder.calls == ["made", "lost"]


async def test_a_slow_reader_pauses_the_protocol(
    make: Make, recorder: Recorder, pipes: Pipes
) -> None:
    transport = make(pipes.source, pipes.sink)
    transport.set_write_buffer_limits(high=1000)
    transport.start()
    transport.write(b"x" * 200_000)  # a pipe takes less
    assert recorder.calls == ["made", "pause"]
    left = transport.get_write_buffer_size()
    assert 0 < left < 200_000
    transport.write(b"y")
    assert transport.get_write_buffer_size() == left + 1
    assert (await read(pipes.screen, 200_001)).endswith(b"xy")
    assert recorder.calls == ["made", "pause", "resume"]
    transport.set_write_buffer_limits()
    transport.close()
    await lost(recorder)


async def test_closing_delivers_what_was_written(
    make: Make, recorder: Recorder, pipes: Pipes
) -> None:
    transport = make(pipes.source, pipes.sink)
    transport.start()
    transport.write(b"x" * 100_000)
    transport.close()
    transport.close()
    await asyncio.sleep(0.01)
    assert not recorder.lost.done()
    await read(pipes.screen, 100_000)
    await lost(recorder)


async def test_aborting_does_not(make: Make, recorder: Recorder, pipes: Pipes) -> None:
    transport = make(pipes.source, pipes.sink)
    transport.start()
    transport.write(b"x" * 100_000)
    transport.abort()
    await lost(recorder)
    assert transport.get_write_buffer_size() == 0


async def test_a_reader_that_left_ends_it(make: Make, recorder: Recorder, pipes: Pipes) -> None:
    transport = make(pipes.source, pipes.sink)
    transport.start()
    pipes.close(pipes.screen)
    transport.write(b"x")
    transport.write(b"x")  # before anybody is told
    await lost_reader(recorder)
    assert recorder.calls == ["made", "lost"]


async def test_closing_while_it_starts(make: Make, recorder: Recorder, pipes: Pipes) -> None:
    transport = make(pipes.source, pipes.sink)
    recorder.connection_made = lambda transport: transport.close()  # type: ignore[method-assign]
    transport.start()
    await lost(recorder)


async def test_what_is_paused_is_not_read(make: Make, recorder: Recorder, pipes: Pipes) -> None:
    transport = make(pipes.source, pipes.sink)
    transport.pause_reading()  # before the event loop reads at all
    transport.start()
    os.write(pipes.keyboard, b"later")
    await asyncio.sleep(0.02)
    assert recorder.data == b""
    transport.resume_reading()
    await wait_until_async(lambda: recorder.data == b"later")
    transport.pause_reading()
    os.write(pipes.keyboard, b"!")
    await asyncio.sleep(0.02)
    assert recorder.data == b"later"
    transport.close()
    await lost(recorder)


async def test_one_socket_for_both(make: Make, recorder: Recorder) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        transport = make(theirs.fileno(), theirs.fileno())
        transport.start()
        ours.send(b"ping")
        await wait_until_async(lambda: recorder.data == b"ping")
        transport.write(b"pong")
        assert ours.recv(10) == b"pong"
        transport.close()
        await lost(recorder)


# -- Files -----------------------------------------------------------------------------------------


async def test_files_are_read_piece_by_piece(
    make: Make, recorder: Recorder, tmp_path: Path
) -> None:
    (tmp_path / "in").write_bytes(b"z" * 150_000)
    with (tmp_path / "in").open("rb") as source, (tmp_path / "out").open("wb") as sink:
        transport = make(source.fileno(), sink.fileno())
        transport.start()
        assert os.get_blocking(sink.fileno())
        transport.pause_reading()
        transport.resume_reading()  # the next piece is still read once
        await wait_until_async(lambda: len(recorder.data) == 150_000)
        assert [len(piece) for piece in recorder.pieces] == [65536, 65536, 18928]
        transport.write(b"answer")
        transport.close()
        await lost(recorder)
    assert (tmp_path / "out").read_bytes() == b"answer"
    assert recorder.calls == ["made", "lost"]


async def test_a_paused_file_waits(make: Make, recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"z")
    with (tmp_path / "in").open("rb") as source, open(os.devnull, "wb") as sink:
        transport = make(source.fileno(), sink.fileno())
        transport.pause_reading()
        transport.start()
        await asyncio.sleep(0.01)
        assert recorder.data == b""
        transport.resume_reading()
        await wait_until_async(lambda: recorder.data)
        assert recorder.data == b"z"
        transport.abort()
        await lost(recorder)


async def test_a_full_disk_ends_nothing(make: Make, recorder: Recorder) -> None:
    with open(os.devnull, "rb") as source, open("/dev/full", "wb", buffering=0) as sink:
        transport = make(source.fileno(), sink.fileno())
        transport.start()
        transport.write(b"lost")
        assert not transport.is_closing()
        assert transport.get_write_buffer_size() == 0
        transport.close()
        await lost(recorder)


# -- One direction ---------------------------------------------------------------------------------


async def test_without_a_source_nothing_is_read(
    make: Make, recorder: Recorder, pipes: Pipes
) -> None:
    transport = make(None, pipes.sink)
    transport.start()
    transport.pause_reading()
    transport.resume_reading()
    transport.write(b"out")
    assert os.read(pipes.screen, 10) == b"out"
    transport.close()
    await lost(recorder)


async def test_a_terminal_that_hangs_up_ends_its_input(make: Make, recorder: Recorder) -> None:
    keyboard, program = pty.openpty()
    try:
        transport = make(program, program)
        transport.start()
        os.close(keyboard)
        await asyncio.sleep(0.01)
        assert not transport.is_closing()
        transport.close()
        await lost(recorder)
    finally:
        os.close(program)


async def test_another_reader_may_be_faster() -> None:
    source, sink = os.pipe()
    os.set_blocking(source, False)
    others = [os.dup(source), os.dup(source)]
    recorders = [Recorder(), Recorder()]
    loop = asyncio.get_running_loop()
    with open(os.devnull, "wb") as nowhere:
        transports = [
            FdTransport(loop, recorder, fd, nowhere.fileno())
            for recorder, fd in zip(recorders, others, strict=True)
        ]
        for transport in transports:
            transport.start()
        os.write(sink, b"x")
        await wait_until_async(lambda: any(each.data for each in recorders))
        await asyncio.sleep(0)
        assert sorted(each.data for each in recorders) == [b"", b"x"]
        assert not any(each.is_closing() for each in transports)
        for transport, recorder in zip(transports, recorders, strict=True):
            transport.abort()
            await lost(recorder)
    for fd in (source, sink, *others):
        os.close(fd)
