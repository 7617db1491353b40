"""What nodes, and a machine without disks and jobs, refuse: QEMU's texts, and nothing changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.testing import MemoryClient


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("blockdev-open-tray", {"id": "d"}, "Device 'd' not found"),
        ("blockdev-close-tray", {"device": "d"}, "Device 'd' not found"),
        ("blockdev-remove-medium", {"id": "d"}, "Device 'd' not found"),
        ("blockdev-insert-medium", {"id": "d", "node-name": "n0"}, "Device 'd' not found"),
        ("blockdev-change-medium", {"id": "d", "filename": "f"}, "Device 'd' not found"),
        (
            "block_set_io_throttle",
            {"id": "d", "bps": 0, "bps_rd": 0, "bps_wr": 0, "iops": 0, "iops_rd": 0, "iops_wr": 0},
            "Device 'd' not found",
        ),
        ("block-latency-histogram-set", {"id": "d"}, "Device 'd' not found"),
        (
            "blockdev-snapshot-sync",
            {"node-name": "n0", "snapshot-file": "s"},
            "New overlay node-name missing",
        ),
        (
            "blockdev-snapshot-sync",
            {"node-name": "n0", "snapshot-node-name": "o", "snapshot-file": "s"},
            "Unknown driver 'qcow2'",
        ),
        (
            "blockdev-snapshot",
            {"node": "n0", "overlay": "n0"},
            "The overlay does not support backing images",
        ),
        (
            "blockdev-snapshot-internal-sync",
            {"device": "n0", "name": "s"},
            "Block format 'null-co' used by device 'n0' does not support internal snapshots",
        ),
        ("blockdev-snapshot-delete-internal-sync", {"device": "n0"}, "Name or id must be provided"),
        (
            "blockdev-snapshot-delete-internal-sync",
            {"device": "n0", "name": "s"},
            "Failed to get a snapshot list: Operation not supported",
        ),
        (
            "change-backing-file",
            {"device": "n0", "image-node-name": "n0", "backing-file": "b"},
            "Could not change the backing file to '': Operation not supported",
        ),
        ("block-commit", {"device": "zz"}, "Device 'zz' not found"),
        ("block-stream", {"device": "n0"}, "Invalid job ID ''"),
        (
            "block-stream",
            {"device": "n0", "job-id": "j"},
            "block-stream is not supported: no data is copied here",
        ),
        (
            "drive-backup",
            {"device": "n0", "target": "t", "sync": "full"},
            "Format driver 'null-co' does not support image creation",
        ),
        (
            "drive-mirror",
            {"device": "n0", "target": "t", "sync": "full"},
            "Format driver 'null-co' does not support image creation",
        ),
        (
            "blockdev-backup",
            {"device": "n0", "target": "zz", "sync": "full"},
            "Cannot find device='zz' nor node-name='zz'",
        ),
        (
            "blockdev-mirror",
            {"device": "n0", "target": "n0", "sync": "full"},
            "blockdev-mirror is not supported: no data is copied here",
        ),
        (
            "nbd-server-start",
            {"addr": {"type": "unix", "data": {"path": "s"}}},
            "NBD server support is not compiled in",
        ),
        ("nbd-server-stop", {}, "NBD server not running"),
        ("nbd-server-add", {"device": "n0"}, "NBD server not running"),
        ("nbd-server-remove", {"name": "n0"}, "Export 'n0' is not found"),
        (
            "block-export-add",
            {"type": "nbd", "id": "9", "node-name": "n0"},
            "Invalid block export id",
        ),
        (
            "block-export-add",
            {
                "type": "vhost-user-blk",
                "id": "e",
                "node-name": "n0",
                "addr": {"type": "unix", "path": "s"},
            },
            "Block export type 'vhost-user-blk' is not supported",
        ),
        ("block-export-del", {"id": "e"}, "Export 'e' is not found"),
        ("block-job-pause", {"device": "d"}, "Block job 'd' not found"),
        ("block-job-set-speed", {"device": "d", "speed": 1}, "Block job 'd' not found"),
        ("block-job-dismiss", {"id": "d"}, "Block job 'd' not found"),
        (
            "block-job-change",
            {"id": "d", "type": "mirror", "copy-mode": "background"},
            "Block job 'd' not found",
        ),
        (
            "block-set-write-threshold",
            {"node-name": "zz", "write-threshold": 1},
            "Device 'zz' not found",
        ),
        ("x-blockdev-change", {"parent": "n0", "child": "c"}, "Node 'n0' does not have child 'c'"),
        (
            "x-blockdev-change",
            {"parent": "n0", "node": "n0"},
            "The node n0 does not support adding a child",
        ),
        (
            "blockdev-create",
            {"job-id": "j", "options": {"driver": "qcow2", "file": "n0", "size": 1}},
            "Driver does not support blockdev-create",
        ),
        (
            "x-blockdev-amend",
            {"job-id": "j", "node-name": "n0", "options": {"driver": "qcow2"}},
            "x-blockdev-amend doesn't support changing the block driver",
        ),
        (
            "transaction",
            {
                "actions": [
                    {
                        "type": "blockdev-snapshot-sync",
                        "data": {"node-name": "n0", "snapshot-file": "s"},
                    }
                ]
            },
            "New overlay node-name missing",
        ),
        (
            "transaction",
            {"actions": [{"type": "blockdev-snapshot", "data": {"node": "n0", "overlay": "zz"}}]},
            "Cannot find device='zz' nor node-name='zz'",
        ),
        (
            "transaction",
            {
                "actions": [
                    {
                        "type": "blockdev-snapshot-internal-sync",
                        "data": {"device": "n0", "name": "s"},
                    }
                ]
            },
            "Block format 'null-co' used by device 'n0' does not support internal snapshots",
        ),
        (
            "transaction",
            {
                "actions": [
                    {
                        "type": "blockdev-backup",
                        "data": {"device": "n0", "target": "n0", "sync": "full"},
                    }
                ]
            },
            "blockdev-backup is not supported: no data is copied here",
        ),
        ("snapshot-delete", {"job-id": "9", "tag": "t", "devices": ["n0"]}, "Invalid job ID '9'"),
        ("device-sync-config", {"id": "d"}, "Device 'd' not found"),
        ("x-exit-preconfig", {}, "The command is permitted only before machine initialization"),
        ("block-job-finalize", {"id": "d"}, "Block job 'd' not found"),
        (
            "xen-save-devices-state",
            {"filename": "/nonexistent/\x00x"},
            "Unable to open /nonexistent/\x00x: No such file or directory",
        ),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    client: MemoryClient, command: str, arguments: dict[str, Any], message: str
) -> None:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n0"})
    assert client.request(command, arguments)["error"]["desc"] == message
    assert [each["node-name"] for each in client.execute("query-named-block-nodes")] == ["n0"]
    assert client.execute("query-jobs") == client.execute("query-block-jobs") == []
    assert client.execute("query-block-exports") == []


def test_what_is_changed_of_a_node_is_shown(client: MemoryClient) -> None:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n0", "read-only": False})
    client.execute("block-set-write-threshold", {"node-name": "n0", "write-threshold": 4096})
    client.execute(
        "blockdev-reopen",
        {"options": [{"driver": "null-co", "node-name": "n0", "read-only": True}]},
    )
    (node,) = client.execute("query-named-block-nodes")
    assert (node["write_threshold"], node["ro"]) == (4096, True)
    client.execute("blockdev-set-active", {"node-name": "n0", "active": False})
    (node,) = client.execute("query-named-block-nodes")
    assert node["active"] is False
    client.execute("blockdev-set-active", {"active": True})
    (node,) = client.execute("query-named-block-nodes")
    assert node["active"] is True


def test_bitmaps_are_changed_and_merged(client: MemoryClient) -> None:
    for name, size in (("n0", 1 << 20), ("n1", 1 << 20), ("small", 4096)):
        client.execute("blockdev-add", {"driver": "null-co", "node-name": name, "size": size})
        client.execute("block-dirty-bitmap-add", {"node": name, "name": "b"})

    def recording() -> dict[str, list[bool]]:
        nodes = client.execute("query-named-block-nodes")
        return {
            node["node-name"]: [each["recording"] for each in node.get("dirty-bitmaps", [])]
            for node in nodes
        }

    bitmap = {"node": "n0", "name": "b"}
    client.execute("block-dirty-bitmap-disable", bitmap)
    assert recording()["n0"] == [False]
    client.execute("block-dirty-bitmap-clear", bitmap)
    client.execute("block-dirty-bitmap-enable", bitmap)
    assert recording()["n0"] == [True]
    target = {"node": "n0", "target": "b"}
    client.execute("block-dirty-bitmap-merge", {**target, "bitmaps": [{"node": "n1", "name": "b"}]})
    found = client.request(
        "block-dirty-bitmap-merge", {**target, "bitmaps": ["b", {"node": "small", "name": "b"}]}
    )
    assert "error" in found
    client.execute("block-dirty-bitmap-remove", bitmap)
    assert recording() == {"n0": [], "n1": [True], "small": [True]}
    assert "error" in client.request("block-dirty-bitmap-clear", bitmap)


def test_a_snapshot_needs_nodes_that_can_hold_one(client: MemoryClient) -> None:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n0"})
    arguments = {"job-id": "j", "tag": "t", "devices": ["n0"]}
    client.execute("snapshot-delete", arguments)
    (job,) = client.execute("query-jobs")
    assert (job["type"], job["status"]) == ("snapshot-delete", "concluded")
    assert "n0" in job["error"]


def add_disk(client: MemoryClient, options: str) -> None:
    line = f"drive_add 0 if=none,{options}"
    assert client.execute("human-monitor-command", {"command-line": line}) == "OK\r\n"


def test_a_disk_is_shown_with_what_is_in_it_and_ejected(client: MemoryClient) -> None:
    add_disk(client, "id=d,file=null-co://,format=raw")
    (disk,) = client.execute("query-block")
    assert (disk["device"], disk["inserted"]["drv"]) == ("d", "raw")
    (stats,) = client.execute("query-blockstats")
    assert stats["device"] == "d"
    client.execute("eject", {"device": "d"})
    (disk,) = client.execute("query-block")
    assert "inserted" not in disk


def test_a_snapshot_of_all_that_is_there_is_refused(client: MemoryClient) -> None:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n0"})
    saving = client.request("human-monitor-command", {"command-line": "savevm s"})
    assert saving["return"].startswith("Error: ")
    assert client.execute("query-status")["running"]


def test_another_image_is_put_into_a_disk(client: MemoryClient, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(512))
    add_disk(client, "id=d")
    change = {"device": "d", "filename": str(image), "read-only-mode": "read-only"}
    client.execute("blockdev-change-medium", change)
    client.execute("blockdev-change-medium", {"device": "d", "filename": str(image)})
    (disk,) = client.execute("query-block")
    assert (disk["inserted"]["file"], disk["inserted"]["ro"]) == (str(image), True)
    refused = client.request("blockdev-change-medium", {"device": "d", "filename": "/no/where"})
    assert refused["error"]["desc"] == "Could not open '/no/where': No such file or directory"
    assert client.execute("query-block") == [disk]
    assert len(client.execute("query-named-block-nodes")) == 2


def test_limits_of_a_disk_are_refused(client: MemoryClient) -> None:
    add_disk(client, "id=empty")
    add_disk(client, "id=full,format=null-co")
    limits = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 1)
    for device, said in {
        "empty": "Device has no medium",
        "full": "bps/iops/max total values and read/write values cannot be used at the same time",
    }.items():
        refused = client.request("block_set_io_throttle", {"device": device, **limits})
        assert refused["error"]["desc"] == said


def test_without_a_node_there_is_nowhere_to_save_the_machine(client: MemoryClient) -> None:
    saving = client.execute("human-monitor-command", {"command-line": "savevm s"})
    assert saving == "Error: no block device can store vmstate for snapshot\r\n"
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n0", "read-only": True})
    saving = client.execute("human-monitor-command", {"command-line": "savevm s"})
    assert saving == "Error: no block device can store vmstate for snapshot\r\n"
