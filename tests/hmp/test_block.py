"""Disks and nodes, as people see and change them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.testing import MemoryClient, make_machine

Say = Callable[[str], str]

EMPTY = "{}: [not inserted]\n    Removable device: not locked, tray closed\n"
NODE = "{}: null-co:// (null-co)\n    Cache mode:       writeback\n"


def test_disks_are_shown_with_what_is_in_them(say: Say) -> None:
    assert say("drive_add 0 if=none,id=d0,file=null-co://,format=raw") == "OK\n"
    assert say("drive_add 0 if=none,id=d1") == "OK\n"
    full = (
        "d0 (#block): null-co:// (raw)\n    Removable device: not locked, tray closed\n"
        "    Cache mode:       writeback\n"
    )
    images = (
        "\nImages:\nimage: null-co://\nfile format: raw\n"
        "virtual size: 1 GiB (1073741824 bytes)\ndisk size: 0 B\n"
    )

    def shown(line: str) -> str:
        return re.sub(r"#block\d+", "#block", say(line))

    assert shown("info block") == f"{full}\n{EMPTY.format('d1')}"
    assert shown("info block d0") == full
    assert shown("info block -v d0") == full + images
    # The empty line belongs to each disk but the first, also where it is shown alone.
    assert shown("info block d1") == f"\n{EMPTY.format('d1')}"
    assert shown("info block d2") == ""


def test_nodes_are_shown_the_latest_first(client: MemoryClient, say: Say) -> None:
    for name in ("n", "n2"):
        client.execute("blockdev-add", {"driver": "null-co", "node-name": name})
    assert say("info block") == ""
    assert say("info block -n") == f"{NODE.format('n2')}\n{NODE.format('n')}"
    assert say("info block n2") == NODE.format("n2")
    assert say("info block n") == say("info block -n n") == f"\n{NODE.format('n')}"


def test_modes_of_a_node_are_shown(client: MemoryClient, say: Say) -> None:
    client.execute(
        "blockdev-add",
        {
            "driver": "null-co",
            "node-name": "n",
            "cache": {"direct": True, "no-flush": True},
            "detect-zeroes": "on",
        },
    )
    client.execute("blockdev-set-active", {"active": False})
    assert say("info block -n") == (
        "n: null-co:// (null-co, inactive)\n"
        "    Cache mode:       writeback, direct, ignore flushes\n"
        "    Detect zeroes:    on\n"
    )


def test_counters_of_disks_are_shown(say: Say) -> None:
    assert say("info blockstats") == ""
    say("drive_add 0 if=none,id=d1")
    assert say("info blockstats") == (
        "d1: rd_bytes=0 wr_bytes=0 rd_operations=0 wr_operations=0 flush_operations=0 "
        "wr_total_time_ns=0 rd_total_time_ns=0 flush_total_time_ns=0 rd_merged=0 wr_merged=0 "
        "idle_time_ns=0\n"
    )


def test_no_jobs_are_active(say: Say) -> None:
    assert say("info block-jobs") == "No active jobs\n"


def test_a_disk_is_emptied_and_removed(client: MemoryClient, say: Say) -> None:
    say("drive_add 0 if=none,id=d0,file=null-co://,format=raw")
    assert say("eject d0") == ""
    assert client.execute("query-named-block-nodes") == []
    assert say("info block") == EMPTY.format("d0")
    assert say("drive_del d0") == ""
    assert say("info block") == ""
    assert say("drive_del d0") == "Error: Device 'd0' not found\n"


def test_a_node_is_added_and_removed(client: MemoryClient, say: Say) -> None:
    added = "drive_add -n 0 driver=null-co,node-name=n,read-only=off,cache.direct=on"
    assert say(added) == ""
    (node,) = client.execute("query-named-block-nodes")
    assert (node["node-name"], node["ro"]) == ("n", False)
    assert node["cache"] == {"writeback": True, "direct": True, "no-flush": False}
    assert say("drive_del n") == ""
    assert client.execute("query-named-block-nodes") == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("if=virtio,id=d", "Can't hot-add drive to type 7"),
        ("if=nope,id=d", "unsupported bus type 'nope'"),
        ("if=none,id=taken", "Duplicate ID 'taken' for drive"),
        ("if=none,id=d,file=/no/where,format=raw",
         "Could not open '/no/where': No such file or directory"),
    ],
)  # fmt: skip
def test_a_disk_that_cannot_be_is_refused(say: Say, options: str, said: str) -> None:
    say("drive_add 0 if=none,id=taken")
    assert say(f"drive_add 0 {options}") == f"Error: {said}\n"
    assert say("info block") == EMPTY.format("taken")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("driver=null-co", "'node-name' needs to be specified"),
        ("driver=nope,node-name=n", "Unknown driver 'nope'"),
        ("driver=null-co,node-name=n,read-only=maybe",
         "Parameter 'read-only' expects 'on' or 'off'"),
    ],
)  # fmt: skip
def test_a_node_that_cannot_be_is_refused(
    client: MemoryClient, say: Say, options: str, said: str
) -> None:
    assert say(f"drive_add -n 0 {options}") == f"Error: {said}\n"
    assert client.execute("query-named-block-nodes") == []


def test_a_medium_is_changed(say: Say, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(512))
    say("drive_add 0 if=none,id=d")

    def shown() -> str:
        return re.sub(r"#block\d+", "#block", say("info block")).partition("\n")[0]

    assert say(f"change d {image} raw read-only") == ""
    assert shown() == f"d (#block): {image} (raw, read-only)"
    assert say(f"change d {image} raw") == ""
    assert shown() == f"d (#block): {image} (raw, read-only)"
    assert say(f"change d {image} raw read-write") == ""
    assert shown() == f"d (#block): {image} (raw)"
    refusal = f"Error: Could not open '{tmp_path}/no': No such file or directory\n"
    assert say(f"change d {tmp_path}/no raw") == refusal
    assert shown() == f"d (#block): {image} (raw)"
    assert say(f"change d {image} nope") == "Error: Unknown driver 'nope'\n"
    assert say(f"change d {image} raw nope") == "Error: invalid parameter value: nope\n"
    assert say("change d null-co:// null-co") == ""
    assert shown() == "d (#block): null-co:// (null-co)"
    assert say("change nope x") == "Error: Device 'nope' not found\n"


def test_a_disk_without_a_backing_file_has_nothing_to_commit_to(say: Say) -> None:
    say("drive_add 0 if=none,id=d0,file=null-co://,format=raw")
    say("drive_add 0 if=none,id=d1")
    assert say("commit d0") == "Error: 'commit' error for 'd0': Operation not supported\n"
    assert say("commit d1") == "Error: Device 'd1' has no medium\n"
    assert say("commit nope") == "Error: Device 'nope' not found\n"
    assert say("commit all") == ""


def test_a_disk_without_a_medium_has_no_size_and_no_limits(say: Say) -> None:
    say("drive_add 0 if=none,id=d")
    assert say("block_resize d 1M") == "Error: Device 'd' has no medium\n"
    limits = "1 1 1 1 1 1"
    assert say(f"block_set_io_throttle d {limits}") == "Error: Device has no medium\n"
    assert say(f"block_set_io_throttle nope {limits}") == "Error: Device 'nope' not found\n"


def test_a_disk_without_a_cache_is_shown_as_such(say: Say) -> None:
    say("drive_add 0 if=none,id=d,file=null-co://,format=raw,cache=writethrough")
    assert "Cache mode:       writethrough\n" in say("info block d")


def test_limits_of_a_disk_are_shown(say: Say) -> None:
    say("drive_add 0 if=none,id=d,file=null-co://,format=raw")
    assert "throttling" not in say("info block d")
    assert say("block_set_io_throttle d 1 0 0 0 5 6") == ""
    assert say("info block d").splitlines()[-1] == (
        "    I/O throttling:   bps=1 bps_rd=0 bps_wr=0 bps_max=0 bps_rd_max=0 bps_wr_max=0 iops=0 "
        "iops_rd=5 iops_wr=6 iops_max=0 iops_rd_max=0 iops_wr_max=0 iops_size=0 group=d"
    )
    assert say("block_set_io_throttle d 0 0 0 0 0 0") == ""
    assert "throttling" not in say("info block d")


def test_a_disk_that_failed_says_so() -> None:
    machine = make_machine(machine_type="q35")
    with MemoryClient(machine) as client:
        client.negotiate()
        client.execute("blockdev-add", {"driver": "null-co", "node-name": "n"})
        machine.part(Devices).plug(
            {"driver": "virtio-blk-pci", "id": "d", "drive": "n"}, hotplugged=False
        )
        machine.part(BlockNodes).backends[0].io_status = "failed"
        text = client.execute("human-monitor-command", {"command-line": "info block"})
        assert "    I/O status:       failed" in text.splitlines()
    machine.close()
