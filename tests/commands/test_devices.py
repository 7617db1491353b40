"""Devices, which are refused, and network back ends, which are held."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.machine.netdevs import NETDEVS_MAX
from qmp_iothreadd.testing import MemoryClient


def error(client: MemoryClient, command: str, arguments: dict[str, Any]) -> Any:
    return client.request(command, arguments)["error"]["desc"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Parameter 'driver' is missing"),
        ({"driver": "nope", "foo": 1}, "'nope' is not a valid device model name"),
        ({"driver": "virtio-blk-pci"}, "No 'PCI' bus found for device 'virtio-blk-pci'"),
        ({"driver": "virtio-blk-pci", "bus": "pci.0"}, "Bus 'pci.0' not found"),
        ({"driver": "vfio-pci", "bus": "pci.0"}, "Bus 'pci.0' not found"),
        ({"driver": "loader"}, "Device 'loader' can not be hotplugged on this machine"),
        ({"driver": "hv-syndbg"}, "Device 'hv-syndbg' can not be hotplugged on this machine"),
        (
            {"driver": "qemu64-x86_64-cpu"},
            "Device 'qemu64-x86_64-cpu' can not be hotplugged on this machine",
        ),
        ({"driver": "x-x86_64-cpu"}, "'x-x86_64-cpu' is not a valid device model name"),
        ({"driver": "vmgenid"}, "Parameter 'driver' expects a pluggable device type"),
        ({"driver": "intel-iommu"}, "Parameter 'driver' expects a pluggable device type"),
        (
            {"driver": "ramfb"},
            "Parameter 'driver' expects a dynamic sysbus device type for the machine",
        ),
        ({"driver": "device"}, "Parameter 'driver' expects a non-abstract device type"),
    ],
)
def test_no_device_can_be_added(
    client: MemoryClient, arguments: dict[str, Any], message: str
) -> None:
    assert error(client, "device_add", arguments) == message


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("d", "Device 'd' not found"),
        ("compat_monitor0", "Device 'compat_monitor0' not found"),
        ("/machine", "/machine is not a hotpluggable device"),
        ("/nope", "Device '/nope' not found"),
    ],
)
def test_no_device_can_be_removed(client: MemoryClient, id: str, message: str) -> None:
    assert error(client, "device_del", {"id": id}) == message


def test_a_back_end_exists_until_it_is_deleted(client: MemoryClient) -> None:
    client.execute("netdev_add", {"type": "user", "id": "n", "net": "192.168.7.0/24"})
    client.execute("netdev_add", {"type": "hubport", "id": "h", "hubid": 3, "netdev": "n"})
    client.execute("netdev_add", {"type": "user", "id": "m", "restrict": True})
    client.execute("set_link", {"name": "n", "up": False})
    line = {"command-line": "info network"}
    assert client.execute("human-monitor-command", line) == (
        "hub 3\r\n \\ h: n: index=0,type=user,net=192.168.7.0,restrict=off\r\n"
        "m: index=0,type=user,net=10.0.2.0,restrict=on\r\n"
    )
    client.execute("netdev_del", {"id": "n"})
    client.execute("netdev_del", {"id": "m"})
    assert client.execute("human-monitor-command", line) == "hub 3\r\n \\ h\r\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"type": "user", "id": "n"}, "Duplicate ID 'n'"),
        ({"type": "user", "id": "9"}, "Parameter 'id' expects an identifier"),
        ({"type": "nic", "id": "x"}, "network backend 'nic' is not compiled into this binary"),
        ({"type": "hubport", "id": "h", "hubid": 0, "netdev": "zz"}, "netdev 'zz' not found"),
    ],
)
def test_what_cannot_be_a_back_end(
    client: MemoryClient, arguments: dict[str, Any], message: str
) -> None:
    client.execute("netdev_add", {"type": "user", "id": "n"})
    assert error(client, "netdev_add", arguments) == message


def test_back_ends_are_bounded(client: MemoryClient) -> None:
    for number in range(NETDEVS_MAX):
        client.execute("netdev_add", {"type": "user", "id": f"n{number}"})
    assert "network backends already" in error(client, "netdev_add", {"type": "user", "id": "n"})


def test_what_there_is_none_of_has_no_link(client: MemoryClient) -> None:
    assert error(client, "set_link", {"name": "z", "up": True}) == "Device 'z' not found"
    assert error(client, "netdev_del", {"id": "z"}) == "Device 'z' not found"
