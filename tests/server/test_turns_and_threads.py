"""What clients see of iothreads in a turn: what was answered is so, in their requests' order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.iothread import _engine
from qmp_iothreadd.iothread._engine import PollParams
from qmp_iothreadd.server import turns


@pytest.fixture(autouse=True)
def _long_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes together is one turn, on a busy machine too."""
    monkeypatch.setattr(turns, "TURN_S", 60.0)


def set_max(value: int) -> dict[str, Any]:
    where = {"path": "/objects/io0", "property": "poll-max-ns", "value": value}
    return {"execute": "qom-set", "arguments": where, "id": value}


def add(name: str) -> dict[str, Any]:
    return {"execute": "object-add", "arguments": {"qom-type": "iothread", "id": name}}


def delete(name: str) -> dict[str, Any]:
    return {"execute": "object-del", "arguments": {"id": name}}


def query(command: str) -> dict[str, Any]:
    return {"execute": command, "id": command}


async def test_many_are_told_to_the_thread_at_once(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[list[int]] = []
    apply = _engine.apply_poll_params

    def count(changes: Any) -> None:
        told.append([params.max_ns for _, params, _ in changes])
        apply(changes)

    monkeypatch.setattr(_engine, "apply_poll_params", count)
    one = await bench()
    one.server.machine.create_object({"qom-type": "iothread", "id": "io0"})
    client = await one.client()
    client.send(*[set_max(value) for value in range(50)])
    assert await client.receive_ids(50) == [*range(50)]
    assert told == [[49]]


async def test_statistics_are_asked_of_a_thread_with_its_parameters(bench: Any) -> None:
    """QEMU tells the thread before it answers; so a later request finds the window at 0."""
    one = await bench()
    client = await one.client()
    client.send(add("io0"))
    await client.receive()
    client.send(
        {
            "execute": "qom-set",
            "arguments": {"path": "io0", "property": "x-poll-policy", "value": "legacy"},
        },
        query("x-query-iothread-stats"),
        set_max(7),
        query("query-iothreads"),
    )
    replies = [(await client.receive())["return"] for _ in range(4)]
    assert replies[1][0]["poll-policy"] == "legacy"
    assert replies[1][0]["poll-ns"] == 0
    assert replies[3][0]["poll-max-ns"] == 7


async def test_an_event_that_one_client_causes_is_after_what_was_answered_before(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may reach another client in the middle of the turn."""
    one = await bench(monitors=2)
    one.server.machine.create_object({"qom-type": "iothread", "id": "io0"})
    iothread = one.server.iothreads["io0"]
    first, second = await one.client(), await one.client(monitor=1)
    seen = []
    send = one.server.machine.send_event

    def look(event: str, data: Any = None) -> None:
        assert one.server.machine.together.pending
        send(event, data)
        seen.append(iothread._context.poll_params)

    monkeypatch.setattr(one.server.machine, "send_event", look)
    first.send(set_max(5), {"execute": "stop"}, set_max(6))
    assert await first.receive_ids(1) == [5]
    assert (await second.receive() or {})["event"] == "STOP"
    assert seen == [PollParams(max_ns=5)]


async def test_a_reply_says_that_threads_are_there_and_gone(bench: Any) -> None:
    one = await bench()
    client = await one.client()
    client.send(*[add(f"io{number}") for number in range(8)], query("query-iothreads"))
    replies = [await client.receive() for _ in range(9)]
    infos = replies[-1]["return"]
    comms = [Path(f"/proc/self/task/{each['thread-id']}/comm").read_text() for each in infos]
    assert comms == [f"IO {each['id']}\n" for each in infos]
    client.send(*[delete(each["id"]) for each in infos])
    assert [await client.receive() for _ in infos] == [{"return": {}}] * 8
    left = os.listdir("/proc/self/task")
    assert not {str(each["thread-id"]) for each in infos} & set(left)


async def test_who_quits_ends_what_was_deleted_before(bench: Any) -> None:
    one = await bench()
    client = await one.client()
    client.send(add("io0"), delete("io0"), {"execute": "quit"})
    assert [await client.receive() for _ in range(2)] == [{"return": {}}] * 2
    assert _engine.live_counters()["contexts"] == 0
