"""The kinds of buses. Each is a type, with its own idea of a free place."""

from __future__ import annotations

from typing import ClassVar

from qmp_iothreadd.machine.devices.device import Bus, Device
from qmp_iothreadd.qom.object import ObjectType, Property


class SystemBus(Bus):
    """The bus that every machine has."""

    __slots__ = ()

    qom_name = "System"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("realized", "bool", lambda bus: False),
        Property("hotplug-handler", "link<hotplug-handler>", lambda bus: ""),
    )


class PciBus(Bus):
    """A bus of 32 slots with 8 functions each.

    ``functions`` are the devices by slot * 8 + function.
    """

    __slots__ = ("functions",)

    qom_name = "PCI"
    abstract = False

    def __init__(self, type: ObjectType, bus_name: str = "", *, hotpluggable: bool = False) -> None:
        super().__init__(type, bus_name, hotpluggable=hotpluggable)
        self.functions: dict[int, Device] = {}


class PcieBus(PciBus):
    """The same, of PCI Express."""

    __slots__ = ()

    qom_name = "PCIE"


class VirtioBus(Bus):
    """The abstract type of what connects a virtio device to what carries it: one device each."""

    __slots__ = ()

    qom_name = "virtio-bus"
    abstract = True
    capacity = 1


class VirtioPciBus(VirtioBus):
    """In a virtio-pci device."""

    __slots__ = ()

    qom_name = "virtio-pci-bus"
    abstract = False


class VirtioMmioBus(VirtioBus):
    """In a virtio-mmio device."""

    __slots__ = ()

    qom_name = "virtio-mmio-bus"
    abstract = False
