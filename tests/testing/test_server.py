"""The server in the test's own event loop, and the one that misbehaves."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest
from qemu.qmp import ConnectError, QMPClient
from qemu.qmp.error import QMPError

from qmp_iothreadd.testing import Client, FaultyServer, Server, faults


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[QMPClient]:
    client = QMPClient("test")
    await client.connect(server.path)
    try:
        yield client
    finally:
        with suppress(QMPError, EOFError, ConnectionError):
            await client.disconnect()


async def test_server_serves_and_leaves_nothing() -> None:
    async with Server() as server:
        path = server.path
        async with connected(server) as client:
            await client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
            (info,) = cast("Any", await client.execute("query-iothreads"))
            assert info["thread-id"] != os.getpid()
    assert not os.path.exists(path)
    assert not os.path.exists(os.path.dirname(path))


async def test_server_that_cannot_listen_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("too-long-for-the-path-of-a-socket-" * 4)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(Exception, match="too long"):
        await Server().__aenter__()
    assert list(folder.iterdir()) == []


async def test_server_can_be_left_while_clients_are_connected() -> None:
    client = QMPClient("test")
    async with Server() as server:
        await client.connect(server.path)
    with suppress(QMPError, EOFError):
        await client.disconnect()


async def test_server_quits() -> None:
    async with Server() as server, connected(server) as client:
        assert await client.execute("quit") == {}
        async with asyncio.timeout(5):
            await server.stopped.wait()


async def test_functions_join_the_daemons() -> None:
    def name(ctx: Any) -> dict[str, str]:
        return {"name": "mine"}

    async with Server(functions={"query-name": name}) as server, connected(server) as client:
        assert await client.execute("query-name") == {"name": "mine"}
        assert await client.execute("query-status") == {"running": True, "status": "running"}


# -- Faults ---------------------------------------------------------------------------------------


async def test_delayed_reply_comes_and_those_after_it_wait() -> None:
    async with FaultyServer() as server, connected(server) as client:
        server.misbehave(faults.delay(0.1))
        loop = asyncio.get_running_loop()
        started = loop.time()
        first = asyncio.create_task(client.execute("query-name"))
        await asyncio.sleep(0.01)
        await client.execute("query-name")
        assert loop.time() - started >= 0.09
        assert await first == {}


async def test_held_reply_comes_on_release() -> None:
    async with FaultyServer() as server, connected(server) as client:
        server.misbehave(faults.hold)
        held = asyncio.create_task(client.execute("query-name"))
        await server.wait_for("query-name")
        assert not held.done()
        server.release()
        async with asyncio.timeout(5):
            assert await held == {}


@pytest.mark.parametrize(
    "fault",
    [faults.drop, faults.truncate(5), faults.garbage(), faults.garbage(b"[]\r\n")],
    ids=["drop", "truncate", "garbage", "no object"],
)
async def test_client_notices_and_can_come_again(fault: faults.Fault) -> None:
    async with FaultyServer() as server:
        async with connected(server) as client:
            server.misbehave(fault)
            with pytest.raises((QMPError, EOFError)):
                async with asyncio.timeout(5):
                    await client.execute("stop")
        async with connected(server) as client:
            status = cast("Any", await client.execute("query-status"))
            assert status["status"] == "paused"  # it was executed all the same


async def test_lost_reply_never_comes() -> None:
    async with FaultyServer() as server, connected(server) as client:
        server.misbehave(faults.lose)
        lost = asyncio.create_task(client.execute("query-name"))
        await asyncio.sleep(0.02)
        assert await client.execute("query-status")
        assert not lost.done()
        lost.cancel()


async def test_duplicate_reply_comes_twice() -> None:
    async with FaultyServer() as server:
        reader, writer = await asyncio.open_unix_connection(server.path)
        await reader.readline()
        server.misbehave(faults.duplicate)
        writer.write(b'{"execute":"qmp_capabilities"}{"execute":"query-name","id":1}')
        lines = [await reader.readline() for _ in range(3)]
        assert lines == [b'{"return": {}}\r\n'] * 2 + [b'{"return": {}, "id": 1}\r\n']
        writer.close()
        await writer.wait_closed()


async def test_events_can_be_lost_too() -> None:
    async with FaultyServer(events=True) as server, connected(server) as client:
        with client.listener() as listener:
            server.misbehave(faults.lose)
            assert await client.execute("stop") == {}
            assert await client.execute("cont") == {}
            event = await listener.get()
            assert event["event"] == "RESUME"


async def test_a_server_that_never_greets() -> None:
    async with FaultyServer(greet=False) as server:
        client = QMPClient("patient")
        with pytest.raises((TimeoutError, ConnectError)):
            async with asyncio.timeout(0.1):
                await client.connect(server.path)
        with suppress(QMPError, EOFError):
            await client.disconnect()


def test_a_server_can_be_an_older_qemu() -> None:
    with Server.qemu("8.2") as server, Client.connect(server.path) as client:
        version = client.negotiate()["QMP"]["version"]["qemu"]
        assert (version["major"], version["minor"]) == (8, 2)
        refused = client.request(
            "object-add", {"qom-type": "iothread", "id": "a", "poll-weight": 1}
        )
        assert refused["error"]["desc"] == "Parameter 'poll-weight' is unexpected"


def test_a_server_says_what_version_it_is_asked_to_say() -> None:
    options: dict[str, Any] = {"version": "9.0.1", "package": " (x)", "capabilities": []}
    with Server(**options) as server, Client.connect(server.path) as client:
        assert client.negotiate()["QMP"] == {
            "version": {"qemu": {"major": 9, "minor": 0, "micro": 1}, "package": " (x)"},
            "capabilities": [],
        }


def test_a_version_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="'x' is no version of QEMU"):
        Server(version="x")
    with pytest.raises(ValueError, match=r"QEMU '99\.0' is newer"):
        Server.qemu("99.0")
