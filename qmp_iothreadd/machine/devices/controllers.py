"""Devices that offer buses of other kinds than PCI: USB, IDE, sound and virtio-serial."""

from __future__ import annotations

from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.bus import HdaBus, IdeBus, UsbBus, VirtioSerialBus
from qmp_iothreadd.machine.devices.device import Device
from qmp_iothreadd.machine.devices.pci import PciDevice
from qmp_iothreadd.machine.devices.virtio import VirtioDevice
from qmp_iothreadd.machine.devices.walk import find_bus

_UHCI_PORTS: Final = 2
_EHCI_PORTS: Final = 6
_HUB_PORTS: Final = 8
_HUBS_MAX: Final = 5
_SERIAL_PORTS_MAX: Final = 511
"""Of a virtio-serial device, so that its queues are not more than a virtio device can have."""


class UsbController(PciDevice):
    """A controller with ports; one of USB 1 can serve the slow devices on another's."""

    __slots__ = ()

    def realize(self) -> None:
        """Offer the bus, unless its ports are another controller's.

        Raises:
            QmpError: there is no such controller, or it does not share its ports.
        """
        master = self.values.get("masterbus")
        if master is not None:
            found = find_bus(self.machine, master)
            if not isinstance(found, UsbBus):
                raise errors.usb_bus_not_found(master)
            if not isinstance(found.owner, EhciController):
                raise errors.usb_no_companions(master)
            return
        bus = self.offer_bus(UsbBus, hotpluggable=True)
        assert isinstance(bus, UsbBus)
        bus.ports = {str(port): None for port in range(1, self.port_count() + 1)}

    def port_count(self) -> int:
        """How many ports it has."""
        return _UHCI_PORTS


class EhciController(UsbController):
    """A controller of USB 2."""

    __slots__ = ()

    def port_count(self) -> int:
        """How many ports it has."""
        return _EHCI_PORTS


class OhciController(UsbController):
    """Another controller of USB 1."""

    __slots__ = ()

    def port_count(self) -> int:
        """How many ports it has: as many as it was told."""
        return int(self.load("num-ports"))


class XhciController(UsbController):
    """A controller of USB 3: its fast and its slow ports are the same ones."""

    __slots__ = ()

    def port_count(self) -> int:
        """How many ports it has."""
        return max(int(self.load("p2")), int(self.load("p3")))


class UsbDevice(Device):
    """A device on a port of a USB bus."""

    __slots__ = ()

    qom_name = "usb-device"


class UsbHub(UsbDevice):
    """A device that makes ports of one: ``1`` becomes ``1.1`` to ``1.8``."""

    __slots__ = ()

    qom_name = "usb-hub"

    def realize(self) -> None:
        """Add the ports.

        Raises:
            QmpError: there are too many hubs between this one and the controller.
        """
        assert isinstance(self.bus, UsbBus)
        port = self.values["port"]
        if port.count(".") >= _HUBS_MAX:
            raise errors.usb_hubs_too_deep()
        for number in range(1, _HUB_PORTS + 1):
            self.bus.ports[f"{port}.{number}"] = None

    def check_unplug(self) -> None:
        """A hub goes with what is on it."""
        for device in self._behind():
            device.check_unplug()

    def unrealize(self) -> None:
        """Take the ports away, and what is on them."""
        assert isinstance(self.bus, UsbBus)
        for device in self._behind():
            device.unrealize_from_bus()
            device.unparent()
        for port in self._ports():
            del self.bus.ports[port]

    def _ports(self) -> list[str]:
        assert isinstance(self.bus, UsbBus)
        prefix = f"{self.values['port']}."
        return [port for port in self.bus.ports if port.startswith(prefix)]

    def _behind(self) -> list[Device]:
        assert isinstance(self.bus, UsbBus)
        users = [self.bus.ports[port] for port in self._ports()]
        return [user for user in users if user is not None]


class VirtioSerial(VirtioDevice):
    """Serial ports of virtio's own kind."""

    __slots__ = ()

    qom_name = "virtio-serial-device"

    def realize(self) -> None:
        """Offer the bus of the ports.

        Raises:
            QmpError: there are more than there can be.
        """
        most = self.load("max_ports")
        if most > _SERIAL_PORTS_MAX:
            raise errors.virtio_serial_ports(_SERIAL_PORTS_MAX)
        named = self.parent if isinstance(self.parent, Device) else self
        name = f"{named.id}.0" if named.id else None
        bus = self.offer_bus(VirtioSerialBus, name, hotpluggable=True)
        assert isinstance(bus, VirtioSerialBus)
        bus.max_ports = most


class Ahci(PciDevice):
    """A SATA controller with six ports."""

    __slots__ = ()

    qom_name = "ich9-ahci"

    def realize(self) -> None:
        """Offer a bus for each port."""
        for _ in range(6):
            self.offer_bus(IdeBus, hotpluggable=False)


class IsaIde(Device):
    """An IDE controller with one cable."""

    __slots__ = ()

    qom_name = "isa-ide"

    def realize(self) -> None:
        """Offer the bus."""
        self.offer_bus(IdeBus, hotpluggable=False)


class PciIde(PciDevice):
    """An IDE controller with two cables."""

    __slots__ = ()

    qom_name = "pci-ide"

    def realize(self) -> None:
        """Offer the buses."""
        for _ in range(2):
            self.offer_bus(IdeBus, hotpluggable=False)


class Hda(PciDevice):
    """A sound card, with a bus of codecs."""

    __slots__ = ()

    qom_name = "intel-hda-generic"

    def realize(self) -> None:
        """Offer the bus."""
        self.offer_bus(HdaBus, hotpluggable=False)
