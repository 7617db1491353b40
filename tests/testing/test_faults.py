"""What qemu.qmp's client sees of each fault; the next connection is clean in any case."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
from qemu.qmp import ConnectError, ExecuteError, QMPClient
from qemu.qmp.error import QMPError

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.scripting.fault_kinds import KINDS
from qmp_iothreadd.testing import Server

# What is too long, or has an id that cannot be one, is more than its reader is prepared for.
GONE = (QMPError, EOFError, OSError, ValueError, TypeError)
SOON = 0.05


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[QMPClient]:
    client = QMPClient("test")
    async with asyncio.timeout(10):
        await client.connect(server.path)
    try:
        yield client
    finally:
        with suppress(*GONE):
            await client.disconnect()


async def check_clean(server: Server) -> None:
    """The next client sees a server as ever."""
    async with connected(server) as client, asyncio.timeout(10):
        assert await client.execute("query-status") == {"running": True, "status": "running"}


async def loses_connection(server: Server, client: QMPClient) -> None:
    async with asyncio.timeout(10):
        with suppress(*GONE):  # the reply itself can be there
            await client.execute("query-name")
        with pytest.raises(GONE):
            await client.execute("query-name")


async def waits_for_ever(server: Server, client: QMPClient) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(SOON):
            await client.execute("query-name")


async def waits_for_this_one(server: Server, client: QMPClient) -> None:
    await waits_for_ever(server, client)
    assert await client.execute("query-name") == {}


async def waits_for_release(server: Server, client: QMPClient) -> None:
    held = asyncio.create_task(client.execute("query-name"))
    await server.wait_for("query-name", timeout=10)
    await asyncio.sleep(SOON)
    assert not held.done()
    server.faults.release()
    async with asyncio.timeout(10):
        assert await held == {}


async def hears_again_after_release(server: Server, client: QMPClient) -> None:
    await waits_for_ever(server, client)
    server.faults.release()
    assert await client.execute("query-name") == {}


async def notices_nothing(server: Server, client: QMPClient) -> None:
    async with asyncio.timeout(10):
        assert await client.execute("query-name") == {}
        assert await client.execute("query-uuid")


async def has_replies_in_another_order(server: Server, client: QMPClient) -> None:
    late = asyncio.create_task(client.execute("query-name"))
    await server.wait_for("query-name", timeout=10)
    assert not late.done()
    assert await client.execute("query-uuid")
    assert await late == {}


async def takes_it_for_an_error(server: Server, client: QMPClient) -> None:
    with pytest.raises(ExecuteError, match="no disk") as caught:
        await client.execute("query-name")
    assert caught.value.error_class == "DeviceNotFound"
    assert await client.execute("query-name") == {}


def hears(name: str, times: int) -> Callable[[Server, QMPClient], Awaitable[None]]:
    async def hear(server: Server, client: QMPClient) -> None:
        with client.listener() as listener:
            assert await client.execute("query-name") == {}
            for _ in range(times):
                async with asyncio.timeout(10):
                    assert (await listener.get())["event"] == name

    return hear


async def hears_of_the_end(server: Server, client: QMPClient) -> None:
    with client.listener() as listener:
        with pytest.raises(GONE):
            async with asyncio.timeout(10):
                await client.execute("query-name")
        assert (await listener.get())["data"] == {"guest": False, "reason": "host-signal"}


See = Callable[[Server, QMPClient], Awaitable[None]]

# A fault on the reply to query-name, and what the client sees.
SEEN: list[tuple[str, dict[str, Any], See]] = [
    ("drop", {}, loses_connection),
    ("drop", {"at": 5}, loses_connection),
    ("drop", {"after": True}, loses_connection),
    ("drop", {"when": "before"}, loses_connection),
    ("lose", {}, waits_for_this_one),
    ("lose", {"when": "before"}, waits_for_this_one),
    ("delay", {"seconds": 0.02}, notices_nothing),
    ("delay", {"seconds": 0.02, "when": "before"}, notices_nothing),
    ("delay", {"seconds": 0.01, "distribution": "exponential"}, notices_nothing),
    ("delay", {"min_seconds": 0.001, "max_seconds": 0.02}, notices_nothing),
    ("delay", {"seconds": 0.001, "distribution": "lognormal", "sigma": 2}, notices_nothing),
    ("hold", {}, waits_for_release),
    ("hold", {"when": "before"}, waits_for_release),
    ("mute", {}, hears_again_after_release),
    ("mute", {"when": "before"}, hears_again_after_release),
    ("duplicate", {}, notices_nothing),
    ("reorder", {}, has_replies_in_another_order),
    ("stale-id", {}, waits_for_this_one),
    ("wrong-id", {}, waits_for_this_one),
    ("wrong-id", {"id": [1]}, loses_connection),
    ("split", {}, notices_nothing),
    ("split", {"pieces": 3, "pause": 0}, notices_nothing),
    ("merge", {"seconds": 0.01}, notices_nothing),
    ("garbage", {}, loses_connection),
    ("garbage", {"text": "[]\r\n"}, loses_connection),
    ("garbage", {"hex": "ff0d0a", "when": "before"}, loses_connection),
    ("truncate", {}, loses_connection),
    ("truncate", {"length": 1, "close": False}, waits_for_ever),
    ("oversize", {"size": 12 << 20}, loses_connection),
    ("error", {"error": "no disk", "error_class": "DeviceNotFound"}, takes_it_for_an_error),
    ("error", {"error": "no disk", "error_class": "DeviceNotFound", "when": "after"},
     takes_it_for_an_error),
    ("storm", {"events": 2000, "name": "STOP"}, hears("STOP", 2000)),
    ("unknown-event", {"data": {"a": 1}}, hears("X_UNKNOWN", 1)),
    ("unknown-event", {"name": "X_A", "when": "before"}, hears("X_A", 1)),
    ("shutdown", {}, hears_of_the_end),
    ("stop-reading", {"when": "before"}, waits_for_release),
    ("stop-reading", {"seconds": 0.02}, notices_nothing),
    ("reset", {}, loses_connection),
    ("reset", {"when": "before"}, loses_connection),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "words", "see"), SEEN, ids=[f"{kind} {words}" for kind, words, _ in SEEN]
)
async def test_a_fault_on_a_reply(kind: str, words: dict[str, Any], see: See) -> None:
    async with Server(allow_left_open=True) as server:
        async with connected(server) as client:
            number = server.faults.add(kind, command="query-name", **words)
            await see(server, client)
        (fault,) = server.faults.query()
        assert (fault["id"], fault["fired"], fault["active"]) == (number, 1, False)
        server.faults.remove(number)
        await check_clean(server)


# A fault on a greeting, and whether the client gets a connection.
GREETINGS: list[tuple[str, dict[str, Any], bool]] = [
    ("drop", {}, False),
    ("lose", {}, False),
    ("delay", {"seconds": 0.02}, True),
    ("garbage", {}, False),
    ("truncate", {}, False),
    ("split", {"pause": 0}, True),
    ("oversize", {"size": 12 << 20}, False),
    ("unknown-event", {}, False),
    ("stop-reading", {"seconds": 0.02}, True),
    ("reset", {}, False),
]


@pytest.mark.parametrize(("kind", "words", "works"), GREETINGS, ids=[each[0] for each in GREETINGS])
async def test_a_fault_on_a_greeting(kind: str, words: dict[str, Any], works: bool) -> None:
    async with Server(allow_left_open=True) as server:
        server.faults.add(kind, on="greeting", **words)
        if works:
            await check_clean(server)
        else:
            client = QMPClient("patient")
            with pytest.raises((TimeoutError, ConnectError)):
                async with asyncio.timeout(SOON if kind == "lose" else 10):
                    await client.connect(server.path)
            with suppress(*GONE):
                await client.disconnect()
        assert server.faults.query()[0]["fired"] == 1
        await check_clean(server)


async def test_a_connection_is_refused_and_the_one_after_it_is_not() -> None:
    async with Server() as server:
        server.faults.add("refuse", nth=2)
        await check_clean(server)
        with pytest.raises(ConnectError):
            await QMPClient("refused").connect(server.path)
        await check_clean(server)


async def test_another_version_greets() -> None:
    async with Server() as server:
        server.faults.add("version", version="8.2", package="Debian")
        async with connected(server) as client:
            assert client.greeting is not None
            assert client.greeting.QMP.version == {
                "qemu": {"major": 8, "minor": 2, "micro": 0},
                "package": "Debian",
            }


EVENTS = [kind for kind, row in KINDS.items() if "event" in row.on]


@pytest.mark.parametrize("kind", EVENTS)
async def test_a_fault_on_an_event(kind: str) -> None:
    async with Server(allow_left_open=True) as server:
        async with connected(server) as client:
            server.faults.add(kind, event="STOP")
            server.emit("STOP")
            with suppress(TimeoutError, *GONE):
                async with asyncio.timeout(SOON):
                    await client.execute("query-name")
            assert server.faults.query()[0]["fired"] == 1
        server.faults.remove(1)
        await check_clean(server)


# -- And what came of the command, and of the messages around it -----------------------------------


async def test_a_delayed_reply_comes_and_those_after_it_wait() -> None:
    async with Server() as server, connected(server) as client:
        server.faults.add("delay", seconds=0.1)
        loop = asyncio.get_running_loop()
        started = loop.time()
        first = asyncio.create_task(client.execute("query-name"))
        await asyncio.sleep(0.01)
        await client.execute("query-name")
        assert loop.time() - started >= 0.09
        assert await first == {}


@pytest.mark.parametrize(
    ("kind", "words"),
    [("drop", {}), ("truncate", {"length": 5}), ("garbage", {}), ("garbage", {"text": "[]\r\n"})],
    ids=["drop", "truncate", "garbage", "no object"],
)
async def test_a_command_whose_reply_is_spoiled_was_executed(
    kind: str, words: dict[str, Any]
) -> None:
    async with Server() as server:
        async with connected(server) as client:
            server.faults.add(kind, **words)
            with pytest.raises((QMPError, EOFError)):
                async with asyncio.timeout(5):
                    await client.execute("stop")
        async with connected(server) as client:
            status = cast("Any", await client.execute("query-status"))
            assert status["status"] == "paused"  # it was executed all the same


async def test_a_lost_reply_never_comes() -> None:
    async with Server() as server, connected(server) as client:
        server.faults.add("lose")
        lost = asyncio.create_task(client.execute("query-name"))
        await asyncio.sleep(0.02)
        assert await client.execute("query-status")
        assert not lost.done()
        lost.cancel()


async def test_a_duplicate_reply_comes_twice() -> None:
    async with Server() as server:
        reader, writer = await asyncio.open_unix_connection(server.path)
        await reader.readline()
        server.faults.add("duplicate", command="qmp_capabilities")
        writer.write(b'{"execute":"qmp_capabilities"}{"execute":"query-name","id":1}')
        lines = [await reader.readline() for _ in range(3)]
        assert lines == [b'{"return": {}}\r\n'] * 2 + [b'{"return": {}, "id": 1}\r\n']
        writer.close()
        await writer.wait_closed()


async def test_an_event_of_a_command_is_lost_and_its_reply_is_not() -> None:
    async with Server() as server, connected(server) as client:
        with client.listener() as listener:
            server.faults.add("lose", on="event")
            assert await client.execute("stop") == {}
            assert await client.execute("cont") == {}
            event = await listener.get()
            assert event["event"] == "RESUME"


async def test_an_event_is_lost_and_the_next_one_comes() -> None:
    async with Server() as server, connected(server) as client:
        with client.listener() as listener:
            server.faults.add("lose", event="STOP")
            server.emit("STOP")
            server.emit("RESUME")
            async with asyncio.timeout(10):
                assert (await listener.get())["event"] == "RESUME"


async def test_negotiation_is_met_only_where_it_is_named() -> None:
    async with Server() as server:
        server.faults.add("error", error="not me")
        async with connected(server) as client:
            with pytest.raises(ExecuteError, match="not me"):
                await client.execute("query-name")
        server.faults.add("error", command="qmp_capabilities")
        with pytest.raises(ConnectError):
            await QMPClient("unlucky").connect(server.path)


def test_every_kind_is_tried() -> None:
    tried = {kind for kind, _, _ in SEEN} | {"refuse", "version"}
    assert tried == set(KINDS)


def test_faults_are_asked_for_from_any_thread_and_one_that_meets_nothing_is_told_of() -> None:
    server = Server().start()
    assert server.faults.add("drop", command="query-status") == 1
    with pytest.raises(QmpError, match="There is no fault 'dorp'; there are drop, lose, "):
        server.faults.add("dorp")
    with pytest.raises(AssertionError, match=r"fault 1 \(drop\) met no message: .*query-status"):
        server.close()


async def test_tcp_is_reset() -> None:
    async with Server(port=0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await reader.readline()
        server.faults.add("reset", command="qmp_capabilities")
        writer.write(b'{"execute":"qmp_capabilities"}')
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
