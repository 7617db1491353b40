"""A hub: what any of its devices brings, one front end reads; what it writes, all show."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.errors import QmpError
from tests.chardev.echoes import Echoes


def hub(*names: str) -> dict[str, object]:
    return {"type": "hub", "data": {"chardevs": list(names)}}


@pytest.fixture
async def ends(chardevs: Chardevs) -> AsyncIterator[list[socket.socket]]:
    """Who is at the other side of two devices, a and b."""
    ours = []
    for name in "ab":
        device, end = socket.socketpair()
        end.setblocking(False)
        ours.append(end)
        device.set_inheritable(True)  # as what is handed over
        address = {"type": "fd", "data": {"str": str(device.detach())}}
        chardevs.add(name, {"type": "socket", "data": {"addr": address, "server": False}})
    yield ours
    for end in ours:
        end.close()


async def shows(end: socket.socket, expected: bytes) -> None:
    got = b""
    async with asyncio.timeout(10):
        while len(got) < len(expected):
            got += await asyncio.get_running_loop().sock_recv(end, 4096) or b"<EOF>"
    assert got == expected


async def test_all_are_one_peer(chardevs: Chardevs, ends: list[socket.socket]) -> None:
    made = chardevs.add("h", hub("a", "b"))
    echoes = Echoes(b"hi ")
    made.attach(echoes)
    one, two = ends
    await shows(one, b"hi ")
    await shows(two, b"hi ")
    for end in ends:
        end.send(b"x")
        await shows(one, b"x")
        await shows(two, b"x")
    one.close()
    two.send(b"still ")
    await shows(two, b"still ")
    assert len(echoes.made) == 1
    two.close()
    async with asyncio.timeout(10):
        while made.peers:
            await asyncio.sleep(0.005)
    assert echoes.made[0].calls == ["lost"]
    assert made.info() == {"label": "h", "filename": "hub", "frontend-open": True}


async def test_nobody_reads_on_where_the_front_end_does_not(
    chardevs: Chardevs, ends: list[socket.socket]
) -> None:
    made = chardevs.add("h", hub("a", "b"))
    echoes = Echoes(b"hi ")
    made.attach(echoes)
    for end in ends:
        await shows(end, b"hi ")
    transport = echoes.made[0].transport
    transport.pause_reading()
    ends[1].send(b"later")
    await asyncio.sleep(0)
    transport.write(b"first ")
    transport.resume_reading()
    await shows(ends[0], b"first later")


async def test_who_is_slow_holds_up_all(chardevs: Chardevs, ends: list[socket.socket]) -> None:
    made = chardevs.add("h", hub("a", "b"))
    echoes = Echoes(b"x" * 1_000_000)
    made.attach(echoes)
    assert echoes.made[0].calls == ["pause"]
    assert echoes.made[0].transport.get_write_buffer_size() > 0
    await shows(ends[0], b"x" * 1_000_000)
    assert echoes.made[0].calls == ["pause"]
    await shows(ends[1], b"x" * 1_000_000)
    async with asyncio.timeout(10):
        while echoes.made[0].calls != ["pause", "resume"]:
            await asyncio.sleep(0.005)


async def test_the_front_end_may_end_it(chardevs: Chardevs, ends: list[socket.socket]) -> None:
    made = chardevs.add("h", hub("a", "b"))
    echoes = Echoes(b"hi ")
    made.attach(echoes)
    echoes.made[0].transport.close()
    for end in ends:
        await shows(end, b"hi <EOF>")


async def test_removing_it_frees_the_devices(chardevs: Chardevs, ends: list[socket.socket]) -> None:
    chardevs.add("h", hub("a", "b"))
    with pytest.raises(QmpError, match="Chardev 'a' is busy"):
        chardevs.remove("a")
    chardevs.remove("h")
    chardevs.find("a").attach(Echoes(b"alone"))
    await shows(ends[0], b"alone")


async def test_what_cannot_be(chardevs: Chardevs, ends: list[socket.socket]) -> None:
    for number in range(5):
        chardevs.add(f"n{number}", {"type": "null", "data": {}})
    chardevs.add("m", {"type": "mux", "data": {"chardev": "n4"}})
    for names, said in (
        ([], "hub: 'chardevs' list is not defined"),
        (["nope"], "hub: chardev can't be found by id 'nope'"),
        (["a", "a"], "chardev 'a' is already in use"),
        (["a", "m"], "hub: multiplexers and hub devices can't be stacked, check chardev 'm'"),
        (["a", "n0", "n1", "n2", "n3"], "hub: too many uses of chardevs 'h' .maximum is 4."),
    ):
        with pytest.raises(QmpError, match=said):
            chardevs.add("h", hub(*names))
        assert not chardevs.find("a").busy


async def test_it_is_open_for_who_reads(chardevs: Chardevs, ends: list[socket.socket]) -> None:
    made = chardevs.add("h", hub("a", "b"))
    assert not chardevs.find("a").frontend_open
    echoes = Echoes(b"hi ")
    made.attach(echoes)
    assert chardevs.find("a").frontend_open
    transport = echoes.made[0].transport
    transport.set_write_buffer_limits(high=1)
    transport.write(b"more ")
    transport.abort()
    for end in ends:
        await shows(end, b"hi more <EOF>")


async def test_a_yank_cuts_one_off(chardevs: Chardevs, ends: list[socket.socket]) -> None:
    made = chardevs.add("h", hub("a", "b"))
    echoes = Echoes(b"hi ")
    made.attach(echoes)
    chardevs.find("a").disconnect()
    await shows(ends[0], b"hi <EOF>")
    echoes.made[0].transport.write(b"still ")
    await shows(ends[1], b"hi still ")
