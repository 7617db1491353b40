"""The client library that QEMU ships, against the daemon and against a server in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
from qemu.qmp import EventListener, ExecuteError, QMPClient
from qemu.qmp.error import QMPError

from qmp_iothreadd.testing import DaemonProcess, Server, make_machine

TIMEOUT_S = 15


@asynccontextmanager
async def connected(path: str, name: str = "test") -> AsyncIterator[QMPClient]:
    """A client past negotiation. It enables oob, as it always does where a server offers it."""
    client = QMPClient(name)
    async with asyncio.timeout(TIMEOUT_S):
        await client.connect(path)
    try:
        yield client
    finally:
        with suppress(QMPError, EOFError, ConnectionError):  # the server hung up first
            await client.disconnect()


async def next_event(listener: EventListener) -> dict[str, Any]:
    async with asyncio.timeout(TIMEOUT_S):
        return dict(await listener.get())


# -- The daemon -----------------------------------------------------------------------------------


async def test_an_iothread_is_added_tuned_listed_and_deleted() -> None:
    with DaemonProcess() as daemon:
        async with connected(daemon.path) as client:
            options = {"qom-type": "iothread", "id": "io0", "poll-max-ns": 1000}
            assert await client.execute("object-add", options) == {}
            target = {"path": "/objects/io0", "property": "poll-weight"}
            assert await client.execute("qom-set", {**target, "value": 5}) == {}
            assert await client.execute("qom-get", target) == 5
            (info,) = cast("Any", await client.execute("query-iothreads"))
            assert info.pop("thread-id") in daemon.threads()
            assert info == {
                "id": "io0",
                "poll-max-ns": 1000,
                "poll-grow": 2,
                "poll-shrink": 2,
                "poll-weight": 5,
                "aio-max-batch": 0,
            }
            assert await client.execute("object-del", {"id": "io0"}) == {}
            assert await client.execute("query-iothreads") == []


async def test_errors_have_class_and_text() -> None:
    with DaemonProcess() as daemon:
        async with connected(daemon.path) as client:
            with pytest.raises(ExecuteError) as caught:
                await client.execute("nope")
            assert caught.value.error_class == "CommandNotFound"
            assert str(caught.value) == "The command nope has not been found"
            with pytest.raises(ExecuteError, match="Parameter 'id' is missing"):
                await client.execute("object-del")
            with pytest.raises(ExecuteError, match="Device 'x' not found"):
                await client.execute("qom-list", {"path": "x"})


async def test_two_clients_on_two_monitors_hear_every_event(tmp_path: Any) -> None:
    other_path = str(tmp_path / "other")
    option = f"unix:{other_path},server=on,wait=off"
    with DaemonProcess("-qmp", option) as daemon:
        async with connected(daemon.path) as first, connected(other_path) as second:
            with first.listener() as one, second.listener() as two:
                for actor, command, event in [
                    (first, "stop", "STOP"),
                    (second, "cont", "RESUME"),
                    (first, "system_reset", "RESET"),
                    (second, "system_powerdown", "POWERDOWN"),
                    (first, "quit", "SHUTDOWN"),
                ]:
                    assert await actor.execute(command) == {}
                    heard = await next_event(one), await next_event(two)
                    assert [message["event"] for message in heard] == [event, event]
                    assert heard[0] == heard[1]
        assert daemon.wait() == 0


async def test_a_client_reconnects_and_finds_everything_in_its_place() -> None:
    with DaemonProcess("-object", "iothread,id=io0") as daemon:
        client = QMPClient("again")
        for value in range(5):
            await client.connect(daemon.path)
            iothread = {"path": "/objects/io0", "property": "aio-max-batch"}
            assert await client.execute("qom-get", iothread) == value
            await client.execute("qom-set", {**iothread, "value": value + 1})
            await client.disconnect()


async def test_the_next_client_is_greeted_when_the_first_leaves() -> None:
    with DaemonProcess() as daemon:
        first, second = QMPClient("first"), QMPClient("second")
        await first.connect(daemon.path)
        waiting = asyncio.create_task(second.connect(daemon.path))
        assert await first.execute("query-name") == {}
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await first.disconnect()
        async with asyncio.timeout(TIMEOUT_S):
            await waiting
        assert await second.execute("query-name") == {}
        await second.disconnect()


async def test_multi_client_serves_all_who_come() -> None:
    with DaemonProcess("--multi-client") as daemon:
        clients = [QMPClient(f"client {number}") for number in range(10)]
        for client in clients:
            async with asyncio.timeout(TIMEOUT_S):
                await client.connect(daemon.path)
        with clients[3].listener() as listener:
            results: list[Any] = await asyncio.gather(
                *[client.execute("query-status") for client in clients]
            )
            assert [result["status"] for result in results] == ["running"] * 10
            await clients[7].execute("stop")
            assert (await next_event(listener))["event"] == "STOP"
        for client in clients:
            await client.disconnect()


async def test_the_daemon_outlives_a_client_that_vanishes() -> None:
    with DaemonProcess() as daemon:
        vanishing = QMPClient("vanishing")
        await vanishing.connect(daemon.path)
        assert vanishing._writer is not None
        vanishing._writer.transport.abort()
        with pytest.raises((QMPError, EOFError, ConnectionError)):
            await vanishing.disconnect()
        async with connected(daemon.path) as client:
            assert await client.execute("query-name") == {}


# -- A server in this process ---------------------------------------------------------------------


async def test_out_of_band_overtakes_a_command_that_blocks(
    extended_schema: Callable[..., str],
) -> None:
    gate = asyncio.Event()

    async def block(ctx: Any) -> None:
        await gate.wait()

    machine = make_machine(extended_schema("{ 'command': 'x-block', 'coroutine': true }"))
    async with (
        Server(machine, functions={"x-block": block}) as server,
        connected(server.path) as client,
    ):
        blocked = asyncio.create_task(client.execute("x-block"))
        behind = asyncio.create_task(client.execute("query-name"))
        await asyncio.sleep(0.05)
        async with asyncio.timeout(TIMEOUT_S):
            await client.execute("yank", {"instances": []}, oob=True)
            result = await client.execute("query-yank", oob=True)
        assert result == [{"type": "chardev", "id": "compat_monitor0"}]
        assert not blocked.done()
        assert not behind.done()
        gate.set()
        assert await blocked == {}
        assert await behind == {}


async def test_server_on_this_loop_serves_a_machine_of_the_tests_own() -> None:
    machine = make_machine(name="mine")
    async with (
        Server(machine, monitors=2) as server,
        connected(server.paths[0]) as first,
        connected(server.paths[1]) as second,
    ):
        assert await first.execute("query-name") == {"name": "mine"}
        with second.listener() as listener:
            machine.stop()
            assert (await next_event(listener))["event"] == "STOP"


async def test_yank_of_its_own_connection_closes_it() -> None:
    async with Server() as server:
        async with connected(server.path) as client:
            own = {"instances": [{"type": "chardev", "id": "compat_monitor0"}]}
            with pytest.raises((QMPError, EOFError, ConnectionError)):
                await client.execute("yank", own)
        async with connected(server.path) as client:
            assert await client.execute("query-name") == {}
