"""Who may connect to a monitor, and when."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.chardevs import ChardevSocket
from qmp_iothreadd.qmp.session import Session
from qmp_iothreadd.server import monitor_server, stdio
from qmp_iothreadd.server.connection import Turns
from qmp_iothreadd.server.monitor_server import MonitorServer
from qmp_iothreadd.testing import MemoryClient, Server


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0.01)


async def test_one_client_at_a_time_in_the_order_they_came(bench: Any) -> None:
    one = await bench()
    peers = [await one.connect() for _ in range(4)]
    for number, peer in enumerate(peers):
        assert "QMP" in await peer.receive()
        for later in peers[number + 1 :]:
            assert later.reader._buffer == b""
        await peer.close()


async def test_multi_client_greets_all_and_each_negotiates_for_itself(bench: Any) -> None:
    one = await bench(multi_client=True)
    first, second = await one.client(), await one.connect()
    assert "QMP" in await second.receive()
    second.send({"execute": "query-name", "id": 1})
    reply = await second.receive()
    assert reply["error"]["class"] == "CommandNotFound"
    first.send({"execute": "stop"})
    assert (await first.receive())["event"] == "STOP"
    second.send({"execute": "qmp_capabilities"})
    assert await second.receive() == {"return": {}}  # and no event of before


async def test_deleting_another_monitor_closes_it_for_good(bench: Any) -> None:
    one = await bench(monitors=2)
    first, second = await one.client(), await one.client(monitor=1)
    first.send({"execute": "object-del", "arguments": {"id": "compat_monitor0"}})
    reply = await first.receive()
    assert reply["error"]["desc"] == "Cannot delete the current QMP monitor"
    first.send({"execute": "object-del", "arguments": {"id": "compat_monitor1"}})
    assert await first.receive() == {"return": {}}
    assert await second.receive() is None
    first.send({"execute": "qom-list", "arguments": {"path": "/chardevs"}})
    listed = await first.receive()
    names = [each["name"] for each in listed["return"]]
    assert names == ["type", "compat_monitor1", "compat_monitor0"]  # the character device stays


async def test_yank_of_its_own_connection_ends_it_and_what_it_had_queued(bench: Any) -> None:
    one = await bench()
    client = await one.client()
    own = {"instances": [{"type": "chardev", "id": "compat_monitor0"}]}
    client.send({"execute": "yank", "arguments": own}, {"execute": "query-name"})
    while await client.receive() is not None:
        pass
    assert one.executed == []
    again = await one.client()
    again.send({"execute": "query-name", "id": 1})
    assert await again.receive_ids(1) == [1]


async def test_what_was_answered_before_a_yank_is_sent_and_the_answer_to_the_yank_is_not(
    bench: Any,
) -> None:
    one = await bench()
    client = await one.client()
    own = {"instances": [{"type": "chardev", "id": "compat_monitor0"}]}
    client.send({"execute": "query-name", "id": 1}, {"execute": "yank", "arguments": own, "id": 2})
    assert (await client.receive())["id"] == 1
    assert await client.receive() is None


async def test_connections_are_counted(bench: Any) -> None:
    one = await bench(multi_client=True)
    clients = [await one.client() for _ in range(3)]
    (chardev,) = one.server.machine.chardevs()
    assert chardev.connections == 3
    assert chardev.filename.startswith("unix:")
    for client in clients:
        await client.close()
    await settle()
    assert chardev.connections == 0
    assert chardev.filename.startswith("disconnected:unix:")


async def test_a_refused_accept_is_tried_again(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await bench()
    accept = socket.socket.accept
    refusals = iter([errno.EMFILE, errno.ENFILE])

    def refuse_twice(self: socket.socket) -> Any:
        for number in refusals:
            raise OSError(number, os.strerror(number))
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", refuse_twice)
    client = await one.client()
    client.send({"execute": "query-name", "id": 1})
    assert await client.receive_ids(1) == [1]


async def test_tries_to_connect_out_leave_nothing(tmp_path: Path) -> None:
    async with Server() as server:
        (monitor_server,) = server._servers
        for _ in range(3):
            await monitor_server.connect(str(tmp_path / "nobody"), 0.01)
        await settle()
        assert server.machine.listeners == []
        assert monitor_server._connections == set()
        listener = await asyncio.start_unix_server(
            lambda reader, writer: None, str(tmp_path / "nobody")
        )
        async with asyncio.timeout(5):
            await monitor_server.first_client()
        monitor_server.shut_down()
        listener.close()
        await listener.wait_closed()


# -- A server by itself ---------------------------------------------------------------------------


@pytest.fixture
async def alone() -> AsyncIterator[MonitorServer]:
    """A monitor's server without a machine behind it; its chardev is ``alone._chardev``."""
    with MemoryClient() as client:
        chardev = ChardevSocket(client.machine.types.add(ChardevSocket))
        chardev.address = {"type": "unix", "path": "/run/s"}
        turns = Turns(asyncio.get_running_loop())
        server = MonitorServer(turns, lambda: Session(client.dispatcher, "m"), chardev)
        yield server
        turns.close()
        await server.close()


