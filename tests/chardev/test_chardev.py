"""Devices and their front ends, whatever the kind."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

import pytest

from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.chardev.peer import Peer
from qmp_iothreadd.chardev.sink import SinkTransport
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qom.tree import ObjectTree
from qmp_iothreadd.qom.types import TypeRegistry
from tests.chardev.echoes import Echoes

NULL: dict[str, Any] = {"type": "null", "data": {}}


def handed_over(sock: socket.socket) -> dict[str, Any]:
    """The back end on a socket's descriptor, which is the device's from now on."""
    sock.set_inheritable(True)
    address = {"type": "fd", "data": {"str": str(sock.detach())}}
    return {"type": "socket", "data": {"addr": address, "server": False}}


async def read(sock: socket.socket, size: int) -> bytes:
    sock.setblocking(False)
    async with asyncio.timeout(10):
        return await asyncio.get_running_loop().sock_recv(sock, size)


def desc(raised: pytest.ExceptionInfo[QmpError]) -> str:
    return raised.value.desc


# -- The table -------------------------------------------------------------------------------------


async def test_devices_are_made_listed_and_removed(chardevs: Chardevs) -> None:
    for name in ("zz", "aa", "mm"):
        chardevs.add(name, NULL)
    assert [each.name for each in chardevs] == ["zz", "aa", "mm"]
    assert [each.name for each in chardevs.listed()] == ["zz", "mm", "aa"]
    assert chardevs.find("aa").info() == {
        "label": "aa",
        "filename": "null",
        "frontend-open": False,
    }
    with pytest.raises(QmpError) as raised:
        chardevs.add("aa", NULL)
    assert desc(raised) == "attempt to add duplicate property 'aa' to object (type 'container')"
    chardevs.remove("aa")
    assert chardevs.get("aa") is None
    with pytest.raises(QmpError) as raised:
        chardevs.remove("aa")
    assert desc(raised) == "Chardev 'aa' not found"


async def test_a_kind_that_there_is_not_is_refused(chardevs: Chardevs) -> None:
    with pytest.raises(QmpError) as raised:
        chardevs.add("c", {"type": "spiceport", "data": {}})
    assert desc(raised) == "'spiceport' is not a valid char driver name"
    assert list(chardevs) == []


async def test_a_device_has_one_front_end(chardevs: Chardevs) -> None:
    made = chardevs.add("c", NULL)
    made.attach(echoes := Echoes())
    assert made.frontend_open
    with pytest.raises(QmpError) as raised:
        made.attach(Echoes())
    assert desc(raised) == "chardev 'c' is already in use"
    with pytest.raises(QmpError) as raised:
        chardevs.remove("c")
    assert desc(raised) == "Chardev 'c' is busy"
    made.detach(echoes)
    assert not made.frontend_open
    chardevs.remove("c")


# -- Peers -----------------------------------------------------------------------------------------


async def test_a_peer_is_held_until_there_is_a_front_end(chardevs: Chardevs) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        made = chardevs.add("c", handed_over(theirs))
        ours.send(b"early")
        await asyncio.sleep(0.02)
        made.attach(Echoes(b"hi "))
        assert await read(ours, 3) == b"hi "
        assert await read(ours, 10) == b"early"


async def test_the_next_front_end_goes_on_with_the_peer(chardevs: Chardevs) -> None:
    ours, theirs = socket.socketpair()
    first, second = Echoes(b"one "), Echoes(b"two ")
    with ours:
        made = chardevs.add("c", handed_over(theirs))
        made.attach(first)
        assert await read(ours, 10) == b"one "
        made.detach(first)
        assert first.made[0].calls == ["lost"]
        ours.send(b"between")
        await asyncio.sleep(0.02)
        made.attach(second)
        assert await read(ours, 4) == b"two "
        assert await read(ours, 10) == b"between"
        assert len(made.peers) == 1


async def test_a_front_end_is_told_that_its_peer_still_does_not_read(chardevs: Chardevs) -> None:
    ours, theirs = socket.socketpair()
    first, second = Echoes(b"x" * 5_000_000), Echoes(b"y")
    with ours:
        made = chardevs.add("c", handed_over(theirs))
        made.attach(first)
        async with asyncio.timeout(10):
            while not first.made[0].calls:
                await asyncio.sleep(0.001)
        made.detach(first)
        made.attach(second)
        assert second.made[0].calls == ["pause"]
        while not (await read(ours, 1 << 20)).endswith(b"y"):
            pass
        assert second.made[0].calls == ["pause", "resume"]


@pytest.mark.parametrize("attached", [True, False])
async def test_a_peer_that_is_gone_is_noticed(chardevs: Chardevs, attached: bool) -> None:
    ours, theirs = socket.socketpair()
    made = chardevs.add("c", handed_over(theirs))
    frontend = Echoes()
    if attached:
        made.attach(frontend)
    await asyncio.sleep(0.01)
    assert made.get_property("connected")
    ours.close()
    async with asyncio.timeout(10):
        while made.peers:
            await asyncio.sleep(0.001)
    assert not made.get_property("connected")
    assert all(each.calls[-1] == "lost" for each in frontend.made)


@pytest.mark.parametrize("attached", [True, False])
async def test_cutting_off(chardevs: Chardevs, attached: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        made = chardevs.add("c", handed_over(theirs))
        frontend = Echoes(b"")
        if attached:
            made.attach(frontend)
        await asyncio.sleep(0.01)
        made.disconnect()
        assert await read(ours, 10) == b""
        assert [each.calls for each in frontend.made] == [["cut off", "lost"]] * attached


async def test_peers_of_closed_devices_may_still_read(chardevs: Chardevs) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        made = chardevs.add("c", handed_over(theirs))
        made.attach(Echoes(b"x" * 1_000_000))
        await asyncio.sleep(0.01)
        chardevs.close()
        assert list(chardevs) == []
        waiting = asyncio.create_task(chardevs.drained())
        size = 0
        while data := await read(ours, 1 << 20):
            size += len(data)
        await waiting
        assert size == 1_000_000


async def test_those_that_do_not_read_are_dropped_in_the_end(
    chardevs: Chardevs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qmp_iothreadd.chardev.chardevs.CLOSE_S", 0.05)
    ours, theirs = socket.socketpair()
    with ours:
        made = chardevs.add("c", handed_over(theirs))
        made.attach(Echoes(b"x" * 1_000_000))
        await asyncio.sleep(0.01)
        chardevs.close()
        async with asyncio.timeout(5):
            await chardevs.drained()
            while made.peers:
                await asyncio.sleep(0.001)


async def test_null_has_nothing_to_wait_for_and_no_break(chardevs: Chardevs) -> None:
    made = chardevs.add("c", NULL)
    assert not made.waits
    await made.wait()
    made.send_break()
    assert made.info()["filename"] == "null"


async def test_descriptors_for_nobody_are_closed(chardevs: Chardevs) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        made = chardevs.add("c", handed_over(theirs))
        reader, writer = os.pipe()
        made.attach(Echoes(b"hi\n"))  # which has no use for them
        socket.send_fds(ours, [b"x"], [writer])
        os.close(writer)
        assert await read(ours, 3) == b"hi\n"
        assert await read(ours, 1) == b"x"
        assert os.read(reader, 1) == b""  # nobody has the other end any more
        os.close(reader)


async def test_who_is_held_is_not_heard_before_there_is_a_front_end(chardevs: Chardevs) -> None:
    lost: list[Peer] = []
    peer = Peer(lost.append)
    transport = SinkTransport(asyncio.get_running_loop(), peer, lambda data: None)
    peer.connection_made(transport)
    peer.pause_writing()
    reader, writer = os.pipe()
    peer.data_received(b"read already")
    peer.descriptors_received([writer])
    peer.input_ended()
    peer.resume_writing()
    assert os.read(reader, 1) == b""
    os.close(reader)
    assert peer.eof_received()
    frontend = Echoes()
    peer.attach(frontend)
    (protocol,) = frontend.made
    assert protocol.calls == []
    peer.connection_lost(None)
    peer.connection_lost(None)  # said twice where the transport could not be made
    peer.close()
    peer.abort()
    assert (protocol.calls, lost) == (["lost"], [peer])


def test_types_of_all_kinds_are_known_on_request() -> None:
    types = TypeRegistry()
    Chardevs(types, ObjectTree(types).chardevs)
    names = {each.name for each in types}
    assert {"chardev-socket", "chardev-null", "chardev-mux"} <= names


async def test_only_who_has_a_device_gives_it_back(chardevs: Chardevs) -> None:
    made = chardevs.add("c", NULL)
    owner = Echoes(b"hi\n")
    made.attach(owner)
    made.detach(Echoes(b"not mine\n"))
    assert made.busy
    made.detach(owner)
    assert not made.busy
