"""The server in the test's own event loop; how it misbehaves, test_faults.py tells."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest
from qemu.qmp import QMPClient
from qemu.qmp.error import QMPError

from qmp_iothreadd.testing import Client, Server
from qmp_iothreadd.testing.left_open import LeftOpenError


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
    async with Server(allow_left_open=True) as server:
        await client.connect(server.path)
    with suppress(QMPError, EOFError):
        await client.disconnect()


async def test_a_client_that_is_connected_at_the_end_fails_the_block() -> None:
    client = QMPClient("test")
    with pytest.raises(LeftOpenError) as raised:
        async with Server() as server:
            await client.connect(server.path)
    with suppress(QMPError, EOFError):
        await client.disconnect()
    first, _, second = str(raised.value).partition("; ")
    assert first == "left open: 1 client still connected to compat_monitor0"
    assert re.fullmatch(rf"a socket \(descriptor \d+\) to {re.escape(server.path)}", second)


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