async def test_the_first_client_is_waited_for(alone: MonitorServer) -> None:
    waiting = asyncio.create_task(alone.first_client())
    await settle()
    assert not waiting.done()
    ours, theirs = socket.socketpair()
    with ours:
        await alone.attach(theirs)
        async with asyncio.timeout(10):
            await waiting
            await alone.first_client()  # somebody is there


async def test_the_wait_for_the_first_client_can_end_without_one(alone: MonitorServer) -> None:
    alone.stop_waiting()  # nobody waits
    waiting = asyncio.create_task(alone.first_client())
    await settle()
    alone.stop_waiting()
    alone.stop_waiting()
    async with asyncio.timeout(10):
        await waiting


@pytest.mark.keeps_resources("uvloop looks addresses up in threads that it keeps")
async def test_connecting_out_to_nobody_without_another_try_is_an_error(
    alone: MonitorServer, tmp_path: Path
) -> None:
    path = str(tmp_path / "nobody")
    with pytest.raises(QmpError) as raised:
        await alone.connect(path)
    assert raised.value.desc == f"Failed to connect to '{path}': No such file or directory"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        port = taken.getsockname()[1]
        with pytest.raises(QmpError, match=f"Failed to connect to '127.0.0.1:{port}': "):
            await alone.connect(("127.0.0.1", port))


async def test_who_was_connected_to_is_connected_to_again(
    alone: MonitorServer, tmp_path: Path
) -> None:
    greeted = 0

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal greeted
        assert b"QMP" in await reader.readline()
        greeted += 1
        writer.close()

    path = str(tmp_path / "s")
    async with await asyncio.start_unix_server(greet, path):
        await alone.connect(path, 0.001)
        async with asyncio.timeout(10):
            while greeted < 3:
                await asyncio.sleep(0.001)
        alone.shut_down()


async def test_a_socket_that_cannot_be_served_is_closed(alone: MonitorServer) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        os.close(theirs.detach())
        with pytest.raises((OSError, ValueError)):
            await alone.attach(theirs)
        assert alone._connections == set()


async def test_standard_input_is_served(
    alone: MonitorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[dict[str, Any]] = []

    class Stdio:
        def __init__(self, loop: Any, connection: Any, **options: Any) -> None:
            started.append(options)
            self.connection = connection

        async def start(self) -> None:
            self.connection.connection_lost(None)

    monkeypatch.setattr(stdio, "StdioTransport", Stdio)
    await alone.serve_stdio()
    assert started == [{"keys": False}]


async def test_clients_that_do_not_read_are_dropped_in_the_end(
    alone: MonitorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor_server, "_CLOSE_S", 0.05)
    ours, theirs = socket.socketpair()
    with ours:
        await alone.attach(theirs)
        ours.sendall(b"{'execute':'qmp_capabilities'}" + b"{'execute':'query-qmp-schema'}" * 10)
        await settle()
        async with asyncio.timeout(5):
            await alone.close()
            while alone._connections:
                await asyncio.sleep(0.001)
