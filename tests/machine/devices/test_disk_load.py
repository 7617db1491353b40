"""Disks under synthetic load: what is counted where, and what may go on or go away meanwhile."""

from __future__ import annotations

import random
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.iothread._engine import live_counters
from qmp_iothreadd.testing.memory import MemoryClient
from tests.waiting import wait_until

SIZE = 1 << 20
BLOCK = 4096
# An interval at which nothing is issued while a test runs.
NEVER_NS = 10**12
NO_LIMITS = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
BACKEND = "/machine/peripheral/d0/virtio-backend"


@pytest.fixture(autouse=True)
def image(client: MemoryClient, tmp_path: Path) -> Path:
    """A file that is the node n0, without real flushes, and two iothreads."""
    path = tmp_path / "image"
    path.write_bytes(bytes(SIZE))
    client.execute(
        "blockdev-add",
        {
            "driver": "file",
            "node-name": "n0",
            "filename": str(path),
            "cache": {"no-flush": True},
        },
    )
    for name in ("io0", "io1"):
        client.execute("object-add", {"qom-type": "iothread", "id": name})
    return path


@pytest.fixture
def events(client: MemoryClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    client.machine.listeners.append(found.append)
    return found


def plug(client: MemoryClient, id: str = "d0", drive: str = "n0", **more: Any) -> None:
    options = {"iothread": "io0", **{name.replace("_", "-"): more[name] for name in more}}
    options = {name: value for name, value in options.items() if value is not None}
    client.execute("device_add", {"driver": "virtio-blk-pci", "id": id, "drive": drive, **options})


def load(client: MemoryClient, id: str = "w0", disk: str = "d0", **more: Any) -> None:
    options = {"depth": 4, "interval-ns": 0, **{n.replace("_", "-"): more[n] for n in more}}
    client.execute("object-add", {"qom-type": "x-workload", "id": id, "disk": disk, **options})


def done(client: MemoryClient, id: str = "w0") -> dict[str, Any]:
    (found,) = client.execute("x-query-workload-stats", {"id": id})
    return dict(found)


def disk_stats(client: MemoryClient, qdev: str = BACKEND) -> dict[str, Any]:
    """What query-blockstats counts; looking lets the machine see its disks' events, too."""
    (found,) = [each for each in client.execute("query-blockstats") if each["qdev"] == qdev]
    return dict(found["stats"])


def tune(client: MemoryClient, name: str, value: Any, id: str = "w0") -> None:
    options = {"path": f"/objects/{id}", "property": name, "value": value}
    client.execute("qom-set", options)


def settle(client: MemoryClient, id: str = "w0") -> dict[str, Any]:
    """What a workload has done, once nothing of it is under way any more."""
    tune(client, "interval-ns", NEVER_NS, id)
    wait_until(lambda: done(client, id)["in-flight"] == 0)
    return done(client, id)


def progresses(client: MemoryClient, count: int = 20, id: str = "w0") -> Callable[[], bool]:
    """Whether so many more requests of a workload end."""
    before = done(client, id)["completed"]
    return lambda: bool(done(client, id)["completed"] >= before + count)


# -- Counting -------------------------------------------------------------------------------------


def test_what_was_issued_is_counted_alike_everywhere(client: MemoryClient) -> None:
    plug(client)
    load(client, read_percent=50, flush_every=5, block_size=1024)
    wait_until(lambda: done(client)["flushes"] > 5)
    found, stats = settle(client), disk_stats(client)
    operations = {name: stats[f"{name}_operations"] for name in ("rd", "wr", "flush")}
    assert found["issued"] == found["completed"] == sum(operations.values())
    assert found["read-bytes"] == stats["rd_bytes"] == 1024 * operations["rd"]
    assert found["written-bytes"] == stats["wr_bytes"] == 1024 * operations["wr"]
    assert found["flushes"] == operations["flush"]
    # Tuning, to settle, begins to count the writes before a flush afresh.
    assert 0 <= operations["wr"] // 5 - operations["flush"] <= 1
    assert found["failed"] == 0
    assert (found["iothread"], found["disk"]) == ("io0", "d0")
    (served,) = client.execute("x-query-iothread-stats", {"id": "io0"})
    assert served["latency"]["count"] == found["issued"]
    assert sum(each["events"] for each in served["handlers"][1:]) == served["events"] > 10
    (idle,) = client.execute("x-query-iothread-stats", {"id": "io1"})
    assert idle["events"] == 0


def test_a_disk_without_an_iothread_is_loaded_too(client: MemoryClient) -> None:
    plug(client, iothread=None)
    load(client)
    wait_until(progresses(client))
    assert "iothread" not in done(client)
    assert disk_stats(client)["rd_operations"] > 0


def test_the_main_loops_pool_has_the_sizes_of_its_object(client: MemoryClient) -> None:
    sizes = {"thread-pool-min": 3, "thread-pool-max": 5}
    client.execute("object-add", {"qom-type": "main-loop", "id": "main-loop", **sizes})
    plug(client, iothread=None)
    assert live_counters()["pool_workers"] == 0
    load(client, depth=1)
    wait_until(lambda: live_counters()["pool_workers"] >= 3)
    tune(client, "thread-pool-min", 5, "main-loop")
    wait_until(lambda: live_counters()["pool_workers"] == 5)


def test_each_queue_is_served_by_its_iothread(client: MemoryClient) -> None:
    mapping = [{"iothread": "io0", "vqs": [0]}, {"iothread": "io1", "vqs": [1]}]
    plug(client, iothread=None, num_queues=2, iothread_vq_mapping=mapping)
    for number in range(2):
        load(client, f"w{number}", queue=number)
    wait_until(lambda: all(done(client, f"w{number}")["completed"] > 10 for number in range(2)))
    assert [done(client, f"w{number}")["iothread"] for number in range(2)] == ["io0", "io1"]
    with pytest.raises(QmpError, match="the disk has no queue 2: there are 2"):
        load(client, "w2", queue=2)


def test_latencies_are_sorted_by_bounds(client: MemoryClient) -> None:
    plug(client)
    set_bounds = {"id": BACKEND, "boundaries": [10**12], "boundaries-write": [1, 2]}
    client.execute("block-latency-histogram-set", set_bounds)
    load(client, read_percent=50)
    wait_until(lambda: disk_stats(client)["wr_operations"] > 10)
    settle(client)
    stats = disk_stats(client)
    assert stats["rd_latency_histogram"] == {
        "boundaries": [10**12],
        "bins": [stats["rd_operations"], 0],
    }
    assert stats["wr_latency_histogram"] == {
        "boundaries": [1, 2],
        "bins": [0, 0, stats["wr_operations"]],
    }
    assert stats["flush_latency_histogram"]["bins"] == [0, 0]
    assert stats["zone_append_latency_histogram"]["bins"] == [0, 0]
    for name, text in (("zap", "zone append write"), ("read", "read")):
        bounds = {"id": BACKEND, f"boundaries-{name}": [2, 2]}
        with pytest.raises(QmpError, match=f"Device '.*' set {text} boundaries fail"):
            client.execute("block-latency-histogram-set", bounds)
    client.execute("block-latency-histogram-set", {"id": BACKEND})
    assert not any("histogram" in name for name in disk_stats(client))


def test_bounds_outlive_a_medium(client: MemoryClient, tmp_path: Path) -> None:
    client.execute("device_add", {"driver": "virtio-scsi-pci", "id": "s0"})
    client.execute("device_add", {"driver": "scsi-cd", "id": "c0", "bus": "s0.0", "drive": "n0"})
    client.execute("block-latency-histogram-set", {"id": "c0", "boundaries-read": [1]})
    load(client, disk="c0")
    (tmp_path / "other").write_bytes(bytes(SIZE))
    change = {"id": "c0", "filename": str(tmp_path / "other"), "format": "raw"}
    client.execute("blockdev-change-medium", change)
    load(client, "w1", disk="c0")  # the first went with its medium
    wait_until(lambda: disk_stats(client, "c0")["rd_latency_histogram"]["bins"][1] > 10)


# -- What is refused ------------------------------------------------------------------------------


def test_a_device_that_is_no_disk_is_refused(client: MemoryClient) -> None:
    client.execute("device_add", {"driver": "virtio-rng-pci", "id": "r0"})
    with pytest.raises(QmpError, match="Device 'r0' is not a disk"):
        load(client, disk="r0")
    assert live_counters()["workloads"] == 0


@pytest.mark.parametrize(("name", "value"), [("disk", "d1"), ("queue", 1), ("iothread", "io0")])
def test_what_serves_it_cannot_be_changed(client: MemoryClient, name: str, value: Any) -> None:
    plug(client)
    load(client)
    with pytest.raises(QmpError, match="cannot be changed once the object was created"):
        tune(client, name, value)


def test_what_is_loaded_is_in_use(client: MemoryClient) -> None:
    plug(client)
    load(client)
    with pytest.raises(QmpError, match="Node n0 is in use"):
        client.execute("blockdev-del", {"node-name": "n0"})
    wait_until(progresses(client))


# -- What may happen meanwhile --------------------------------------------------------------------


def test_every_parameter_of_the_access_is_tuned_while_it_runs(
    client: MemoryClient, image: Path
) -> None:
    plug(client)
    load(client)
    wait_until(progresses(client))
    assert not any(image.read_bytes())
    wanted = {
        "read-percent": 0,
        "pattern": "sequential",
        "block-size": 512,
        "flush-every": 2**32 - 1,
    }
    for name, value in wanted.items():
        tune(client, name, value)
        wait_until(progresses(client))
    options = {"path": "/objects/w0"}
    for name, value in wanted.items():
        assert client.execute("qom-get", {**options, "property": name}) == value
    wait_until(lambda: disk_stats(client)["wr_highest_offset"] == SIZE)
    tune(client, "pattern", "hot")
    wait_until(progresses(client))


def test_a_disk_that_is_unplugged_ends_its_load(
    client: MemoryClient, events: list[dict[str, Any]]
) -> None:
    plug(client)
    load(client, read_percent=50)
    wait_until(progresses(client))
    client.execute("device_del", {"id": "d0"})
    assert [each["event"] for each in events] == ["DEVICE_DELETED"] * 2
    ended = done(client)
    assert ended["issued"] == ended["completed"] + ended["in-flight"]
    assert done(client) == ended
    tune(client, "interval-ns", 5)  # nothing is there that could go on with it
    client.execute("blockdev-del", {"node-name": "n0"})
    assert live_counters()["disks"] == live_counters()["workloads"] == 0
    client.execute("object-del", {"id": "io0"})
    client.execute("object-del", {"id": "w0"})


def test_an_iothread_may_be_deleted_under_load(client: MemoryClient) -> None:
    plug(client)
    load(client)
    wait_until(progresses(client))
    client.execute("object-del", {"id": "io0"})
    assert [each["id"] for each in client.execute("query-iothreads")] == ["io1"]
    wait_until(progresses(client))
    assert "iothread" not in done(client)
    # Another one of that name has nothing to do with it.
    client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
    (fresh,) = client.execute("x-query-iothread-stats", {"id": "io0"})
    assert fresh["events"] == 0
    client.execute("device_del", {"id": "d0"})
    assert live_counters()["threads"] == 2


def test_a_stopped_machine_does_no_requests(client: MemoryClient) -> None:
    plug(client)
    load(client)
    others = {"qom-type": "x-workload", "id": "others", "iothread": "io1", "depth": 1}
    client.execute("object-add", others | {"interval-ns": 10_000})

    def stands_still() -> bool:
        before = done(client)["completed"]
        wait_until(progresses(client, 2000, "others"))
        return bool(done(client)["completed"] == before)

    wait_until(progresses(client))
    client.execute("stop")
    wait_until(stands_still)
    assert done(client)["in-flight"] == 4
    client.execute("cont")
    wait_until(progresses(client))


def test_limits_act_under_load(client: MemoryClient) -> None:
    plug(client)
    load(client, depth=64)
    wait_until(progresses(client))
    client.execute("block_set_io_throttle", {"id": BACKEND, **NO_LIMITS, "iops": 1})
    wait_until(lambda: done(client)["in-flight"] == 64)
    client.execute("block_set_io_throttle", {"id": BACKEND, **NO_LIMITS})
    wait_until(progresses(client, 1000))


def test_a_write_past_a_threshold_is_told_once(
    client: MemoryClient, events: list[dict[str, Any]]
) -> None:
    plug(client)
    threshold = {"node-name": "n0", "write-threshold": SIZE - BLOCK}
    client.execute("block-set-write-threshold", threshold)
    load(client, read_percent=0, pattern="sequential")
    wait_until(lambda: disk_stats(client)["wr_operations"] > 3 * SIZE / BLOCK)
    told = [each["data"] for each in events if each["event"] == "BLOCK_WRITE_THRESHOLD"]
    assert told == [{"amount-exceeded": BLOCK, **threshold}]


@pytest.fixture
def short_files() -> Iterator[Callable[[int], None]]:
    """Sets how long files may get: writing past that fails with EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda most: resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


def test_errors_are_told_and_counted(
    client: MemoryClient, events: list[dict[str, Any]], short_files: Callable[[int], None]
) -> None:
    plug(client)
    short_files(SIZE // 2)
    load(client, read_percent=0)
    wait_until(lambda: disk_stats(client)["failed_wr_operations"] > 5)
    found, stats = settle(client), disk_stats(client)
    assert found["failed"] == stats["failed_wr_operations"]
    assert found["written-bytes"] == stats["wr_bytes"]
    assert found["completed"] == stats["failed_wr_operations"] + stats["wr_operations"]
    told = next(each["data"] for each in events if each["event"] == "BLOCK_IO_ERROR")
    assert told == {
        "qom-path": BACKEND,
        "device": "",
        "node-name": "n0",
        "operation": "write",
        "action": "report",
        "nospace": False,
        "reason": "File too large",
    }
    assert client.execute("query-status")["status"] == "running"


def test_an_error_stops_the_machine_and_is_tried_again_when_it_goes_on(
    client: MemoryClient, events: list[dict[str, Any]], short_files: Callable[[int], None]
) -> None:
    plug(client, werror="stop")
    short_files(SIZE // 2)
    load(client, read_percent=0)

    def stopped() -> bool:
        disk_stats(client)
        return bool(client.execute("query-status")["status"] == "io-error")

    wait_until(stopped)
    client.execute("cont")
    wait_until(stopped)
    short_files(2 * SIZE)
    client.execute("cont")
    wait_until(progresses(client, 200))
    assert done(client)["failed"] == disk_stats(client)["failed_wr_operations"] == 0
    names = [each["event"] for each in events]
    assert names.count("STOP") == names.count("RESUME") == 2
    assert names.index("BLOCK_IO_ERROR") < names.index("STOP")


def test_random_requests_against_loaded_disks_leave_nothing(client: MemoryClient) -> None:
    choose = random.Random(7)
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n1", "latency-ns": 10_000})
    before = live_counters()
    for _ in range(120):
        number = choose.randrange(2)
        disk, workload = f"d{number}", f"w{number}"
        match choose.randrange(6):
            case 0:
                client.request("device_del", {"id": disk})
            case 1:
                options = {"driver": "virtio-blk-pci", "id": disk, "drive": f"n{number}"}
                client.request("device_add", {**options, "iothread": f"io{number}"})
            case 2:
                client.request("object-del", {"id": workload})
            case 3:
                client.execute("stop")
                client.execute("cont")
            case 4:
                limits = {**NO_LIMITS, "iops": choose.randrange(2000)}
                path = f"/machine/peripheral/{disk}/virtio-backend"
                client.request("block_set_io_throttle", {"id": path, **limits})
            case _:
                options = {"qom-type": "x-workload", "id": workload, "disk": disk}
                more = {"depth": 8, "interval-ns": 1000, "read-percent": 50}
                client.request("object-add", {**options, **more})
        for each in client.execute("x-query-workload-stats"):
            assert each["issued"] == each["completed"] + each["in-flight"]
    for number in range(2):
        client.request("device_del", {"id": f"d{number}"})
        client.request("object-del", {"id": f"w{number}"})
    # Bottom halves are released by the iothreads; workers wait for more.
    wait_until(lambda: {**live_counters(), "pool_workers": 0} == before)
