"""Sessions on an event loop: turns, out of band, back-pressure, and how connections end."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.server import turns
from qmp_iothreadd.testing import Server, make_machine

BLOCK = {"execute": "x-block", "id": "block"}
STOP = {"execute": "stop", "id": "stop"}


def query(number: int) -> dict[str, Any]:
    return {"execute": "query-name", "id": number}


def yank(id: str) -> dict[str, Any]:
    return {"exec-oob": "yank", "arguments": {"instances": []}, "id": id}


async def settle() -> None:
    """Let whatever can happen happen."""
    for _ in range(5):
        await asyncio.sleep(0.01)


# -- Turns ----------------------------------------------------------------------------------------


async def test_pipelined_requests_wait_for_the_one_that_blocks(bench: Any) -> None:
    one = await bench()
    client = await one.client()
    client.send(BLOCK, query(1), query(2))
    await settle()
    assert one.executed == []
    one.gate.set()
    assert await client.receive_ids(3) == ["block", 1, 2]


async def test_other_monitors_wait_in_band_too(bench: Any) -> None:
    one = await bench(monitors=2)
    first, second = await one.client(), await one.client(monitor=1)
    first.send(BLOCK)
    await settle()
    second.send(query(1), query(2))
    await settle()
    assert one.executed == []
    one.gate.set()
    assert await first.receive_ids(1) == ["block"]
    assert await second.receive_ids(2) == [1, 2]


@pytest.mark.parametrize("together", [True, False], ids=["in one read", "in two"])
async def test_out_of_band_overtakes(bench: Any, together: bool) -> None:
    one = await bench()
    client = await one.client("oob")
    client.send(BLOCK, query(1))
    if not together:
        await settle()
    client.send(yank("oob"))
    assert await client.receive_ids(1) == ["oob"]
    one.gate.set()
    assert await client.receive_ids(2) == ["block", 1]


async def test_out_of_band_overtakes_what_blocks_another_monitor(bench: Any) -> None:
    one = await bench(monitors=2)
    first, second = await one.client(), await one.client("oob", monitor=1)
    first.send(BLOCK)
    await settle()
    second.send(query(1), yank("oob"))
    assert await second.receive_ids(1) == ["oob"]
    one.gate.set()
    assert await second.receive_ids(1) == [1]


async def test_with_eight_queued_nothing_overtakes(bench: Any) -> None:
    one = await bench()
    client = await one.client("oob")
    client.send(BLOCK, *map(query, range(8)), yank("oob"))
    await settle()
    one.gate.set()
    ids = await client.receive_ids(10)
    assert ids[0] == "block"
    assert [each for each in ids[1:] if each != "oob"] == list(range(8))


async def test_events_pass_a_command_that_blocks(bench: Any) -> None:
    one = await bench(monitors=2)
    client = await one.client()
    client.send(BLOCK)
    await settle()
    one.server.machine.stop()
    event = await client.receive()
    assert event["event"] == "STOP"
    one.gate.set()
    assert await client.receive_ids(1) == ["block"]


async def test_a_client_with_much_to_do_leaves_others_their_turn(bench: Any) -> None:
    one = await bench(monitors=2)
    busy, other = await one.client(), await one.client(monitor=1)
    count = 20_000
    busy.send(*[query(number) for number in range(count)])
    await busy.receive()
    other.send(STOP)
    event, reply = await other.receive(), await other.receive()
    assert (event["event"], reply["id"]) == ("STOP", "stop")
    assert len(one.executed) < count
    ids = [(await busy.receive()) for _ in range(count)]
    assert sum("event" in message for message in ids) == 1
    assert [m["id"] for m in ids if "event" not in m] == list(range(1, count))


@pytest.fixture
def shortest_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn is a request, or a piece of one."""
    monkeypatch.setattr(turns, "TURN_S", 0.0)


@pytest.mark.usefixtures("shortest_turns")
async def test_turns_go_round(bench: Any) -> None:
    one = await bench(monitors=3)
    clients = [await one.client(monitor=number) for number in range(3)]
    for client in clients:
        client.send(*map(query, range(500)))
    for client in clients:
        await client.receive_ids(1)
    replies = [await client.receive_ids(499) for client in clients[:2]]
    assert replies == [[*range(1, 500)]] * 2
    assert len(one.executed) > 3 * 490, "one was served to its end before another"


@pytest.mark.usefixtures("shortest_turns")
@pytest.mark.parametrize(
    "flood",
    [b"[" + b"1," * 100_000, b"[" + b"{}," * 60_000, b"[" * 200_000, b"[" + b"1.5," * 50_000],
    ids=["integers", "objects", "brackets", "floats"],
)
async def test_a_long_message_leaves_others_their_turn(bench: Any, flood: bytes) -> None:
    one = await bench(monitors=2)
    busy, other = await one.client(), await one.client(monitor=1)
    busy.send(flood, b"]", query(1))
    other.send(query(2))
    assert await other.receive_ids(1) == [2]
    assert len(one.executed) == 1, "the message was read to its end first"


