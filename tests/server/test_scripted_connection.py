"""Connections whose output is scripted: who waits for whom, and how they end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any, cast

import pytest

from qmp_iothreadd.server import connection as module
from qmp_iothreadd.server.connection import OUTPUT_PIECE
from qmp_iothreadd.server.wire import BACKLOG_LIMIT
from qmp_iothreadd.testing import Server
from tests.server.conftest import Bench, Peer
from tests.waiting import wait_until_async


def query(number: int, command: str = "query-name") -> dict[str, Any]:
    return {"execute": command, "id": number}


def holding(one: Bench) -> int:
    """How many connections wait for release."""
    return sum(fault["holding"] for fault in one.server.faults.query())


@pytest.fixture
async def one() -> AsyncIterator[Bench]:
    """A server that notes the commands that it runs."""
    async with AsyncExitStack() as stack:

        def query_name(ctx: Any) -> dict[str, str]:
            made.executed.append("query-name")
            return {}

        server = Server(functions={"query-name": query_name}, allow_left_open=True)
        made = Bench(await stack.enter_async_context(server), stack, asyncio.Event())
        yield made


async def gone(one: Bench) -> None:
    await wait_until_async(lambda: not one.server.machine.sessions)
    assert holding(one) == 0


async def test_replies_behind_one_that_waits_come_after_it(one: Bench) -> None:
    client = await one.client()
    one.server.faults.add("hold", command="query-name")
    client.send(query(1), query(2))
    await wait_until_async(lambda: len(one.executed) == 2)
    one.server.faults.release()
    assert await client.receive_ids(2) == [1, 2]
    client.send(query(3))
    assert await client.receive_ids(1) == [3]


async def test_who_waits_for_release_runs_no_more_than_its_output_may_take(one: Bench) -> None:
    client = await one.client()
    one.server.faults.add("hold", command="query-name")
    client.send(query(0), *[query(number, "query-qmp-schema") for number in range(1, 9)])

    def asked() -> int:
        return len([each for each in one.server.history if each.command == "query-qmp-schema"])

    await wait_until_async(asked)
    await asyncio.sleep(0.02)  # for more, if more could come
    assert asked() < 8
    one.server.faults.release()
    assert await client.receive_ids(9) == list(range(9))


@pytest.mark.parametrize("released", [True, False], ids=["released", "in its time"])
async def test_nothing_is_read_of_who_is_not_to_be_read(one: Bench, released: bool) -> None:
    client = await one.client()
    seconds = {} if released else {"seconds": 0.05}
    one.server.faults.add("stop-reading", command="query-name", **seconds)
    client.send(query(1))
    assert await client.receive_ids(1) == [1]
    client.send(query(2))
    if released:
        await asyncio.sleep(0.02)
        assert one.executed == ["query-name"]
        one.server.faults.release()
    assert await client.receive_ids(1) == [2]


@pytest.mark.parametrize("kind", ["hold", "stop-reading", "mute"])
async def test_who_hangs_up_meanwhile_is_forgotten(one: Bench, kind: str) -> None:
    client = await one.client()
    one.server.faults.add(kind, command="query-name")
    client.send(query(1))
    await wait_until_async(lambda: holding(one) == 1)
    await client.close()
    await gone(one)


async def test_who_sends_no_more_is_answered_once_released(one: Bench) -> None:
    client = await one.client()
    one.server.faults.add("hold", command="query-name")
    client.send(query(1), query(2))
    client.writer.write_eof()
    await wait_until_async(lambda: holding(one) == 1)
    one.server.faults.release()
    assert await client.receive_ids(3) == [1, 2, None]


async def test_a_command_that_waits_runs_after_all_was_read(one: Bench) -> None:
    """The input ends while a request is held back: it is still served, and then all is over."""
    client = await one.client()
    one.server.faults.add("delay", command="query-name", when="before", seconds=0.02)
    client.send(query(1), query(2))
    client.writer.write_eof()
    assert await client.receive_ids(3) == [1, 2, None]


async def test_the_last_reply_goes_behind_none(one: Bench) -> None:
    client = await one.client()
    one.server.faults.add("reorder", command="query-name", by=3)
    client.send(query(1), query(2, "query-uuid"))
    client.writer.write_eof()
    assert await client.receive_ids(3) == [2, 1, None]
    await gone(one)


async def test_over_tcp_nobody_waits_for_who_sends_no_more() -> None:
    """It may be gone for good: on TCP that shows only to who sends."""
    async with Server(port=0, allow_left_open=True) as server:
        client = Peer(*await asyncio.open_connection(*server.address))
        await client.negotiate()
        server.faults.add("hold", command="query-name")
        client.send(query(1))
        client.writer.write_eof()
        assert await client.receive() is None
        await client.close()


async def test_a_large_message_goes_out_as_it_is_taken(one: Bench) -> None:
    client = await one.client()
    size = 16 * OUTPUT_PIECE
    one.server.faults.add("oversize", command="query-name", size=size)
    client.send(query(1))
    await wait_until_async(lambda: one.executed)
    await asyncio.sleep(0.02)  # until it is full on the way
    assert len(await client.reader.readline()) == size
    client.send(query(2))
    assert await client.receive_ids(1) == [2]


async def test_a_client_can_release_what_it_waits_for(one: Bench) -> None:
    client = await one.client()
    one.server.faults.add("hold", command="query-name")
    client.send(query(1), query(2, "query-uuid"), query(3, "x-fault-release"))
    assert await client.receive_ids(3) == [1, 2, 3]
    client.send(query(4))
    assert await client.receive_ids(1) == [4]


async def test_events_that_wait_for_release_are_bounded(
    one: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 2 * BACKLOG_LIMIT
    monkeypatch.setattr(module, "UNREAD_EVENTS_LIMIT", limit)
    client = await one.client()
    one.server.faults.add("hold", event="STOP")
    machine = one.server.machine
    machine.stop()
    await wait_until_async(lambda: holding(one) == 1)
    for _ in range(limit // 100):  # each event has some 100 bytes
        machine.cont()
        machine.stop()
    await gone(one)
    with suppress(ConnectionError):
        assert await client.receive() is None


@pytest.mark.parametrize("kind", ["drop", "reset"])
async def test_what_ends_the_connection_ends_all_that_came_behind(one: Bench, kind: str) -> None:
    client = await one.client()
    one.server.faults.add(kind, command="query-name")
    client.send(query(1), query(2))
    with suppress(ConnectionError):
        assert await client.receive() is None
    await gone(one)
    assert one.executed == ["query-name"]


async def test_a_reset_over_tcp_is_one() -> None:
    async with Server(port=0, allow_left_open=True) as server:
        server.faults.add("refuse")
        sock = socket.create_connection(cast("tuple[str, int]", server.address))
        sock.setblocking(False)
        with sock, pytest.raises(ConnectionResetError):
            await asyncio.get_running_loop().sock_recv(sock, 1)
