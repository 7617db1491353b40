"""Sockets as devices: who may connect, who is waited for, who is called again."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.chardev.hosts import Target
from qmp_iothreadd.errors import QmpError
from tests.chardev.echoes import Echoes


def unix(path: Path, **data: Any) -> dict[str, Any]:
    address = {"type": "unix", "data": {"path": str(path)}}
    return {"type": "socket", "data": {"addr": address, **data}}


def inet(port: int, **data: Any) -> dict[str, Any]:
    address = {"type": "inet", "data": {"host": "127.0.0.1", "port": str(port)}}
    return {"type": "socket", "data": {"addr": address, **data}}


def handed_over(fd: int) -> str:
    """The number of a descriptor, as who starts a program leaves it open for it."""
    os.set_inheritable(fd, True)
    return str(fd)


def fd(text: str, **data: Any) -> dict[str, Any]:
    return {"type": "socket", "data": {"addr": {"type": "fd", "data": {"str": text}}, **data}}


async def line(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(10):
        return await reader.readline()


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def until_no_peer(chardev: Any) -> None:
    async with asyncio.timeout(10):
        while chardev.peers:
            await asyncio.sleep(0.001)


# -- Servers ---------------------------------------------------------------------------------------


async def test_a_server_has_one_client_at_a_time(chardevs: Chardevs, tmp_path: Path) -> None:
    path = tmp_path / "s"
    made = chardevs.add("c", unix(path))
    assert made.filename == f"disconnected:unix:{path},server=on"
    made.attach(Echoes(b"hi\n"))
    first, first_writer = await asyncio.open_unix_connection(path)
    second, second_writer = await asyncio.open_unix_connection(path)
    assert await line(first) == b"hi\n"
    assert made.filename == f"unix:{path},server=on"
    second_writer.write(b"me too\n")
    await asyncio.sleep(0.01)
    assert len(made.peers) == 1
    await close(first_writer)
    assert await line(second) == b"hi\n"
    assert await line(second) == b"me too\n"
    await close(second_writer)
    await until_no_peer(made)
    chardevs.close()
    assert not path.exists()


async def test_a_front_end_may_take_all(chardevs: Chardevs, tmp_path: Path) -> None:
    path = tmp_path / "s"
    made = chardevs.add("c", unix(path))
    early, early_writer = await asyncio.open_unix_connection(path)
    await asyncio.sleep(0.01)
    made.attach(Echoes(b"hi\n", multi_client=True))
    late, late_writer = await asyncio.open_unix_connection(path)
    for reader in (early, late):
        assert await line(reader) == b"hi\n"
    for writer in (early_writer, late_writer):
        await close(writer)
    await until_no_peer(made)


async def test_tcp_shows_both_ends(chardevs: Chardevs) -> None:
    made = chardevs.add("c", inet(0))
    port = made.get_property("addr")["port"]
    assert made.filename == f"disconnected:tcp:127.0.0.1:{port},server=on"
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        while not made.peers:
            await asyncio.sleep(0.001)
    own = writer.get_extra_info("sockname")[1]
    assert made.filename == f"tcp:127.0.0.1:{port},server=on <-> 127.0.0.1:{own}"
    await close(writer)


@pytest.mark.parametrize(
    ("data", "expected"), [({}, True), ({"nodelay": True}, True), ({"nodelay": False}, False)]
)
async def test_small_packets_wait_only_where_that_is_asked_for(
    chardevs: Chardevs, data: dict[str, bool], expected: bool
) -> None:
    made = chardevs.add("c", inet(0, **data))
    frontend = Echoes(b"hi\n")
    made.attach(frontend)
    port = made.get_property("addr")["port"]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await line(reader) == b"hi\n"
    sock = frontend.made[0].transport.get_extra_info("socket")
    async with asyncio.timeout(10):
        while bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)) is not expected:
            await asyncio.sleep(0.001)
    await close(writer)
    await until_no_peer(made)


async def test_a_refused_accept_is_tried_again(
    chardevs: Chardevs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = socket.socket.accept
    refusals = iter([errno.EAGAIN, errno.ECONNABORTED, errno.EMFILE, errno.ENFILE])

    def refuse_first(self: socket.socket) -> Any:
        for number in refusals:
            raise OSError(number, os.strerror(number))
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", refuse_first)
    path = tmp_path / "s"
    chardevs.add("c", unix(path)).attach(Echoes(b"hi\n"))
    reader, writer = await asyncio.open_unix_connection(path)
    assert await line(reader) == b"hi\n"
    await close(writer)


async def test_who_has_left_before_it_is_accepted_is_no_client(chardevs: Chardevs) -> None:
    made = chardevs.add("c", inet(0))
    made.attach(Echoes(b"hi\n"))
    port = made.get_property("addr")["port"]
    with socket.create_connection(("127.0.0.1", port)) as gone:
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await line(reader) == b"hi\n"
    await close(writer)
    await until_no_peer(made)


async def test_of_two_that_come_at_once_to_two_addresses_one_waits(
    chardevs: Chardevs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    addresses = [("127.0.0.1", port), ("127.0.0.2", port)]
    monkeypatch.setattr(
        "qmp_iothreadd.chardev.host_listener.resolve",
        lambda *_, **__: [Target(socket.AF_INET, 0, each) for each in addresses],
    )
    made = chardevs.add("c", inet(port))
    made.attach(Echoes(b"hi\n"))
    clients = [socket.create_connection(each) for each in addresses]
    while clients:
        async with asyncio.timeout(10):
            ready: list[socket.socket] = []
            while not ready:
                ready = select.select(clients, [], [], 0)[0]
                await asyncio.sleep(0.001)
        (served,) = ready
        assert served.recv(9) == b"hi\n"
        clients.remove(served)
        served.close()
    await until_no_peer(made)


async def test_the_first_client_is_waited_for(chardevs: Any, tmp_path: Path) -> None:
    path = tmp_path / "s"
    made = chardevs.add("c", unix(path, wait=True))
    assert made.waits
    waiting = asyncio.create_task(made.wait())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert chardevs.said == [
        f"info: QEMU waiting for connection on: disconnected:unix:{path},server=on"
    ]
    _, writer = await asyncio.open_unix_connection(path)
    async with asyncio.timeout(10):
        await waiting
    assert not made.waits
    await made.wait()  # somebody is there
    await close(writer)


# -- Descriptors -----------------------------------------------------------------------------------


async def test_a_descriptor_that_listens(chardevs: Chardevs, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        made = chardevs.add("c", fd(handed_over(os.dup(listener.fileno()))))
        assert made.filename == f"disconnected:unix:{path},server=on"
        made.attach(Echoes(b"hi\n"))
        reader, writer = await asyncio.open_unix_connection(path)
        assert await line(reader) == b"hi\n"
        await close(writer)
        chardevs.close()
    assert path.exists()  # not ours


async def test_a_descriptor_that_is_connected(chardevs: Chardevs) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        made = chardevs.add("c", fd(handed_over(theirs.detach()), server=False))
        assert made.filename == "unix:"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Unable to parse FD number "),
        ("x", "Unable to parse FD number x"),
        ("\u0667", "Unable to parse FD number \u0667"),
        ("9999999999", "Unable to parse FD number 9999999999: Numerical result out of range"),
        ("987654", "File descriptor '987654' is not a socket"),
    ],
)
async def test_what_is_no_descriptor(chardevs: Chardevs, text: str, message: str) -> None:
    with pytest.raises(QmpError) as raised:
        chardevs.add("c", fd(text, server=False))
    assert raised.value.desc == message


async def test_a_server_that_listens_nowhere(chardevs: Chardevs) -> None:
    assert chardevs.add("c", fd("")).filename == "disconnected:fd:,server=on"


async def test_what_a_monitors_clients_named(chardevs: Chardevs) -> None:
    ours, theirs = socket.socketpair()
    named = {"x": theirs.detach()}
    with ours:
        with pytest.raises(QmpError) as raised:
            chardevs.add("c", fd("7", server=False), named)
        assert raised.value.desc == "File descriptor named '7' has not been found"
        assert chardevs.add("c", fd("x", server=False), named).filename == "unix:"
        assert named == {}


# -- Clients ---------------------------------------------------------------------------------------


async def test_a_client_connects_out(chardevs: Chardevs, tmp_path: Path) -> None:
    path = tmp_path / "s"
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard.put(await line(reader))
        writer.close()

    async with await asyncio.start_unix_server(hear, path):
        made = chardevs.add("c", unix(path, server=False))
        made.attach(Echoes(b"hi\n"))
        async with asyncio.timeout(10):
            assert await heard.get() == b"hi\n"
        await until_no_peer(made)
    assert made.filename == f"disconnected:unix:{path}"


async def test_nobody_answers(chardevs: Chardevs, tmp_path: Path) -> None:
    path = tmp_path / "nobody"
    with pytest.raises(QmpError) as raised:
        chardevs.add("c", unix(path, server=False))
    assert raised.value.desc == f"Failed to connect to '{path}': No such file or directory"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        port = taken.getsockname()[1]
        with pytest.raises(QmpError) as raised:
            chardevs.add("c", inet(port, server=False))
        assert raised.value.desc == f"Failed to connect to '127.0.0.1:{port}': Connection refused"
    assert list(chardevs) == []


async def test_who_was_connected_to_is_connected_to_again(chardevs: Any, tmp_path: Path) -> None:
    path = tmp_path / "s"
    heard = 0

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        assert await line(reader) == b"hi\n"
        heard += 1
        writer.close()

    made = chardevs.add("c", unix(path, server=False, **{"reconnect-ms": 1}))
    made.attach(Echoes(b"hi\n"))
    async with asyncio.timeout(10):
        while not chardevs.said:
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)  # and is refused some more times
    assert chardevs.said == [
        f"Unable to connect character device c: Failed to connect to '{path}': "
        "No such file or directory"
    ]
    async with await asyncio.start_unix_server(hear, path):
        async with asyncio.timeout(10):
            while heard < 3:
                await asyncio.sleep(0.001)
        chardevs.close()
        await chardevs.drained()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"server": True, "reconnect-ms": 1},
            "'reconnect-ms' option is incompatible with socket in server listen mode",
        ),
        (
            {"server": False, "wait": False},
            "'wait' option is incompatible with socket in client connect mode",
        ),
    ],
)
async def test_options_that_do_not_go_together(
    chardevs: Chardevs, tmp_path: Path, data: dict[str, Any], message: str
) -> None:
    with pytest.raises(QmpError) as raised:
        chardevs.add("c", unix(tmp_path / "s", **data))
    assert raised.value.desc == message
    assert not (tmp_path / "s").exists()