@pytest.mark.usefixtures("shortest_turns")
async def test_a_client_that_left_is_not_served_on(bench: Any) -> None:
    one = await bench()
    client = await one.client()
    client.send(*map(query, range(1000)))
    await client.close()
    second = await one.client()
    second.send(query(1))
    assert await second.receive_ids(1) == [1]
    assert len(one.executed) < 20


async def test_a_client_that_does_not_read_is_not_read(bench: Any) -> None:
    one = await bench(monitors=2)
    busy, other = await one.client(), await one.client(monitor=1)
    schema = {"execute": "query-qmp-schema"}  # some 200 kB each
    busy.reader._transport.pause_reading()
    busy.send(*[schema] * 60)
    for _ in range(10):
        await asyncio.sleep(0.01)
        other.send(query(1))
        assert await other.receive_ids(1) == [1]
    session_output = sum(
        peer._transport.get_write_buffer_size()
        for chardev in one.server.machine.chardevs
        for peer in chardev.peers
    )
    assert session_output < 1_000_000
    busy.reader._transport.resume_reading()
    replies = [await busy.receive() for _ in range(60)]
    assert all("return" in reply for reply in replies if reply)


@pytest.mark.usefixtures("shortest_turns")
async def test_much_that_is_out_of_band_is_answered_while_another_monitor_blocks(
    bench: Any,
) -> None:
    one = await bench(monitors=2)
    first, second = await one.client(), await one.client("oob", monitor=1)
    first.send(BLOCK)
    await settle()
    second.send(*[yank(str(number)) for number in range(200)])
    assert await second.receive_ids(200) == [str(number) for number in range(200)]
    one.gate.set()
    assert await first.receive_ids(1) == ["block"]


# -- The end of a connection ----------------------------------------------------------------------


async def test_half_closed_connection_is_answered_in_full(bench: Any) -> None:
    one = await bench()
    client = await one.client()
    client.send(*[query(number) for number in range(1000)], b'{"execute":"query-na')
    client.writer.write_eof()
    assert await client.receive_ids(1000) == list(range(1000))
    assert await client.receive() is None


async def test_half_closed_connection_is_answered_after_what_blocks(bench: Any) -> None:
    one = await bench()
    client = await one.client()
    client.send(BLOCK, query(1))
    client.writer.write_eof()
    await settle()
    one.gate.set()
    assert await client.receive_ids(2) == ["block", 1]
    assert await client.receive() is None


@pytest.mark.parametrize("capabilities", [(), ("oob",)], ids=["plain", "oob"])
@pytest.mark.parametrize("queued", [1, 3, 20])
async def test_what_a_lost_client_left_queued_is_not_executed(
    bench: Any, capabilities: tuple[str, ...], queued: int
) -> None:
    one = await bench(monitors=2)
    client = await one.client(*capabilities)
    client.send(BLOCK, *map(query, range(queued)))
    await settle()
    await client.close()
    await settle()
    one.gate.set()
    await settle()
    assert one.executed == []
    second = await one.client()
    second.send(query(1))
    assert await second.receive_ids(1) == [1]


@pytest.mark.parametrize("capabilities", [(), ("oob",)], ids=["plain", "oob"])
async def test_the_next_client_is_greeted_while_a_command_of_the_last_still_runs(
    bench: Any, capabilities: tuple[str, ...]
) -> None:
    one = await bench()
    client = await one.client(*capabilities)
    client.send(BLOCK, b'{"half":')
    await settle()
    await client.close()
    second = await one.connect()
    greeting = await second.receive()
    assert "QMP" in greeting
    second.send({"execute": "qmp_capabilities", "id": 0}, query(1))
    await settle()
    assert one.executed == []
    one.gate.set()
    assert await second.receive_ids(2) == [0, 1]


async def test_a_reset_connection_is_no_trouble(bench: Any) -> None:
    one = await bench()
    client = await one.client()
    sock: socket.socket = client.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.send(*map(query, range(100)))
    client.writer.transport.abort()
    second = await one.client()
    second.send(query(1))
    assert await second.receive_ids(1) == [1]


async def test_quit_answers_its_own_client_and_closes_all(bench: Any) -> None:
    one = await bench(monitors=2)
    first, second = await one.client(), await one.client(monitor=1)
    first.send({"execute": "quit", "id": 1}, query(2))
    messages = [await first.receive() for _ in range(3)]
    assert messages[0]["event"] == "SHUTDOWN"
    assert messages[0]["data"] == {"guest": False, "reason": "host-qmp-quit"}
    assert messages[1:] == [{"return": {}, "id": 1}, None]
    assert (await second.receive())["event"] == "SHUTDOWN"
    assert await second.receive() is None
    assert one.executed == []
    assert one.server.stopped.is_set()


