"""Scripts over QMP, in the words of the functions behind them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from qmp_iothreadd.scripting.script import Script
from qmp_iothreadd.testing import MemoryClient, Server


def test_a_command_answers_what_a_client_says(client: MemoryClient) -> None:
    client.execute("x-respond", {"command": "query-name", "value": {"name": "a"}})
    client.execute(
        "x-respond",
        {"command": "query-name", "error": "no", "error-class": "DeviceNotFound", "nth": 2},
    )
    assert client.request("query-name") == {"return": {"name": "a"}}
    assert client.request("query-name") == {"error": {"class": "DeviceNotFound", "desc": "no"}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"command": "stpo", "strict": True}, "The schema has no command 'stpo'; did you mean"),
        ({"command": "stop", "value": 1}, "What is scripted for the command 'stop' does not fit"),
        ({"command": "stop", "nth": 0}, "The 'nth' call of 'stop' that is answered is a number"),
        ({"command": "a", "arguments": []}, "The arguments of 'a' are not in QAPI notation"),
        ({}, "Parameter 'command' is missing"),
    ],
)
def test_what_cannot_be_is_refused(
    client: MemoryClient, arguments: dict[str, Any], message: str
) -> None:
    assert client.request("x-respond", arguments)["error"]["desc"].startswith(message)


def test_what_is_not_checked_is_sent(client: MemoryClient) -> None:
    client.execute("x-respond", {"command": "stop", "value": 1, "check": False})
    assert client.execute("stop") == 1


def test_an_event_is_sent(client: MemoryClient) -> None:
    event, _ = client.send({"execute": "x-emit", "arguments": {"event": "NEW", "data": {"a": 1}}})
    assert (event["event"], event["data"]) == ("NEW", {"a": 1})
    reply = client.request("x-emit", {"event": "NEW", "strict": True})
    assert reply["error"]["desc"] == "The schema has no event 'NEW'"
    reply = client.request("x-emit", {"event": "STOP", "data": {"a": 1}})
    assert "does not fit" in reply["error"]["desc"]


def test_the_history_is_asked_for(client: MemoryClient) -> None:
    script = client.machine.part(Script)
    client.execute("query-name")
    client.send(b"{]")
    client.execute("qom-list", {"path": "/"})
    script.history.add("reply", b"{}", "other", 2, "lose")
    found = client.execute("x-query-history")
    assert [each["kind"] for each in found] == ["request", "reply"] * 3 + ["reply"]
    assert [each["number"] for each in found] == [*range(7)]
    assert "message" not in found[2]
    assert found[6]["fault"] == "lose"


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ({"command": "stop"}, [2]),
        ({"kind": "request"}, [0, 2]),
        ({"kind": "event"}, [3]),
        ({"monitor": "other"}, []),
        ({"since": 3}, [3, 4]),
        ({"since": 1, "kind": "reply"}, [1, 4]),
    ],
)
def test_the_history_is_asked_for_in_part(
    client: MemoryClient, arguments: dict[str, Any], numbers: list[int]
) -> None:
    client.machine.part(Script)
    client.execute("cont")
    client.execute("stop")
    found = client.execute("x-query-history", arguments)
    assert [each["number"] for each in found] == numbers


@pytest.mark.parametrize("check", [False, True])
async def test_a_long_history_is_told_in_turns(check: bool) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with Server(check_replies=check) as server:
        history = server.history
        for number in range(5000):
            history.add("request", b'{"execute": "x-%d"}' % (number % 2), "other", 7)
        history.add("request", b"{]", "other", 7)
        counting = asyncio.create_task(count())
        reader, writer = await asyncio.open_unix_connection(server.path, limit=1 << 24)
        writer.write(b'{"execute": "qmp_capabilities"}')
        writer.write(b'{"execute": "x-query-history", "arguments": {"command": "x-1"}}')
        writer.write(b'{"execute": "x-query-history", "arguments": {"monitor": "other"}}')
        greeting, _, some, all_ = [json.loads(await reader.readline()) for _ in range(4)]
        counting.cancel()
        writer.close()
        await writer.wait_closed()
    assert greeting["QMP"]
    assert turns >= 2 * 5000 / 100
    assert [each["number"] for each in some["return"]] == [*range(1, 5000, 2)]
    assert all_["return"][4998]["message"] == {"execute": "x-0"}
    assert [each["number"] for each in all_["return"]] == [*range(5001)]
    assert "message" not in all_["return"][-1]


async def test_a_long_history_is_pretty_where_that_is_asked_for() -> None:
    async with Server() as server:
        for _ in range(101):
            server.history.add("event", b'{"event": "STOP"}', "other", 7)
        reader, writer = await asyncio.open_unix_connection(server.path, limit=1 << 20)
        writer.write(
            b'{"execute": "qmp_capabilities"}{"execute": "qom-set", "arguments": {"value": true, '
            b'"path": "/objects/compat_monitor0", "property": "pretty"}}'
            b'{"execute": "x-query-history"}'
        )
        text = b""
        while text.count(b'"event": "STOP"') < 101:
            text += await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert b'"event": "STOP"\r\n' in text


def test_what_is_left_over_is_said_until_the_script_is_reset(client: MemoryClient) -> None:
    client.execute("x-respond", {"command": "stop"})
    client.execute("x-respond", {"command": "cont", "optional": True})
    words = "the response to 'stop' was not used"
    assert client.execute("x-query-left-over") == [{"description": words}]
    client.execute("x-script-reset")
    assert client.execute("x-query-left-over") == []
