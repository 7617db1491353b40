"""Unix sockets that take descriptors: what arrives, in which order, and what is closed."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
import uvloop

from qmp_iothreadd.chardev.frontend import DescriptorProtocol
from qmp_iothreadd.chardev.stream_transport import CHUNK
from qmp_iothreadd.chardev.unix_transport import FDS_MAX, UnixTransport
from tests.waiting import wait_until_async


class Recorder(DescriptorProtocol):
    """Writes down what it is told."""

    def __init__(self, keep_open: bool = True) -> None:
        self.calls: list[object] = []
        self.fds: list[int] = []
        self.keep_open = keep_open
        self.paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.calls.append(data)

    def descriptors_received(self, fds: list[int]) -> None:
        self.calls.append(f"{len(fds)} descriptors")
        self.fds += fds

    def eof_received(self) -> bool:
        self.calls.append("end")
        return self.keep_open

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.calls.append(type(exc).__name__ if exc else "lost")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def start(sock: socket.socket, protocol: Recorder) -> UnixTransport:
    made = UnixTransport(asyncio.get_running_loop(), sock, protocol)
    made.start()
    return made


async def end(protocol: Recorder) -> None:
    protocol.transport.abort()
    await wait_until_async(lambda: protocol.calls and protocol.calls[-1] == "lost")
    for fd in protocol.fds:
        os.close(fd)


Pair = tuple[socket.socket, socket.socket]


async def test_descriptors_come_before_the_data_that_they_came_with(
    pair: Pair, tmp_path: Path
) -> None:
    protocol = Recorder()
    start(pair[0], protocol)
    with open(tmp_path / "f", "w") as file:
        os.set_blocking(file.fileno(), False)
        for text in (b"a", b"b"):
            socket.send_fds(pair[1], [text], [file.fileno()])
    await wait_until_async(lambda: protocol.calls[-1:] == [b"b"])
    assert protocol.calls == ["1 descriptors", b"a", "1 descriptors", b"b"]
    for fd in protocol.fds:
        assert os.readlink(f"/proc/self/fd/{fd}") == str(tmp_path / "f")
        assert os.get_blocking(fd)
        assert not os.get_inheritable(fd)
    await end(protocol)


async def test_more_than_so_many_are_closed_by_the_kernel(pair: Pair) -> None:
    protocol = Recorder()
    start(pair[0], protocol)
    socket.send_fds(pair[1], [b"a"], [0] * (FDS_MAX + 3))
    await wait_until_async(lambda: protocol.calls[-1:] == [b"a"])
    assert len(protocol.fds) == FDS_MAX
    await end(protocol)


async def test_a_reader_that_is_slow_pauses_the_writer_and_gets_all(pair: Pair) -> None:
    protocol = Recorder()
    transport = start(pair[0], protocol)
    transport.set_write_buffer_limits(high=1000)
    data = os.urandom(1 << 20)
    transport.write(data)
    transport.write(b"end")
    assert protocol.paused
    assert transport.get_write_buffer_size() > 1000
    pair[1].setblocking(False)
    got = b""
    while not got.endswith(b"end"):
        got += await asyncio.get_running_loop().sock_recv(pair[1], 1 << 16)
    assert got == data + b"end"
    assert not protocol.paused
    await end(protocol)


async def test_closing_delivers_what_is_written_first(pair: Pair) -> None:
    protocol = Recorder()
    transport = start(pair[0], protocol)
    transport.write(bytes(1 << 20))
    transport.close()
    transport.close()
    assert transport.is_closing()
    transport.resume_reading()
    assert not transport.is_reading()
    pair[1].setblocking(False)
    got = 0
    while piece := await asyncio.get_running_loop().sock_recv(pair[1], 1 << 16):
        got += len(piece)
    assert got == 1 << 20
    assert protocol.calls == ["lost"]
    transport.write(b"nobody")


@pytest.mark.parametrize("keep_open", [True, False])
async def test_a_half_close_leaves_the_choice_to_the_protocol(pair: Pair, keep_open: bool) -> None:
    protocol = Recorder(keep_open)
    transport = start(pair[0], protocol)
    pair[1].sendall(b"last")
    pair[1].shutdown(socket.SHUT_WR)
    await wait_until_async(lambda: "end" in protocol.calls)
    assert transport.is_closing() is not keep_open
    if keep_open:
        transport.write(b"answer")
        assert pair[1].recv(10) == b"answer"
        transport.close()
    await wait_until_async(lambda: protocol.calls[-1] == "lost")
    assert protocol.calls == [b"last", "end", "lost"]


async def test_a_peer_that_is_gone_is_an_end(pair: Pair) -> None:
    protocol = Recorder()
    transport = start(pair[0], protocol)
    transport.pause_reading()
    pair[1].close()
    transport.write(b"nobody")
    await wait_until_async(lambda: protocol.calls)
    assert protocol.calls == ["BrokenPipeError"]


async def test_what_is_paused_is_not_read(pair: Pair) -> None:
    protocol = Recorder()
    transport = start(pair[0], protocol)
    transport.pause_reading()
    pair[1].sendall(b"later")
    await asyncio.sleep(0.01)
    assert protocol.calls == []
    transport.resume_reading()
    await wait_until_async(lambda: protocol.calls)
    await end(protocol)
    assert protocol.calls == [b"later", "lost"]


class Faulty:
    """A socket whose calls fail as they may: interrupted first, then for good."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.failures = [errno.EINTR, errno.ECONNRESET]

    def _fail(self, *_: object) -> int:
        number = self.failures.pop(0)
        raise OSError(number, os.strerror(number))

    recvmsg_into = send = _fail

    def __getattr__(self, name: str) -> object:
        return getattr(self.sock, name)