async def test_what_blocks_is_cancelled_at_the_end(extended_schema: Callable[..., str]) -> None:
    cancelled: list[bool] = []

    async def block(ctx: Any) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    machine = make_machine(extended_schema("{ 'command': 'x-block', 'coroutine': true }"))
    functions = {"x-block": block}
    async with Server(machine, functions=functions, allow_left_open=True) as server:
        reader, writer = await asyncio.open_unix_connection(server.path)
        writer.write(b'{"execute":"qmp_capabilities"}{"execute":"x-block"}')
        await settle()
    assert cancelled == [True]
    assert (await reader.read()).count(b"\r\n") == 2  # the greeting and one reply, then the end
    writer.close()
    await writer.wait_closed()


# -- What comes besides bytes ---------------------------------------------------------------------


async def test_descriptors_belong_to_the_request_that_they_come_with(bench: Any) -> None:
    one = await bench()
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX) as sock, open(os.devnull) as sent:
        sock.connect(one.server.path)
        sock.sendall(b'{"execute": "qmp_capabilities"}')
        request = {"execute": "getfd", "arguments": {"fdname": "f"}, "id": "with"}
        socket.send_fds(sock, [json.dumps(request).encode()], [sent.fileno()])
        sock.sendall(json.dumps(request | {"id": "without"}).encode())
        sock.setblocking(False)
        received = b""
        async with asyncio.timeout(10):
            while received.count(b"\n") < 4:
                received += await loop.sock_recv(sock, 4096)
    _, _, with_it, without = map(json.loads, received.splitlines())
    assert with_it == {"return": {}, "id": "with"}
    assert without["error"]["desc"] == "No file descriptor supplied via SCM_RIGHTS"


@pytest.mark.usefixtures("shortest_turns")
async def test_two_monitors_share_a_device_and_the_one_in_focus_is_asked(
    bench: Any, tmp_path: Path
) -> None:
    one = await bench()
    client = await one.client()
    path = str(tmp_path / "shared.sock")
    address = {"type": "unix", "data": {"path": path}}
    base = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}
    mux = {"type": "mux", "data": {"chardev": "b"}}
    for id, backend in (("b", base), ("m", mux)):
        client.send({"execute": "chardev-add", "arguments": {"id": id, "backend": backend}})
        assert await client.receive() == {"return": {}}
    for id in ("first", "second"):
        made = {"qom-type": "monitor-qmp", "id": id, "chardev": "m"}
        client.send({"execute": "object-add", "arguments": made})
        assert await client.receive() == {"return": {}}
    reader, writer = await asyncio.open_unix_connection(path)
    async with asyncio.timeout(10):
        for _ in range(2):
            assert b"QMP" in await reader.readline()
        writer.write(b'{"execute": "qmp_capabilities", "id": 1}')
        assert json.loads(await reader.readline()) == {"return": {}, "id": 1}
        writer.write(b"\x01c" + b'{"execute": "qmp_capabilities", "id": 2}')
        assert json.loads((await reader.readline()).lstrip(b"\r\n")) == {"return": {}, "id": 2}
        writer.write(b"".join(json.dumps(query(number)).encode() for number in range(20)))
        answers = [json.loads(await reader.readline()) for _ in range(20)]
        assert answers == [{"return": {}, "id": number} for number in range(20)]
    writer.close()
    await writer.wait_closed()


@pytest.mark.usefixtures("shortest_turns")
async def test_a_monitor_on_named_pipes(bench: Any, tmp_path: Path) -> None:
    one = await bench()
    client = await one.client()
    for end in ("in", "out"):
        os.mkfifo(tmp_path / f"p.{end}")
    backend = {"type": "pipe", "data": {"device": str(tmp_path / "p")}}
    client.send({"execute": "chardev-add", "arguments": {"id": "p", "backend": backend}})
    assert await client.receive() == {"return": {}}
    made = {"qom-type": "monitor-qmp", "id": "piped", "chardev": "p"}
    client.send({"execute": "object-add", "arguments": made})
    assert await client.receive() == {"return": {}}
    requests = b"".join(json.dumps(query(number)).encode() for number in range(20))
    (tmp_path / "p.in").write_bytes(b'{"execute": "qmp_capabilities"}' + requests)
    answers: list[Any] = []
    with open(tmp_path / "p.out", "rb") as out:
        async with asyncio.timeout(10):
            while len(answers) < 22:
                answers.append(json.loads(await asyncio.to_thread(out.readline)))
    assert "QMP" in answers[0]
    assert answers[1:] == [
        {"return": {}},
        *({"return": {}, "id": number} for number in range(20)),
    ]
