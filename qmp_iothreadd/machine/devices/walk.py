"""Going through the buses of a machine, in the order of QEMU's search: the newest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qmp_iothreadd import errors
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


def bus_at(machine: Machine, path: str) -> Bus:
    """The bus that users mean by ``pci.0``, ``pci.0/DEVICE``, ``/DEVICE/BUS/…``.

    A device is named by its id or its type. A path that ends with one means the bus that it offers.

    Raises:
        QmpError: there is no such bus, or a device on the way is not there, or offers none, or two.
    """
    parts = [part for part in path.split("/") if part]
    bus: Bus | None = system_bus(machine)
    if not path.startswith("/"):
        name = parts.pop(0) if parts else ""
        bus = find_bus(machine, name)
        if bus is None:
            raise errors.bus_not_found(name)
    assert bus is not None
    while parts:
        device = _device_on(bus, parts.pop(0))
        bus = _bus_of(device, parts.pop(0)) if parts else _only_bus(device)
    return bus


def _device_on(bus: Bus, name: str) -> Device:
    found = [device for device in bus.devices if device.id == name]
    found += [device for device in bus.devices if device.type.name == name]
    if not found:
        raise errors.device_not_found(name)
    return found[0]


def _bus_of(device: Device, name: str) -> Bus:
    for bus in device.buses:
        if bus.bus_name == name:
            return bus
    raise errors.bus_not_found(name)


def _only_bus(device: Device) -> Bus:
    if len(device.buses) == 1:
        return device.buses[0]
    raise errors.not_one_bus(device.id or device.type.name, some=bool(device.buses))


def choose_bus(machine: Machine, kind: str) -> Bus | None:
    """The first bus of a kind that has room; None where there is none."""
    for bus in buses_below(system_bus(machine)):
        if bus.type.implements(kind) and not bus.is_full:
            return bus
    return None
