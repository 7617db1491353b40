"""Character devices: what a monitor's socket, or what stands in for it, says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.machine.chardevs import CHARDEV_TYPES, ChardevNull, ChardevSocket
from qmp_iothreadd.qom.types import TypeRegistry


@pytest.fixture
def types() -> TypeRegistry:
    return TypeRegistry()


@pytest.mark.parametrize(
    ("address", "server", "filename"),
    [
        ({"type": "unix", "path": "/tmp/s"}, True, "unix:/tmp/s,server=on"),
        ({"type": "unix", "path": "/tmp/s"}, False, "unix:/tmp/s"),
        ({"type": "fd", "str": "7"}, False, "fd:7"),
        ({"type": "inet", "host": "::1", "port": "1234"}, True, "tcp:::1:1234,server=on"),
    ],
)
def test_a_sockets_name_is_its_address_and_whether_anybody_is_connected(
    types: TypeRegistry, address: dict[str, Any], server: bool, filename: str
) -> None:
    chardev = ChardevSocket(types.add(ChardevSocket))
    chardev.address, chardev.server = address, server
    assert chardev.filename == f"disconnected:{filename}"
    assert not chardev.get_property("connected")
    chardev.connections = 1
    assert chardev.filename == filename
    assert chardev.get_property("connected")
    assert chardev.get_property("addr") == address


def test_others_are_called_by_their_kind(types: TypeRegistry) -> None:
    chardev = ChardevNull(types.add(ChardevNull))
    assert chardev.filename == "null"
    chardev.disconnect()  # nobody is connected: nothing happens


def test_each_kind_can_be_made(types: TypeRegistry) -> None:
    for cls in CHARDEV_TYPES:
        made = cls(types.add(cls))
        assert made.info() == {
            "label": made.name,
            "filename": made.filename,
            "frontend-open": True,
        }
