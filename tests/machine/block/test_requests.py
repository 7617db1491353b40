"""A disk under load: what is counted, limited, said of failures, and that nothing of it stays."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.iothread._engine import NativeWorkload
from qmp_iothreadd.machine.block.backend import BlockBackend
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.testing.memory import MemoryClient
from tests.waiting import wait_until, wait_until_async

SIZE = 1 << 20


class Holder:
    """What a device would be."""

    id: str | None = "d1"
    path = "/machine/peripheral/d1"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[MemoryClient]:
    (tmp_path / "image").write_bytes(bytes(SIZE))
    with MemoryClient() as client:
        client.negotiate()
        file = {"driver": "file", "node-name": "f", "filename": str(tmp_path / "image")}
        client.execute("blockdev-add", file)
        piece = {"driver": "raw", "node-name": "r", "file": "f", "offset": SIZE // 2}
        client.execute("blockdev-add", piece)
        client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
        yield client


@pytest.fixture
def nodes(client: MemoryClient) -> BlockNodes:
    return client.machine.part(BlockNodes)


Hold = Callable[..., BlockBackend]


@pytest.fixture
def hold(nodes: BlockNodes) -> Iterator[Hold]:
    held: list[BlockBackend] = []

    def make(name: str = "f", *, iothread: str | None = "io0", queues: int = 1) -> BlockBackend:
        found = nodes.hold(name)
        assert found is not None
        held.append(found)
        found.attach(Holder())
        found.claim(writes=True, share_writes=True, share_resize=True)
        context: Any = nodes.machine.find_object(iothread) if iothread else None
        found.start([context] * queues)
        return found

    yield make
    for each in held:
        if each.device is not None:
            each.detach(unplugged=True)


def load(held: BlockBackend, **params: Any) -> NativeWorkload:
    """Requests to the first queue, one right after the other."""
    return NativeWorkload(held.queues[0], **{"interval_ns": 0, "depth": 2, **params})


def client_file(client: MemoryClient) -> str:
    (node,) = [each for each in client.execute("query-named-block-nodes") if each["drv"] == "file"]
    return str(node["file"])


def events_of(client: MemoryClient) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    client.machine.listeners.append(events.append)
    return events


def stats(client: MemoryClient) -> dict[str, Any]:
    found: dict[str, Any] = client.execute("query-blockstats")[0]["stats"]
    return found


@pytest.mark.parametrize("iothread", ["io0", None])
def test_what_is_done_is_counted(client: MemoryClient, hold: Hold, iothread: str | None) -> None:
    held = hold("r", iothread=iothread, queues=2)
    before = stats(client)
    assert "idle_time_ns" not in before
    writes = load(held, pattern="sequential", read_percent=50)
    wait_until(lambda: stats(client)["wr_highest_offset"] == SIZE // 2)
    writes.stop()
    found = stats(client)
    assert found.keys() == before.keys() | {"idle_time_ns"}
    assert found["wr_bytes"] == 4096 * found["wr_operations"]
    assert found["rd_total_time_ns"] > 0
    highest = {
        each["node-name"]: each["stats"]["wr_highest_offset"]
        for each in client.execute("query-blockstats", {"query-nodes": True})
    }
    assert highest == {"r": SIZE // 2, "f": SIZE}
    held.detach(unplugged=True)
    (node, _) = client.execute("query-blockstats", {"query-nodes": True})
    assert node["stats"]["wr_highest_offset"] == SIZE


def test_a_write_beyond_a_threshold_is_said_once(client: MemoryClient, hold: Hold) -> None:
    held = hold("r")
    events = events_of(client)
    threshold = {"node-name": "f", "write-threshold": SIZE // 2 + 4096}
    client.execute("block-set-write-threshold", threshold)
    client.execute("block-set-write-threshold", {"node-name": "r", "write-threshold": 8192})
    writes = load(held, pattern="sequential", read_percent=0, depth=1)

    def said() -> bool:
        stats(client)  # there is no event loop here that would look
        return len(events) == 2

    wait_until(said)
    writes.stop()
    assert [each["event"] for each in events] == ["BLOCK_WRITE_THRESHOLD"] * 2
    first, second = [each["data"] for each in events]
    assert first == {"amount-exceeded": 4096, **threshold}
    # The engine watches for one at a time: this one was looked for after the first was told.
    assert second.pop("amount-exceeded") in range(4096, SIZE, 4096)
    assert second == {"node-name": "r", "write-threshold": 8192}
    thresholds = [each["write_threshold"] for each in client.execute("query-named-block-nodes")]
    assert thresholds == [0, 0]


def test_limits_hold_back(client: MemoryClient, hold: Hold) -> None:
    held = hold()
    none = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
    held.limit({"id": "d1", **none, "iops": 1})
    writes = load(held, read_percent=0)
    wait_until(lambda: held.queues[0].stats()["pending"] > 0)
    few = held.queues[0].stats()["wr_operations"]
    held.limit({"id": "d1", **none})
    assert held.group is None
    wait_until(lambda: held.queues[0].stats()["wr_operations"] > few + 1000)
    writes.stop()


def test_a_stopped_machine_asks_for_nothing(client: MemoryClient, hold: Hold) -> None:
    held = hold()
    writes = load(held, read_percent=0)
    wait_until(lambda: held.queues[0].stats()["wr_operations"] > 0)
    client.execute("stop")
    late = hold(iothread=None)
    more = load(late, read_percent=0)
    wait_until(lambda: late.queues[0].stats()["pending"] == 2)
    assert late.queues[0].stats()["wr_operations"] == 0
    client.execute("cont")
    before = held.queues[0].stats()["wr_operations"]
    wait_until(lambda: held.queues[0].stats()["wr_operations"] > before)
    wait_until(lambda: late.queues[0].stats()["wr_operations"] > 0)
    writes.stop()
    more.stop()


def test_the_size_of_a_node_is_that_of_the_disk(client: MemoryClient, hold: Hold) -> None:
    client.execute("blockdev-del", {"node-name": "r"})
    held = hold()
    client.execute("block_resize", {"node-name": "f", "size": 4 * SIZE})
    writes = load(held, pattern="sequential", read_percent=0)
    wait_until(lambda: stats(client)["wr_highest_offset"] == 4 * SIZE)
    writes.stop()


def test_flushes_are_those_of_the_nodes_on_the_way(client: MemoryClient, hold: Hold) -> None:
    held = hold("r")
    assert held.requests is not None
    assert not held.requests.disk.no_flush
    options = {"driver": "file", "node-name": "f", "filename": client_file(client)}
    for no_flush in (True, False):
        changed = {**options, "cache": {"no-flush": no_flush}}
        client.execute("blockdev-reopen", {"options": [changed]})
        assert held.requests.disk.no_flush == no_flush


def test_an_iothread_goes_with_its_last_disk(client: MemoryClient, hold: Hold) -> None:
    held = hold()
    reads = load(held)
    client.execute("object-del", {"id": "io0"})
    before = held.queues[0].stats()["rd_operations"]
    wait_until(lambda: held.queues[0].stats()["rd_operations"] > before)
    held.detach(unplugged=True)
    assert reads.stopped


def test_failures_are_said_and_stop_the_machine(client: MemoryClient, hold: Hold) -> None:
    held = hold()
    events = events_of(client)
    held.failed("read", errno.EIO, "report")
    held.failed("write", errno.ENOSPC, "stop")
    assert client.execute("query-status")["status"] == "io-error"
    common = {"qom-path": Holder.path, "device": "", "node-name": "f"}
    told = [each["data"] for each in events if each["event"] == "BLOCK_IO_ERROR"]
    assert told == [
        {
            **common,
            "operation": "read",
            "action": "report",
            "nospace": False,
            "reason": os.strerror(errno.EIO),
        },
        {
            **common,
            "operation": "write",
            "action": "stop",
            "nospace": True,
            "reason": os.strerror(errno.ENOSPC),
        },
    ]
    assert client.execute("query-block")[0]["io-status"] == "nospace"
    client.execute("cont")
    assert client.execute("query-block")[0]["io-status"] == "ok"


def test_what_is_read_only_is_written_in_vain(client: MemoryClient, hold: Hold) -> None:
    held = hold()
    held.detach(unplugged=True)
    held.failed("read", errno.EIO, "report")  # it came too late: there is no device
    assert client.execute("query-block") == []


@pytest.mark.parametrize("name", ["Disk", "DiskQueue"])
def test_where_nothing_is_left_nothing_stays(
    client: MemoryClient, hold: Hold, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr(f"qmp_iothreadd.iothread._engine.{name}", fail)
        with pytest.raises(QmpError, match="Too many open files"):
            hold()
    held = hold()
    assert len(held.queues) == 1


def test_the_main_loops_context_may_not_start(
    hold: Hold, nodes: BlockNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    with monkeypatch.context() as patch:
        patch.setattr("qmp_iothreadd.iothread._engine.AioContext", fail)
        with pytest.raises(QmpError, match="Resource temporarily unavailable"):
            hold(iothread=None)
    assert len(hold(iothread=None).queues) == 1


def test_events_are_taken_where_an_event_loop_runs(client: MemoryClient, hold: Hold) -> None:
    events = events_of(client)

    async def write() -> None:
        held = hold()
        threshold = {"node-name": "f", "write-threshold": 4096}
        client.execute("block-set-write-threshold", threshold)
        writes = load(held, pattern="sequential", read_percent=0)
        await wait_until_async(lambda: events)
        writes.stop()
        held.detach(unplugged=True)

    asyncio.run(write())
    assert events[0]["event"] == "BLOCK_WRITE_THRESHOLD"


def test_what_the_engine_says_of_failures_is_passed_on(client: MemoryClient, hold: Hold) -> None:
    class Failing:
        """A disk that could not read."""

        write_threshold = 0

        def take_events(self) -> list[Any]:
            return [("io-error", "flush", errno.EIO, "report")]

    held = hold()
    requests: Any = held.requests
    events = events_of(client)
    disk, requests.disk = requests.disk, Failing()
    requests.take_events()
    requests.disk = disk
    assert [each["data"]["operation"] for each in events] == ["write"]


def test_a_medium_that_cannot_be_served_is_not_held(
    client: MemoryClient, hold: Hold, nodes: BlockNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    held = hold()
    node = held.node
    assert node is not None
    held.remove()
    with monkeypatch.context() as patch:
        patch.setattr("qmp_iothreadd.iothread._engine.Disk", fail)
        with pytest.raises(QmpError, match="Too many open files"):
            held.insert(node)
    assert held.node is None
    held.insert(node)
    assert len(held.queues) == 1


def test_limits_outlive_a_medium(hold: Hold, nodes: BlockNodes) -> None:
    held = hold()
    node = held.node
    assert node is not None
    held.limit({"id": "d1", "iops": 1})
    held.remove()
    held.insert(node)
    reads = load(held)
    wait_until(lambda: held.queues[0].stats()["pending"] > 0)
    reads.stop()
    assert held.group is not None
