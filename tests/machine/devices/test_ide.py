"""IDE disks, and CD-ROM drives whose medium changes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.testing.memory import MemoryClient


@pytest.fixture(autouse=True)
def devices(client: MemoryClient) -> Devices:
    client.execute("device_add", {"driver": "virtio-scsi-pci", "id": "scsi0"})
    found = client.machine.part(Devices)
    found.plug({"driver": "ich9-ahci", "id": "ahci"}, hotplugged=False)
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n0"})
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "ro", "read-only": True})
    return found


def disk(client: MemoryClient) -> dict[str, Any]:
    """The one disk that there is."""
    (found,) = client.execute("query-block")
    return dict(found)


def trays(client: MemoryClient) -> list[Any]:
    """What is said of trays from now on."""
    events: list[Any] = []

    def note(message: dict[str, Any]) -> None:
        if message["event"] == "DEVICE_TRAY_MOVED":
            events.append(message["data"])

    client.machine.listeners.append(note)
    return events


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"driver": "ide-hd"}, "No drive specified"),
        ({"driver": "ide-hd", "drive": "ro"}, "Block node is read-only"),
        ({"driver": "ide-hd", "drive": "zz"}, "Property 'ide-hd.drive' can't find value 'zz'"),
    ],
)
def test_what_is_refused(
    client: MemoryClient, devices: Devices, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(QmpError) as raised:
        devices.plug(options, hotplugged=False)
    assert raised.value.desc == text
    assert client.execute("query-block") == []


def test_a_disk_keeps_its_medium(client: MemoryClient, devices: Devices) -> None:
    devices.plug({"driver": "ide-hd", "drive": "n0", "id": "h"}, hotplugged=False)
    assert disk(client)["qdev"] == "h"
    assert not disk(client)["removable"]
    told = client.request("blockdev-remove-medium", {"id": "h"})["error"]["desc"]
    assert told == "Device 'h' is not removable"


@pytest.mark.parametrize("driver", ["ide-cd", "scsi-cd"])
def test_a_medium_goes_and_comes(client: MemoryClient, devices: Devices, driver: str) -> None:
    devices.plug({"driver": driver, "id": "c"}, hotplugged=False)
    events = trays(client)
    assert (disk(client)["removable"], disk(client)["tray_open"]) == (True, False)
    insert = {"id": "c", "node-name": "ro"}
    told = client.request("blockdev-insert-medium", insert)["error"]["desc"]
    assert told == "Tray of the device is not open"
    told = client.request("blockdev-insert-medium", {**insert, "node-name": "zz"})["error"]["desc"]
    assert told == "Node 'zz' not found"
    client.execute("blockdev-open-tray", {"id": "c"})
    client.execute("blockdev-insert-medium", insert)
    held = client.machine.part(BlockNodes).backends[0]
    assert len(held.queues) == 1
    told = client.request("blockdev-insert-medium", insert)["error"]["desc"]
    assert told == "Node 'ro' is already in use"
    told = client.request("blockdev-insert-medium", {**insert, "node-name": "n0"})["error"]["desc"]
    assert told == "There already is a medium in the device"
    client.execute("blockdev-close-tray", {"id": "c"})
    told = client.request("blockdev-remove-medium", {"id": "c"})["error"]["desc"]
    assert told == "Tray of device 'c' is not open"
    client.execute("eject", {"id": "c"})
    assert disk(client)["tray_open"] is True
    assert "inserted" not in disk(client)
    assert not held.queues
    client.execute("blockdev-del", {"node-name": "ro"})
    moved = [each["tray-open"] for each in events]
    assert moved == [True, False, True]
    assert {(each["device"], each["id"]) for each in events} == {("", "c")}


def test_a_medium_is_changed_in_one_go(client: MemoryClient, devices: Devices) -> None:
    devices.plug({"driver": "ide-cd", "drive": "ro", "id": "c"}, hotplugged=False)
    events = trays(client)
    change = {"id": "c", "filename": "null-co://", "format": "raw"}
    client.execute("blockdev-change-medium", change)
    assert disk(client)["inserted"]["drv"] == "raw"
    assert disk(client)["inserted"]["ro"]
    told = client.request("blockdev-change-medium", {"id": "c", "filename": "/no/where"})
    assert "Could not open" in told["error"]["desc"]
    assert [each["tray-open"] for each in events] == [True, False, True, False]
    assert len(client.machine.part(BlockNodes).nodes) == 4
    text = client.execute("human-monitor-command", {"command-line": "info block"})
    assert "tray closed" in text
    assert re.search(r"(?m)^#block\d+: null-co:// \(raw, read-only\)", text)
    assert "Attached to:      c" in text
