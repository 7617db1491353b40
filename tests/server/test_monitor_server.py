"""Who may connect to a monitor, and when."""

from __future__ import annotations

import asyncio
from typing import Any


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0.01)


async def test_one_client_at_a_time_in_the_order_they_came(bench: Any) -> None:
    one = await bench()
    peers = [await one.connect() for _ in range(3)]  # more would have to wait
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


async def test_deleting_another_monitor_leaves_its_device_and_who_is_connected(
    bench: Any,
) -> None:
    one = await bench(monitors=2)
    first, second = await one.client(), await one.client(monitor=1)
    first.send({"execute": "object-del", "arguments": {"id": "compat_monitor0"}})
    reply = await first.receive()
    assert reply["error"]["desc"] == "Cannot delete the current QMP monitor"
    first.send({"execute": "object-del", "arguments": {"id": "compat_monitor1"}})
    assert await first.receive() == {"return": {}}
    second.send({"execute": "query-name", "id": 1})
    first.send({"execute": "query-chardev"})
    listed = await first.receive()
    opened = {each["label"]: each["frontend-open"] for each in listed["return"]}
    assert opened == {"compat_monitor0": True, "compat_monitor1": False}
    assert not second.reader._buffer


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
    (chardev,) = one.server.machine.chardevs
    assert len(chardev.peers) == 3
    assert chardev.filename.startswith("unix:")
    for client in clients:
        await client.close()
    await settle()
    assert chardev.peers == []
    assert chardev.filename.startswith("disconnected:unix:")
