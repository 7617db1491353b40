"""SCSI disks: their places, and who serves them."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.testing.memory import MemoryClient


@pytest.fixture(autouse=True)
def controller(client: MemoryClient) -> str:
    client.execute("object-add", {"qom-type": "iothread", "id": "iothread1"})
    for name in ("n0", "n1", "n2"):
        client.execute("blockdev-add", {"driver": "null-co", "node-name": name})
    options = {"driver": "virtio-scsi-pci", "id": "scsi0", "iothread": "iothread1"}
    client.execute("device_add", options)
    return "scsi0.0"


def plug(client: MemoryClient, id: str, drive: str, **more: Any) -> str | None:
    more = {name.replace("_", "-"): value for name, value in more.items()}
    options = {"driver": "scsi-hd", "id": id, "drive": drive, "bus": "scsi0.0", **more}
    error = client.request("device_add", options).get("error")
    return None if error is None else str(error["desc"])


def place(client: MemoryClient, id: str) -> list[int]:
    return [
        client.execute("qom-get", {"path": f"/machine/peripheral/{id}", "property": name})
        for name in ("channel", "scsi-id", "lun")
    ]


def test_places_are_those_asked_for_or_free(client: MemoryClient) -> None:
    assert plug(client, "s0", "n0") is None
    assert plug(client, "s1", "n1") is None
    assert plug(client, "s2", "n2", scsi_id=1) is None
    assert [place(client, id) for id in ("s0", "s1", "s2")] == [[0, 0, 0], [0, 1, 0], [0, 1, 1]]
    assert [disk["qdev"] for disk in client.execute("query-block")] == ["s0", "s1", "s2"]
    client.execute("device_del", {"id": "s1"})
    assert plug(client, "s3", "n1", scsi_id=1) is None
    assert place(client, "s3") == [0, 1, 0]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"channel": 1}, "bad scsi channel id: 1"),
        ({"scsi_id": 300}, "bad scsi device id: 300"),
        ({"lun": 20000}, "bad scsi device lun: 20000"),
        ({"scsi_id": 0, "lun": 0}, "lun already used by 's0'"),
        ({"drive": "zz"}, "Property 'scsi-hd.drive' can't find value 'zz'"),
        ({"drive": ""}, "drive property not set"),
        (
            {"drive": "n0"},
            "Permission conflict on node 'n0': permissions 'write' are both required by block "
            "device 's0' (uses node 'n0' as 'root' child) and unshared by block device 'x' (uses "
            "node 'n0' as 'root' child).",
        ),
    ],
)
def test_what_is_refused(client: MemoryClient, options: dict[str, Any], text: str) -> None:
    plug(client, "s0", "n0")
    assert plug(client, "x", **{"drive": "n1", **options}) == text
    assert len(client.execute("query-block")) == 1
    assert plug(client, "s1", "n1") is None


def test_a_full_bus_says_so(client: MemoryClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qmp_iothreadd.machine.devices.bus._TARGET_MAX", 0)
    monkeypatch.setattr("qmp_iothreadd.machine.devices.bus._LUN_MAX", 0)
    plug(client, "s0", "n0")
    assert plug(client, "s1", "n1") == "no free target"
    assert plug(client, "s1", "n1", scsi_id=0) == "no free lun"


@pytest.mark.parametrize("queues", [0, 3000])
def test_a_controller_has_a_queue_and_not_too_many(client: MemoryClient, queues: int) -> None:
    options = {"driver": "virtio-scsi-pci", "id": "s", "num_queues": queues}
    assert client.request("device_add", options)["error"]["desc"] == (
        f"Invalid number of queues (= {queues}), must be a positive integer less than 1022."
    )


def test_buses_of_controllers_without_a_name(client: MemoryClient) -> None:
    devices = client.machine.part(Devices)
    for _ in range(2):
        devices.plug({"driver": "virtio-scsi-pci"}, hotplugged=True)
    assert devices.find_bus("scsi.1") is not None
    client.execute("device_del", {"id": "/machine/peripheral-anon/device[0]"})
    assert devices.find_bus("scsi.0") is None


def test_the_controllers_iothread_serves(client: MemoryClient) -> None:
    plug(client, "s0", "n0")
    moved = {"node-name": "n0", "iothread": None}
    refused = client.request("x-blockdev-set-iothread", moved)["error"]["desc"]
    assert refused == (
        "Node n0 is associated with a BlockBackend and could be in use (use force=true to override "
        "this check)"
    )
    refused = client.request("x-blockdev-set-iothread", {**moved, "force": True})["error"]["desc"]
    assert refused == "Cannot change iothread of active block backend"
