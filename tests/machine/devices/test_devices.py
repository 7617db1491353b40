"""Devices on a machine with a PCI bus: plugged in and unplugged."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.testing.memory import MemoryClient


def test_plug_and_unplug(client: MemoryClient) -> None:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n0"})
    disk = {"driver": "virtio-blk-pci", "id": "d1", "num-queues": 2, "drive": "n0"}
    client.execute("device_add", disk)
    listed = client.execute("qom-list", {"path": "/machine/peripheral"})
    assert listed[1:] == [{"name": "d1", "type": "child<virtio-blk-pci>"}]
    backend = "/machine/peripheral/d1/virtio-backend"
    assert client.execute("qom-get", {"path": backend, "property": "num-queues"}) == 2
    events: list[dict[str, Any]] = []
    client.machine.listeners.append(events.append)
    client.execute("device_del", {"id": "d1"})
    assert client.execute("qom-list", {"path": "/machine/peripheral"})[1:] == []
    data = [each["data"] for each in events if each["event"] == "DEVICE_DELETED"]
    path = "/machine/peripheral/d1"
    assert data == [{"path": f"{path}/virtio-backend"}, {"device": "d1", "path": path}]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"driver": "virtio-blk-pci", "bus": "nope"}, "Bus 'nope' not found"),
        (
            {"driver": "virtio-blk-device"},
            "No 'virtio-bus' bus found for device 'virtio-blk-device'",
        ),
        ({"driver": "pci-device"}, "Parameter 'driver' expects a non-abstract device type"),
        ({"driver": "nope"}, "'nope' is not a valid device model name"),
        ({"id": "d1"}, "Parameter 'driver' is missing"),
    ],
)
def test_refused(client: MemoryClient, options: dict[str, object], text: str) -> None:
    with pytest.raises(QmpError) as caught:
        client.machine.part(Devices).plug(options, hotplugged=True)
    assert str(caught.value) == text


@pytest.mark.parametrize(("model", "is_open"), [("virtserialport", False), ("virtconsole", True)])
async def test_a_port_for_an_agent_is_closed_until_there_is_one(
    client: MemoryClient, model: str, is_open: bool
) -> None:
    client.execute("chardev-add", {"id": "c0", "backend": {"type": "null", "data": {}}})
    client.execute("device_add", {"driver": "virtio-serial-pci", "id": "serial0"})
    client.execute("device_add", {"driver": model, "id": "port0", "chardev": "c0"})
    listed = {each["label"]: each for each in client.execute("query-chardev")}
    assert listed["c0"]["frontend-open"] is is_open
    client.execute("device_del", {"id": "port0"})
    client.execute("chardev-remove", {"id": "c0"})  # while there is an event loop
