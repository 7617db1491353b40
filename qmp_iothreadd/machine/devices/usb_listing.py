"""What is plugged into USB ports, in the words of ``info usb``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from qmp_iothreadd.machine.devices.bus import UsbBus
from qmp_iothreadd.machine.devices.device import Device
from qmp_iothreadd.machine.devices.walk import buses_below, system_bus

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

_PRODUCTS: Final = {
    "usb-hub": "QEMU USB Hub",
    "usb-kbd": "QEMU USB Keyboard",
    "usb-mouse": "QEMU USB Mouse",
    "usb-redir": "USB Redirection Device",
    "usb-storage": "QEMU USB MSD",
    "usb-tablet": "QEMU USB Tablet",
    "usb-wacom-tablet": "QEMU PenPartner tablet",
}
_SLOW: Final = ("pci-uhci-usb", "pci-ohci")
"""Controllers of USB 1."""


def usb_buses(machine: Machine) -> list[UsbBus]:
    """All USB buses, the oldest first."""
    found = [bus for bus in buses_below(system_bus(machine)) if isinstance(bus, UsbBus)]
    return found[::-1]


def describe_usb(machine: Machine) -> str:
    """A line for each device."""
    return "".join(
        _line(number, device)
        for number, bus in enumerate(usb_buses(machine))
        for device in _in_order(bus)
    )


def _in_order(bus: UsbBus) -> Iterator[Device]:
    return reversed(bus.devices)


def _line(number: int, device: Device) -> str:
    product = _PRODUCTS.get(device.type.name, device.type.name)
    name = f", ID: {device.id}" if device.id else ""
    port = device.values["port"]
    return (
        f"  Device {number}.0, Port {port}, Speed {_speed(device)} Mb/s, Product {product}{name}\n"
    )


def _speed(device: Device) -> int:
    """In megabits per second: the slower of what the device and its controller can do."""
    owner = device.bus.owner if device.bus is not None else None
    slow = owner is not None and any(owner.type.implements(each) for each in _SLOW)
    fast = "usb_version" in device.model.properties and device.load("usb_version") == 2
    if device.type.name == "usb-storage" and owner is not None:
        return 5000 if owner.type.implements("pci-xhci") else 12 if slow else 480
    return 480 if fast and not slow else 12
