"""What there is of devices: on PCI and USB buses, and what single ones can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.testing.memory import MemoryClient, make_machine

RNG = "virtio-rng-pci"


@pytest.fixture(params=["pc", "q35"])
def client(request: pytest.FixtureRequest) -> Iterator[MemoryClient]:
    machine = make_machine(machine_type=request.param)
    with MemoryClient(machine) as client:
        client.negotiate()
        yield client
    machine.close()


def plug(client: MemoryClient, driver: str, id: str, **more: Any) -> None:
    options = {"driver": driver, "id": id, **more}
    client.machine.part(Devices).plug(options, hotplugged=False)


def hmp(client: MemoryClient, line: str) -> str:
    said = client.execute("human-monitor-command", {"command-line": line})
    return str(said).replace("\r\n", "\n")


def test_virtio_devices_are_found_by_their_paths(client: MemoryClient) -> None:
    assert client.execute("x-query-virtio") == []
    assert hmp(client, "info virtio") == "No VirtIO devices\n"
    plug(client, RNG, "r")
    path = "/machine/peripheral/r/virtio-backend"
    assert client.execute("x-query-virtio") == [{"path": path, "name": "virtio-rng"}]
    assert hmp(client, "info virtio") == f"{path} [virtio-rng]\n"
    for command, more in (("status", {}), ("queue-status", {"queue": 0})):
        error = client.request(f"x-query-virtio-{command}", {"path": path, **more})["error"]
        assert error["desc"] == f"No driver has set up the device at {path}"
    arguments = {"path": "/machine/peripheral/r", "queue": 0}
    error = client.request("x-query-virtio-queue-element", arguments)["error"]
    assert error["desc"] == "Path /machine/peripheral/r is not a VirtIO device"


def functions(client: MemoryClient) -> dict[str, dict[str, Any]]:
    """The functions of the one bus that is found, by the id of their device."""
    [bus] = client.execute("query-pci")
    assert bus["bus"] == 0
    return {each["qdev_id"]: each for each in bus["devices"]}


def test_a_guest_finds_functions(client: MemoryClient) -> None:
    plug(client, RNG, "r", addr="5.0")
    found = functions(client)["r"]
    assert (found["bus"], found["slot"], found["function"]) == (0, 5, 0)
    assert found["id"] == {
        "vendor": 0x1AF4,
        "device": 0x1005,
        "subsystem-vendor": 0x1AF4,
        "subsystem": 4,
    }
    assert [region["type"] for region in found["regions"]] == ["io", "memory", "memory"]
    text = hmp(client, "info pci")
    assert "  Bus  0, device   0, function 0:\n    Host bridge: PCI device 8086:" in text
    assert text.count('\n      id "r"\n') == 1


def test_behind_a_port_devices_are_modern_and_not_found() -> None:
    machine = make_machine(machine_type="q35")
    with MemoryClient(machine) as client:
        client.negotiate()
        plug(client, "pcie-root-port", "p")
        plug(client, RNG, "r", bus="p")
        plug(client, "virtio-net-pci", "n", **{"disable-legacy": "on"})
        plug(client, "virtio-keyboard-pci", "k", **{"disable-legacy": "on"})
        found = functions(client)
        assert sorted(found) == ["", "k", "n", "p"]
        assert found["p"]["pci_bridge"]["bus"]["secondary"] == 0
        assert (found["n"]["id"]["device"], found["n"]["id"]["subsystem"]) == (0x1041, 0x1100)
        assert {region["type"] for region in found["n"]["regions"]} == {"memory"}
        text = hmp(client, "info pci")
        assert "      BUS 0.\n      secondary bus 0.\n      subordinate bus 0.\n" in text
        assert "pci id 1af4:1044 (sub 1af4:1100)" in hmp(client, "info qtree")
    machine.close()


def test_usb_devices_have_a_speed(client: MemoryClient) -> None:
    for controller, id in (("piix3-usb-uhci", "u"), ("qemu-xhci", "x")):
        plug(client, controller, id)
    plug(client, "usb-tablet", "t", bus="u.0")
    plug(client, "usb-kbd", "k", bus="x.0")
    plug(client, "usb-hub", "h", bus="x.0")
    assert client.execute("x-query-usb") == {
        "human-readable-text": (
            "  Device 0.0, Port 1, Speed 12 Mb/s, Product QEMU USB Tablet, ID: t\n"
            "  Device 1.0, Port 1, Speed 480 Mb/s, Product QEMU USB Keyboard, ID: k\n"
            "  Device 1.0, Port 2, Speed 12 Mb/s, Product QEMU USB Hub, ID: h\n"
        )
    }


def test_a_machine_without_usb_says_so(client: MemoryClient) -> None:
    assert client.request("x-query-usb")["error"]["desc"] == "USB support not enabled"


def test_a_generation_id_is_a_uuid(client: MemoryClient) -> None:
    told = client.request("query-vm-generation-id")["error"]["desc"]
    assert told == "VM Generation ID device not found"
    given = "00112233-4455-6677-8899-aabbccddeeff"
    plug(client, "vmgenid", "v", guid=given)
    assert UUID(client.execute("query-vm-generation-id")["guid"]) == UUID(given)
    assert hmp(client, "info vm-generation-id") == f"{given}\n"


@pytest.mark.parametrize(
    ("id", "text"),
    [
        ("r", "device-sync-config is not supported for 'virtio-rng-device'"),
        ("e", "device-sync-config is not supported for 'edu'"),
        ("z", "Device 'z' not found"),
    ],
)
def test_nobody_else_configures_devices(client: MemoryClient, id: str, text: str) -> None:
    plug(client, RNG, "r")
    plug(client, "edu", "e")
    assert client.request("device-sync-config", {"id": id})["error"]["desc"] == text


def test_the_tree_shows_properties(client: MemoryClient) -> None:
    plug(client, "virtio-serial-pci", "s", addr=40)
    plug(client, "virtserialport", "p", name="org.a")
    plug(client, "virtio-blk-pci", "b", drive=_node(client))
    lines = hmp(client, "info qtree").splitlines()
    assert lines[:2] == ["bus: main-system-bus", "  type System"]
    shown = [line.strip() for line in lines]
    for expected in (
        'dev: virtio-serial-pci, id "s"',
        "addr = 05.0",
        "class Class 0780, addr 00:05.0, pci id 1af4:1003 (sub 1af4:0003)",
        "bar 0: i/o at 0xffffffffffffffff [0x3e]",
        "bus: s.0",
        "type virtio-serial-bus",
        'dev: virtserialport, id "p"',
        "nr = 1 (0x1)",
        'name = "org.a"',
        "ioeventfd = true",
        "discard_granularity = 4294967295 (4 GiB)",
        "iothread-vq-mapping = <null>",
    ):
        assert expected in shown
    assert "busnr" not in " ".join(shown)


def _node(client: MemoryClient) -> str:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n0"})
    return "n0"