async def test_a_read_that_is_interrupted_is_no_end_and_a_reset_is(pair: Pair) -> None:
    faulty = Faulty(pair[0])
    protocol = Recorder()
    transport = start(cast(socket.socket, faulty), protocol)
    assert transport.get_extra_info("socket") is faulty
    assert transport.get_extra_info("peername", "nobody") == "nobody"
    pair[1].sendall(b"x")
    await wait_until_async(lambda: protocol.calls)
    assert (protocol.calls, faulty.failures) == (["ConnectionResetError"], [])


async def test_a_reset_ends_what_waits_to_be_written(pair: Pair) -> None:
    faulty = Faulty(pair[0])
    faulty.failures = [errno.EAGAIN, errno.EAGAIN, errno.ECONNRESET]
    protocol = Recorder()
    start(cast(socket.socket, faulty), protocol).write(b"waits")
    await wait_until_async(lambda: protocol.calls)
    assert (protocol.calls, faulty.failures) == (["ConnectionResetError"], [])


async def test_who_sends_much_is_read_in_larger_pieces(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UnixTransport, "_buffers", [memoryview(bytearray(CHUNK))])
    for each in pair:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * CHUNK)
    protocol = Recorder()
    start(pair[0], protocol)
    data = os.urandom(3 * CHUNK)
    pair[1].setblocking(False)
    await asyncio.get_running_loop().sock_sendall(pair[1], data)
    pieces = cast("list[bytes]", protocol.calls)
    await wait_until_async(lambda: sum(map(len, pieces)) == len(data))
    assert b"".join(pieces) == data
    assert len(pieces[0]) == CHUNK
    await end(protocol)


@pytest.mark.parametrize("make_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_one_that_leaves_with_something_unread_is_noticed_behind_its_last_data(
    make_loop: Callable[[], asyncio.AbstractEventLoop], pair: Pair
) -> None:
    ours, theirs = pair
    protocol = Recorder()

    async def leave() -> None:
        start(ours, protocol).write(b"unread")
        theirs.send(b"half a message")
        theirs.close()
        await wait_until_async(lambda: len(protocol.calls) == 2)

    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(leave())
    assert protocol.calls == [b"half a message", "ConnectionResetError"]
