"""A virtio disk: what it holds, who serves it, what is refused and that nothing of it is left."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.block.backend import Place
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.devices.virtqueue_mapping import assign
from qmp_iothreadd.testing.memory import MemoryClient

BACKEND = "/machine/peripheral/{}/virtio-backend"
LIMITS = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops_rd", "iops_wr"), 0)


@pytest.fixture(autouse=True)
def nodes(client: MemoryClient) -> BlockNodes:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n0"})
    for name in ("iothread1", "iothread2"):
        client.execute("object-add", {"qom-type": "iothread", "id": name})
    return client.machine.part(BlockNodes)


def plug(client: MemoryClient, id: str = "d1", drive: str = "n0", **more: Any) -> Any:
    more = {
        name if name.endswith("_size") and name != "queue_size" else name.replace("_", "-"): value
        for name, value in more.items()
    }
    options = {"driver": "virtio-blk-pci", "id": id, "drive": drive, **more}
    return client.request("device_add", options).get("error")


def refusal(client: MemoryClient, **options: Any) -> str:
    """Why a disk cannot be plugged in; all is then as it was."""
    before = client.execute("query-block"), client.execute("x-debug-query-block-graph")
    error = plug(client, **options)
    assert error is not None
    assert (client.execute("query-block"), client.execute("x-debug-query-block-graph")) == before
    return str(error["desc"])


def get(client: MemoryClient, name: str) -> Any:
    return client.execute("qom-get", {"path": "/machine/peripheral/d1", "property": name})


def test_a_disk_holds_its_node(client: MemoryClient) -> None:
    assert plug(client, iothread="iothread1", serial="S1") is None
    (disk,) = client.execute("query-block")
    assert disk["inserted"].pop("node-name") == "n0"
    del disk["inserted"]
    assert disk == {
        "io-status": "ok",
        "device": "",
        "locked": False,
        "removable": False,
        "qdev": BACKEND.format("d1"),
        "type": "unknown",
    }
    values = [get(client, name) for name in ("iothread", "drive", "num-queues", "serial")]
    assert values == ["/objects/iothread1", "n0", 1, "S1"]
    sizes = ("logical_block_size", "physical_block_size", "cyls", "heads", "secs")
    assert [get(client, name) for name in sizes] == [512, 512, 2080, 16, 63]
    assert client.request("blockdev-del", {"node-name": "n0"})["error"]["desc"] == (
        "Node n0 is in use"
    )
    client.execute("device_del", {"id": "d1"})
    assert client.execute("query-block") == []
    client.execute("blockdev-del", {"node-name": "n0"})


def test_a_second_disk_needs_a_shared_node(client: MemoryClient) -> None:
    plug(client)
    first, second = BACKEND.format("d1"), BACKEND.format("d2")
    assert refusal(client, id="d2") == (
        "Permission conflict on node 'n0': permissions 'write' are both required by block device "
        f"'{first}' (uses node 'n0' as 'root' child) and unshared by block device "
        f"'{second}' (uses node 'n0' as 'root' child)."
    )
    client.execute("device_del", {"id": "d1"})
    for id in ("d1", "d2"):
        assert plug(client, id=id, share_rw=True) is None
    edges = client.execute("x-debug-query-block-graph")["edges"]
    assert [edge["perm"] for edge in edges] == [["write", "consistent-read"]] * 2


def test_what_lies_below_is_held_too(client: MemoryClient, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(1024))
    file = {"driver": "file", "node-name": "f", "filename": str(tmp_path / "f")}
    client.execute("blockdev-add", file)
    client.execute("blockdev-add", {"driver": "raw", "node-name": "r", "file": "f"})
    assert plug(client, drive="r") is None
    held = BACKEND.format("d2")
    assert refusal(client, id="d2", drive="f") == (
        "Permission conflict on node 'f': permissions 'write' are both required by node 'r' (uses "
        f"node 'f' as 'file' child) and unshared by block device '{held}' (uses node 'f' as 'root' "
        "child)."
    )
    told = client.request("blockdev-del", {"node-name": "f"})["error"]["desc"]
    assert told == "Block device f is in use"
    client.execute("device_del", {"id": "d1"})
    client.execute("blockdev-reopen", {"options": [{**file, "read-only": True}]})
    assert refusal(client, drive="r") == "Block node is read-only"
    assert plug(client, drive="f") is None


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"drive": "zz"}, "Property 'virtio-blk-device.drive' can't find value 'zz'"),
        ({"drive": ""}, "drive property not set"),
        ({"iothread": "zz"}, "Device 'zz' not found"),
        ({"num_queues": 0}, "num-queues property must be larger than 0"),
        (
            {"ioeventfd": False, "iothread": "iothread1"},
            "ioeventfd is required for iothread",
        ),
        ({"num_queues": 2000}, "num-queues property must not be larger than 1024"),
        ({"queue_size": 1}, "invalid queue-size property (1), must be > 2"),
        ({"queue_size": 100}, "invalid queue-size property (100), must be a power of 2 (max 1024)"),
        (
            {"max_discard_sectors": 0},
            "invalid max-discard-sectors property (0), must be between 1 and 4194303",
        ),
        (
            {"logical_block_size": 100},
            "Property .logical_block_size doesn't take value 100 (minimum: 512, maximum: 2097152)",
        ),
        (
            {"logical_block_size": 600},
            "Property .logical_block_size doesn't take value '600', it's not a power of 2",
        ),
        (
            {"logical_block_size": 4096, "physical_block_size": 512},
            "logical_block_size > physical_block_size not supported",
        ),
        ({"min_io_size": 100}, "min_io_size must be a multiple of logical_block_size"),
        (
            {"iothread": "iothread1", "iothread_vq_mapping": [{"iothread": "iothread2"}]},
            "iothread and iothread-vq-mapping properties cannot be set at the same time",
        ),
        ({"iothread_vq_mapping": [{"iothread": "zz"}]}, 'IOThread "zz" object does not exist'),
        (
            {"iothread_vq_mapping": [{"iothread": "iothread1"}, {"iothread": "iothread1"}]},
            'duplicate IOThread name "iothread1" in iothread-vq-mapping',
        ),
        (
            {
                "iothread_vq_mapping": [
                    {"iothread": "iothread1", "vqs": [0]},
                    {"iothread": "iothread2"},
                ]
            },
            "either all items in iothread-vq-mapping must have vqs or none of them must have it",
        ),
        (
            {"num_queues": 2, "iothread_vq_mapping": [{"iothread": "iothread1", "vqs": [5]}]},
            'vq index 5 for IOThread "iothread1" must be less than num_queues 2 in '
            "iothread-vq-mapping",
        ),
        (
            {
                "iothread_vq_mapping": [
                    {"iothread": "iothread1", "vqs": [0]},
                    {"iothread": "iothread2", "vqs": [0]},
                ]
            },
            'cannot assign vq 0 to IOThread "iothread2" because it is already assigned',
        ),
        (
            {"num_queues": 2, "iothread_vq_mapping": [{"iothread": "iothread1", "vqs": [0]}]},
            "missing vq 1 IOThread assignment in iothread-vq-mapping",
        ),
    ],
)
def test_what_cannot_be_leaves_nothing_behind(
    client: MemoryClient, options: dict[str, Any], text: str
) -> None:
    assert refusal(client, **options) == text
    assert plug(client) is None


def test_a_disk_of_drive_goes_with_its_device(client: MemoryClient, nodes: BlockNodes) -> None:
    disk = nodes.add_disk("dr")
    assert refusal(client, drive="dr") == "Device needs media, but drive is empty"
    nodes.open_into(disk, {"driver": "null-co"})
    assert refusal(client, drive="dr", num_queues=0).startswith("num-queues")
    assert plug(client, drive="dr") is None
    assert refusal(client, id="d2", drive="dr") == "Drive 'dr' is already in use by another device"
    name = BACKEND.format("d1")
    for command, text in {
        "eject": "Device 'dr' is not removable",
        "blockdev-open-tray": "Device 'dr' is not removable",
    }.items():
        assert client.request(command, {"device": "dr"})["error"]["desc"] == text
    insert = client.request("blockdev-insert-medium", {"id": name, "node-name": "n0"})
    assert insert["error"]["desc"] == "Device is not removable"
    client.execute("device_del", {"id": "d1"})
    assert not nodes.disks
    assert [*nodes.nodes] == ["n0"]


def test_a_disk_that_is_deleted_leaves_its_device_empty(
    client: MemoryClient, nodes: BlockNodes
) -> None:
    nodes.open_into(nodes.add_disk("dr", Place("virtio")), {"driver": "null-co"})
    plug(client, drive="dr")
    assert "automatically connected" in refusal(client, id="d2", drive="dr")
    nodes.delete_disk("dr")
    (left,) = client.execute("query-block")
    assert (left["device"], left["qdev"]) == ("", BACKEND.format("d1"))
    assert "inserted" not in left
    assert "io-status" not in left
    client.execute("device_del", {"id": "d1"})
    assert client.execute("query-block") == []


@pytest.mark.parametrize(
    ("id", "class_", "text"),
    [
        ("zz", "DeviceNotFound", "Device 'zz' not found"),
        ("d1", "GenericError", "Device does not have a block device backend"),
        ("/machine", "GenericError", "/machine is not a hotpluggable device"),
    ],
)
def test_limits_of_what_is_no_disk(client: MemoryClient, id: str, class_: str, text: str) -> None:
    plug(client)
    found = client.request("block_set_io_throttle", {"id": id, "iops": 5, **LIMITS})["error"]
    assert (found["class"], found["desc"]) == (class_, text)


@pytest.mark.parametrize("number", [0, 1])
def test_a_workload_finds_its_queue(client: MemoryClient, number: int) -> None:
    plug(client, num_queues=2)
    device: Any = client.machine.part(Devices).find(BACKEND.format("d1"))
    assert device.disk_queue(number) is device.held.queues[number]
    with pytest.raises(QmpError, match="the disk has no queue 2: there are 2"):
        device.disk_queue(2)


def test_limits_are_those_of_a_group(client: MemoryClient) -> None:
    for id in ("d1", "d2"):
        plug(client, id=id, share_rw=True)
    limits = {"iops": 100, "iops_max": 200, "iops_max_length": 3, "iops_size": 4096, "group": "g"}
    client.execute("block_set_io_throttle", {"id": BACKEND.format("d1"), **LIMITS, **limits})
    other = {"id": BACKEND.format("d2"), **LIMITS, "iops": 7, "group": "g"}
    client.execute("block_set_io_throttle", other)
    for disk in client.execute("query-block"):
        inserted = disk["inserted"]
        assert (inserted["group"], inserted["iops"]) == ("g", 7)
        assert not {"iops_max", "iops_size"} & inserted.keys()
    client.execute("block_set_io_throttle", {"id": BACKEND.format("d1"), **LIMITS, **limits})
    client.execute("device_del", {"id": "d2"})
    (disk,) = client.execute("query-block")
    shown = {name: disk["inserted"][name] for name in limits}
    assert shown == limits
    client.execute("block_set_io_throttle", {"id": BACKEND.format("d1"), **LIMITS, "iops": 0})
    (disk,) = client.execute("query-block")
    assert "group" not in disk["inserted"]


def test_limits_of_a_group_that_is_an_object(client: MemoryClient) -> None:
    plug(client)
    group = {"qom-type": "throttle-group", "id": "tg", "limits": {"bps-total": 5}}
    client.execute("object-add", group)
    limited = {"id": BACKEND.format("d1"), **LIMITS, "iops": 9, "group": "tg"}
    client.execute("block_set_io_throttle", limited)
    where = {"path": "/objects/tg", "property": "limits"}
    assert client.execute("qom-get", where)["iops-total"] == 9
    client.execute("qom-set", {**where, "value": {"iops-total": 11}})
    (disk,) = client.execute("query-block")
    assert disk["inserted"]["iops"] == 11
    told = client.request("object-del", {"id": "tg"})["error"]["desc"]
    assert told == "object 'tg' is in use, can not be deleted"
    client.execute("device_del", {"id": "d1"})
    client.execute("object-del", {"id": "tg"})


@pytest.mark.parametrize(
    ("mapping", "names"),
    [
        ([{"iothread": "iothread1"}], "1111"),
        ([{"iothread": "iothread2"}, {"iothread": "iothread1"}], "2121"),
        (
            [{"iothread": "iothread1", "vqs": [3]}, {"iothread": "iothread2", "vqs": [0, 1, 2]}],
            "2221",
        ),
    ],
)
def test_each_queue_has_its_iothread(
    client: MemoryClient, mapping: list[dict[str, Any]], names: str
) -> None:
    assigned = assign(client.machine, mapping, 4)
    assert [each.name for each in assigned] == [f"iothread{number}" for number in names]


def test_what_follows_from_failures_is_said(client: MemoryClient) -> None:
    assert plug(client, werror="report", write_cache="off", share_rw=True) is None
    assert plug(client, id="d2", rerror="stop", share_rw=True) is None
    quiet, loud = client.execute("query-block")
    assert "io-status" not in quiet
    assert not quiet["inserted"]["cache"]["writeback"]
    assert loud["io-status"] == "ok"
    assert loud["inserted"]["cache"]["writeback"]


def test_a_deleted_iothread_has_no_path(client: MemoryClient) -> None:
    plug(client, iothread="iothread1")
    client.execute("object-del", {"id": "iothread1"})
    client.execute("object-add", {"qom-type": "iothread", "id": "iothread1"})
    assert get(client, "iothread") == ""


def test_the_graph_is_numbered_from_above(client: MemoryClient) -> None:
    client.execute("blockdev-add", {"driver": "raw", "node-name": "r", "file": "n0"})
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n1"})
    plug(client, drive="r")
    graph = client.execute("x-debug-query-block-graph")
    assert [(each["id"], each["name"]) for each in graph["nodes"]] == [
        (4, "n1"),
        (2, "r"),
        (3, "n0"),
        (1, BACKEND.format("d1")),
    ]
    ends = [(each["parent"], each["child"], each["name"]) for each in graph["edges"]]
    assert ends == [(2, 3, "file"), (1, 2, "root")]


def test_a_device_that_cannot_be_served_lets_go_of_its_drive(
    client: MemoryClient, nodes: BlockNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes.open_into(nodes.add_disk("dr"), {"driver": "null-co"})

    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    for drive in ("n0", "dr"):
        with monkeypatch.context() as patch:
            patch.setattr("qmp_iothreadd.iothread._engine.Disk", fail)
            assert refusal(client, drive=drive).endswith("Too many open files")
    assert [*nodes.disks] == ["dr"]
    assert plug(client, drive="dr") is None
    assert plug(client, id="d2") is None


def test_a_disk_that_no_device_has_is_deleted_with_its_node(nodes: BlockNodes) -> None:
    nodes.open_into(nodes.add_disk("dr"), {"driver": "null-co"})
    nodes.delete_disk("dr")
    assert (nodes.backends, nodes.disks, [*nodes.nodes]) == ([], {}, ["n0"])
