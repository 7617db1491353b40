"""Going through the buses of a machine, in the order of QEMU's search: the newest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qmp_iothreadd.machine.devices.device import Bus, Device

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine


def system_bus(machine: Machine) -> Bus:
    """The bus that all others are below."""
    found = machine.resolve("/machine/unattached/sysbus")
    assert isinstance(found, Bus)
    return found


def buses_below(bus: Bus) -> Iterator[Bus]:
    """A bus, and those that the devices on it offer: depth first."""
    yield bus
    for device in bus.devices:
        for below in device.buses:
            yield from buses_below(below)


def devices_below(machine: Machine) -> Iterator[Device]:
    """All devices that are plugged into a bus."""
    for bus in buses_below(system_bus(machine)):
        yield from bus.devices


def find_bus(machine: Machine, name: str) -> Bus | None:
    """The bus of this name, or None."""
    for bus in buses_below(system_bus(machine)):
        if bus.bus_name == name:
            return bus
    return None


def choose_bus(machine: Machine, kind: str) -> Bus | None:
    """The first bus of a kind that has room; None where there is none."""
    for bus in buses_below(system_bus(machine)):
        if bus.type.implements(kind) and not bus.is_full:
            return bus
    return None
