"""A client in memory: versions, boards, and faults, which act as on a socket, in no time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from qmp_iothreadd.scripting.fault_kinds import KINDS
from qmp_iothreadd.scripting.faults import Faults
from qmp_iothreadd.scripting.script import Script
from qmp_iothreadd.testing import MemoryClient, make_machine

BEGIN = b'{"execute": "qmp_capabilities"}'
REPLY = b'{"return": {}, "id": %d}\r\n'

# What each kind leaves of the replies to two requests that came together, or how many lines.
SEEN: dict[str, Any] = {
    "drop": b"",
    "lose": REPLY % 2,
    "delay": REPLY % 1 + REPLY % 2,
    "hold": b"",
    "mute": b"",
    "duplicate": REPLY % 1 + REPLY % 1 + REPLY % 2,
    "reorder": REPLY % 2 + REPLY % 1,
    "stale-id": b'{"return": {}}\r\n' + REPLY % 2,
    "wrong-id": b'{"return": {}, "id": "x-no-such-request"}\r\n' + REPLY % 2,
    "split": REPLY % 1 + REPLY % 2,
    "merge": REPLY % 1 + REPLY % 2,
    "garbage": b"{]garbage\r\n" + REPLY % 2,
    "truncate": (REPLY % 1)[: len(REPLY % 1) // 2],
    "oversize": 2,
    "error": 2,
    "storm": 1002,
    "unknown-event": 3,
    "shutdown": 1,
    "stop-reading": REPLY % 1,
    "reset": b"",
}
ENDS = {"drop", "truncate", "shutdown", "reset"}


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as made:
        made.machine.part(Script)
        yield made


@pytest.fixture
def faults(client: MemoryClient) -> Faults:
    return client.machine.part(Script).faults


def ask(client: MemoryClient, *ids: int) -> bytes:
    requests = [{"execute": "query-name", "id": number} for number in ids]
    return client.feed(json.dumps(requests)[1:-1].replace("}, {", "}{").encode())


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"refuse", "version"}))
def test_each_fault_acts_as_on_a_socket(client: MemoryClient, faults: Faults, kind: str) -> None:
    client.negotiate()
    faults.add(kind, command="query-name")
    answer = ask(client, 1, 2)
    wanted = SEEN[kind]
    assert (answer.count(b"\n") if isinstance(wanted, int) else answer) == wanted
    assert client.hung_up == (kind in ENDS)
    if not client.hung_up:
        faults.release()
        client.feed(b"")
        assert ask(client, 3).endswith(REPLY % 3)


def test_what_is_held_comes_with_the_next_look(client: MemoryClient, faults: Faults) -> None:
    client.negotiate()
    faults.add("hold", command="query-name")
    assert ask(client, 1, 2) == b""
    faults.release()
    assert client.feed(b"") == REPLY % 1 + REPLY % 2


def test_greetings_meet_faults_too() -> None:
    with closing(make_machine()) as machine:
        faults = machine.part(Script).faults
        faults.add("version", version="8.2")
        with MemoryClient(machine) as client:
            assert client.take_greeting()["QMP"]["version"]["qemu"]["major"] == 8
        faults.add("refuse")
        with MemoryClient(machine) as client:
            assert (client.feed(BEGIN), client.hung_up) == (b"", True)


def test_no_time_passes(client: MemoryClient, faults: Faults) -> None:
    client.negotiate()
    for seconds in (3000.0, 2000.0):
        faults.add("delay", command="query-name", seconds=seconds)
    start = time.monotonic()
    faults.add("delay", command="query-name", when="before", seconds=1000.0)
    assert ask(client, 1, 2) == REPLY % 1 + REPLY % 2
    assert time.monotonic() - start < 1000


def test_a_machine_can_be_a_qemu_of_a_version() -> None:
    with closing(make_machine(qemu="2.11")) as machine, MemoryClient(machine) as client:
        greeting = client.take_greeting()["QMP"]
        assert greeting["version"]["qemu"]["minor"] == 11
        assert greeting["capabilities"] == []


def test_a_board_is_ready() -> None:
    with closing(make_machine(machine_type="microvm")) as machine, MemoryClient(machine) as client:
        client.negotiate()
        assert client.execute("query-cpus-fast")


def test_what_takes_its_time_needs_an_event_loop(extended_schema: Any) -> None:
    async def block(ctx: Any) -> None:
        await asyncio.sleep(0)

    with closing(make_machine(extended_schema("{ 'command': 'x-b', 'coroutine': true }"))) as made:
        client = MemoryClient(made, functions={"x-b": block})
        client.negotiate()
        with pytest.raises(NotImplementedError, match="need an event loop"):
            client.feed(b'{"execute": "x-b"}')
        client.close()
