"""Objects whose use is a guest's: they are opened, checked and held, or refused as by QEMU 7.2."""

from __future__ import annotations

import asyncio
import fcntl
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.testing import MemoryClient

Add = Callable[..., None]
Refused = Callable[..., str]


def test_a_bus_stays_as_long_as_the_machine(client: MemoryClient, add: Add) -> None:
    add("can-bus")
    reply = client.request("object-del", {"id": "o"})
    assert reply["error"]["desc"] == "object 'o' is in use, can not be deleted"


def test_the_hosts_bus_needs_an_interface(add: Add, refused: Refused) -> None:
    add("can-bus", "b")
    said = "CAN interface name longer than 15 characters"
    assert refused("can-host-socketcan", **{"if": "a" * 16, "canbus": "b"}) == said
    assert refused("can-host-socketcan", **{"if": "x", "canbus": "n"}) == "Device 'n' not found"
    said = refused("can-host-socketcan", **{"if": "nosuch", "canbus": "b"})
    assert said.startswith(("failed to create CAN_RAW", "CAN host interface nosuch not available"))


@pytest.mark.parametrize(
    ("kind", "properties", "said"),
    [
        (
            "cryptodev-backend-builtin",
            {"queues": 2},
            "Only support one queue in cryptdov-builtin backend",
        ),
        (
            "cryptodev-backend",
            {"queues": 0},
            "Property 'cryptodev-backend.queues' doesn't take value '0'",
        ),
        ("cryptodev-vhost-user", {"chardev": "x"}, "Device 'x' not found"),
        ("filter-replay", {"netdev": "n"}, "Parameter 'netdev' expects a network backend id"),
        (
            "filter-replay",
            {"netdev": "n", "status": "x"},
            "Invalid value for netfilter status, should be 'on' or 'off'",
        ),
        (
            "filter-buffer",
            {"netdev": "n", "interval": 0},
            "Property 'filter-buffer.interval' requires a positive value",
        ),
        (
            "filter-dump",
            {"netdev": "n", "file": "x", "maxlen": 0},
            "Property 'filter-dump.maxlen' doesn't take value '0'",
        ),
        ("input-linux", {"evdev": "/nope"}, "Could not open '/nope': No such file or directory"),
        ("input-linux", {"evdev": "/dev/null"}, "/dev/null: is not an evdev device"),
        (
            "pr-manager-helper",
            {"path": "/nope"},
            "Failed to connect to '/nope': No such file or directory",
        ),
        (
            "iommufd",
            {"fd": "x"},
            "Could not parse remote object fd x:File descriptor named 'x' has not been found",
        ),
        ("memory-backend-epc", {"size": 4096}, "invalid object type: memory-backend-epc"),
        ("s390-pv-guest", {}, "invalid object type: s390-pv-guest"),
    ],
)
def test_what_is_not_there_is_refused(
    refused: Refused, kind: str, properties: dict[str, Any], said: str
) -> None:
    assert refused(kind, **properties) == said


@pytest.mark.parametrize(
    ("kind", "given", "name", "value"),
    [
        ("cryptodev-backend", {"queues": 5}, "queues", 5),
        ("cryptodev-backend-builtin", {}, "queues", 1),
        ("sev-guest", {"reduced-phys-bits": 1}, "policy", 1),
        ("sev-snp-guest", {"reduced-phys-bits": 1, "policy": 5}, "policy", 5),
        ("sev-guest", {"reduced-phys-bits": 1}, "sev-device", "/dev/sev"),
        ("tdx-guest", {}, "sept-ve-disable", True),
        ("acpi-generic-initiator", {"pci-dev": "d", "node": 3}, "node", 3),
        ("acpi-generic-port", {"pci-bus": "d", "node": 3}, "pci-bus", "d"),
    ],
)
def test_what_is_said_is_held(
    add: Add, get: Callable[..., Any], kind: str, given: dict[str, Any], name: str, value: Any
) -> None:
    add(kind, **given)
    assert get(name) == value


def test_another_process_has_the_character_device(client: MemoryClient, add: Add) -> None:
    async def use() -> None:
        client.machine.chardevs.add("c", {"type": "null", "data": {}})
        add("cryptodev-vhost-user", chardev="c")
        assert client.machine.chardevs.find("c").busy
        client.execute("object-del", {"id": "o"})
        client.machine.chardevs.remove("c")

    asyncio.run(use())


def test_a_helper_is_connected_to_until_the_object_is_deleted(
    client: MemoryClient, add: Add, put: Callable[..., str | None], tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        add("pr-manager-helper", path=str(tmp_path / "s"))
        peer, _ = server.accept()
        with peer:
            assert put("path", "x") == "cannot change property 'path' of pr-manager-helper"
            client.execute("object-del", {"id": "o"})
            assert peer.recv(1) == b""


def test_a_socket_of_the_hosts_bus_is_held(
    client: MemoryClient, add: Add, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without CAN, what is bound is a socket of another family."""
    monkeypatch.setattr(socket, "AF_CAN", socket.AF_UNIX)
    monkeypatch.setattr(socket, "SOCK_RAW", socket.SOCK_STREAM)
    monkeypatch.setattr(socket, "CAN_RAW", 0)
    monkeypatch.setattr(socket.socket, "bind", lambda self, address: None)
    add("can-bus", "b")
    add("can-host-socketcan", **{"if": "can0", "canbus": "b"})
    client.execute("object-del", {"id": "o"})

    def refuse(self: socket.socket, address: object) -> None:
        raise OSError(19, "")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    said = "CAN host interface can0 not available: No such device"
    assert refused("can-host-socketcan", **{"if": "can0", "canbus": "b"}) == said


def test_an_input_device_is_held(
    client: MemoryClient,
    add: Add,
    put: Callable[..., str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fcntl, "ioctl", lambda *_: bytes(4))
    add("input-linux", evdev="/dev/null")
    assert put("evdev", "/dev/zero") == "evdev property already set"
    assert put("repeat", True) is None
    client.execute("object-del", {"id": "o"})


def test_types_are_listed_below_their_bases(client: MemoryClient) -> None:
    found = client.execute("qom-list-types", {"implements": "memory-backend", "abstract": True})
    assert {each["name"] for each in found} == {
        "memory-backend",
        *(f"memory-backend-{kind}" for kind in ("file", "memfd", "ram", "shm")),
    }
    creatable = client.execute("qom-list-types", {"implements": "user-creatable"})
    names = {each["name"]: each.get("parent") for each in creatable}
    assert names["sev-guest"] == "sev-common"
    assert names["filter-dump"] == "netfilter"
    assert "netfilter" not in names
