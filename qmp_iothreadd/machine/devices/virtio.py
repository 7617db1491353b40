"""Virtio devices, and what carries them: a PCI device, or a window in memory.

What carries one offers a bus; the virtio device, which does the work, is plugged into that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qmp_iothreadd.machine.devices.bus import VirtioMmioBus, VirtioPciBus
from qmp_iothreadd.machine.devices.device import BusNumbers, Device
from qmp_iothreadd.machine.devices.pci import PciDevice

if TYPE_CHECKING:
    from qmp_iothreadd.machine.devices.model_table import DeviceModel
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qom.object import ObjectType


class VirtioDevice(Device):
    """A virtio device."""

    __slots__ = ()

    qom_name = "virtio-device"


class VirtioPci(PciDevice):
    """A PCI device that carries the virtio device ``backend``, its child ``virtio-backend``."""

    __slots__ = ("backend",)

    qom_name = "virtio-pci"

    def __init__(self, type: ObjectType, machine: Machine, model: DeviceModel) -> None:
        super().__init__(type, machine, model)
        assert model.backend is not None
        made = machine.types[model.backend].instantiate()
        assert isinstance(made, Device)
        self.backend = made
        self.add_child("virtio-backend", made)

    def default_of(self, name: str) -> dict[str, Any]:
        """The default of a property, which may be the backend's."""
        return super().default_of(name) or self.backend.default_of(name)

    def store_text(self, name: str, text: Any, *, whole: bool = False) -> None:
        """Set a property, which may be the backend's, to what a text stands for."""
        if name in self.model.properties or name not in self.backend.model.properties:
            super().store_text(name, text, whole=whole)
        else:
            self.backend.store_text(name, text, whole=whole)

    def realize(self) -> None:
        """Offer the bus, and plug the backend into it."""
        bus = self.offer_bus(VirtioPciBus, "virtio-bus", hotpluggable=False)
        self.backend.hotplugged = self.hotplugged
        self.backend.realize_on(bus)

    def leave(self) -> None:
        """Leave the bus; the backend, too, gives back what its properties hold."""
        self.backend.leave()
        super().leave()


class VirtioMmio(Device):
    """A window in memory with room for one virtio device."""

    __slots__ = ()

    qom_name = "virtio-mmio"

    def realize(self) -> None:
        """Offer the bus."""
        number = self.machine.part(BusNumbers).take("virtio-mmio-bus")
        self.offer_bus(VirtioMmioBus, f"virtio-mmio-bus.{number}", hotpluggable=False)
