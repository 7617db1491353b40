"""Devices that lead from one bus to another."""

from __future__ import annotations

from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.bus import IsaBus, PciBus, PcieBus
from qmp_iothreadd.machine.devices.device import Device
from qmp_iothreadd.machine.devices.pci import PciDevice
from qmp_iothreadd.machine.devices.walk import buses_below, devices_below, system_bus

_EXPRESS: Final = "pcie-port"
_SLOT: Final = "pcie-slot"
_BUSES_MAX: Final = 256
"""So many numbers for buses there are. QEMU makes more, which no guest finds."""


class HostBridge(Device):
    """What leads from the processors to the first PCI bus: pci.0, or pcie.0."""

    __slots__ = ()

    qom_name = "pci-host-bridge"

    def realize(self) -> None:
        """Offer the bus; its board knows whether devices come and go there."""
        express = self.type.implements("pcie-host-bridge")
        self.offer_bus(PcieBus if express else PciBus, hotpluggable=False)


class IsaBridge(PciDevice):
    """What leads from a PCI bus to the ISA bus of a PC."""

    __slots__ = ()

    def realize(self) -> None:
        """Offer the bus."""
        self.offer_bus(IsaBus, hotpluggable=False)


class IsaBusBridge(Device):
    """What leads to the ISA bus of a machine without PCI."""

    __slots__ = ()

    def realize(self) -> None:
        """Offer the bus."""
        self.offer_bus(IsaBus, hotpluggable=False)


class PciBridge(PciDevice):
    """A bridge, or a port of PCI Express, with the bus behind it, which has the bridge's id."""

    __slots__ = ()

    qom_name = "base-pci-bridge"

    def realize(self) -> None:
        """Offer the bus.

        Raises:
            QmpError: the slot's number is taken, or there is none; or there are too many buses.
        """
        buses = buses_below(system_bus(self.machine))
        if sum(isinstance(bus, PciBus) for bus in buses) >= _BUSES_MAX:
            raise errors.too_many_pci_buses(_BUSES_MAX)
        if self.type.name == "pci-bridge" and self.load("chassis_nr") == 0:
            raise errors.bridge_without_chassis()
        if self.type.implements(_SLOT):
            self._check_slot()
        express = self.type.implements(_EXPRESS)
        self.offer_bus(
            PcieBus if express else PciBus, self.id or None, hotpluggable=self._is_hotpluggable()
        )

    def _is_hotpluggable(self) -> bool:
        """Whether devices behind it come and go: by the port's slot, or by the board's ACPI."""
        if "hotplug" in self.model.properties:
            return bool(self.load("hotplug"))
        if self.type.name == "pcie-pci-bridge":
            return True
        return not self.hotplugged and self.bus is not None and self.bus.hotpluggable

    def _check_slot(self) -> None:
        """A chassis has each slot once."""
        key = self.load("chassis"), self.load("slot")
        for other in devices_below(self.machine):
            if other is self or not other.type.implements(_SLOT):
                continue
            if (other.load("chassis"), other.load("slot")) == key:
                raise errors.chassis_slot_in_use()
