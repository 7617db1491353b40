"""Disks on USB ports."""

from __future__ import annotations

import pytest

from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.testing.memory import MemoryClient


@pytest.fixture(autouse=True)
def controller(client: MemoryClient) -> None:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n"})
    client.execute("device_add", {"driver": "qemu-xhci", "id": "x"})


def test_a_disk_comes_and_goes_with_its_port(client: MemoryClient) -> None:
    stick: dict[str, object] = {
        "driver": "usb-storage",
        "id": "u",
        "removable": True,
        "write-cache": "off",
    }
    stick["bootindex"] = 1
    client.execute("device_add", stick | {"drive": "n"})
    (disk,) = client.execute("query-block")
    path = "/machine/peripheral/u/u.0/legacy[0]"
    assert disk["qdev"] == path
    assert disk["inserted"]["cache"]["writeback"] is False
    shown = {
        name: client.execute("qom-get", {"path": path, "property": name}) for name in PROPERTIES
    }
    assert shown == {"removable": True, "drive": "n", "type": "scsi-hd"}
    (line,) = client.execute("human-monitor-command", {"command-line": "info usb"}).splitlines()
    assert line == "  Device 0.0, Port 1, Speed 5000 Mb/s, Product QEMU USB MSD, ID: u"
    client.execute("device_del", {"id": "u"})
    assert client.execute("query-block") == []
    client.execute("blockdev-del", {"node-name": "n"})


PROPERTIES = ("removable", "drive", "type")


def test_a_medium_of_a_cdrom_is_in_a_cdrom_drive(client: MemoryClient) -> None:
    line = "drive_add 0 if=none,id=c,media=cdrom,file=null-co://,format=raw"
    client.execute("human-monitor-command", {"command-line": line})
    client.execute("device_add", {"driver": "usb-storage", "id": "u", "drive": "c"})
    asked = {"path": "/machine/peripheral/u/u.0/legacy[0]", "property": "type"}
    assert client.execute("qom-get", asked) == "scsi-cd"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "drive property not set"),
        ({"drive": "zz"}, "Property 'usb-storage.drive' can't find value 'zz'"),
        ({"drive": "n", "logical_block_size": 3}, "Property .logical_block_size"),
    ],
)
def test_a_refused_disk_leaves_nothing(
    client: MemoryClient, given: dict[str, object], text: str
) -> None:
    refused = client.request("device_add", {"driver": "usb-storage", "id": "u", **given})
    assert text in refused["error"]["desc"]
    assert client.execute("query-block") == []
    assert client.machine.part(BlockNodes).nodes["n"].users == []
    client.execute("device_add", {"driver": "usb-tablet", "id": "u", "port": "1"})
