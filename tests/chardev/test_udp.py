"""UDP: datagrams out and in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.errors import QmpError
from tests.chardev.echoes import Echoes


def inet(host: str, port: str, **more: Any) -> dict[str, Any]:
    return {"type": "inet", "data": {"host": host, "port": port, **more}}


def udp(remote: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "udp", "data": {"remote": remote, **more}}


@pytest.fixture
def other() -> Iterator[socket.socket]:
    """Who is sent to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        yield made


async def received_from(sock: socket.socket) -> tuple[bytes, Any]:
    """The next datagram, and where it is from."""
    async with asyncio.timeout(10):
        while True:
            try:
                return sock.recvfrom(1 << 17)
            except BlockingIOError:
                await asyncio.sleep(0.005)


async def test_each_write_is_a_datagram(chardevs: Chardevs, other: socket.socket) -> None:
    remote = inet("127.0.0.1", str(other.getsockname()[1]))
    made = chardevs.add("c", udp(remote, local=inet("127.0.0.1", "0")))
    made.attach(Echoes(b"hi\n"))
    data, address = await received_from(other)
    assert data == b"hi\n"
    for each in (b"abc", b"d"):
        other.sendto(each, address)
        assert (await received_from(other))[0] == each
    assert made.filename == "udp"


async def test_what_does_not_fit_into_one_is_sent_in_two(
    chardevs: Chardevs, other: socket.socket
) -> None:
    other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made = chardevs.add("c", udp(inet("127.0.0.1", str(other.getsockname()[1]))))
    made.attach(Echoes(b"x" * 65508))
    sizes = [len((await received_from(other))[0]) for _ in "12"]
    assert sizes == [65507, 1]


async def test_it_does_not_matter_that_nobody_is_there(chardevs: Chardevs) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    made = chardevs.add("c", udp(inet("127.0.0.1", port)))
    echoes = Echoes()
    made.attach(echoes)
    for _ in range(3):
        echoes.made[0].transport.write(b"x")
        await asyncio.sleep(0)
    assert echoes.made[0].calls == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"remote": inet("127.0.0.1", "")}, "remote port not specified"),
        ({"remote": inet("", "foo")}, "address resolution failed for localhost:foo: Servname"),
        (
            {"remote": {"type": "unix", "data": {"path": "/x"}}},
            "socket type unsupported for datagram",
        ),
        (
            {"remote": inet("127.0.0.1", "9"), "local": inet("192.0.2.1", "0")},
            "Failed to bind socket: Cannot assign requested address",
        ),
        (
            {"remote": inet("192.0.2.1", "9"), "local": inet("127.0.0.1", "0")},
            "Failed to connect to '192.0.2.1:9': ",
        ),
    ],
)
async def test_what_cannot_be(chardevs: Chardevs, data: dict[str, Any], said: str) -> None:
    with pytest.raises(QmpError, match=said):
        chardevs.add("c", {"type": "udp", "data": data})


async def test_a_front_end_that_is_behind_is_waited_for(
    chardevs: Chardevs, other: socket.socket
) -> None:
    made = chardevs.add("c", udp(inet("127.0.0.1", str(other.getsockname()[1]))))
    echoes = Echoes(b"hi")
    made.attach(echoes)
    _, address = await received_from(other)
    echoes.made[0].transport.pause_reading()
    other.sendto(b"later", address)
    await asyncio.sleep(0)
    echoes.made[0].transport.write(b"first")
    assert (await received_from(other))[0] == b"first"
    echoes.made[0].transport.resume_reading()
    assert (await received_from(other))[0] == b"later"
