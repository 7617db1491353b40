"""Virtio devices on a PCI bus: a PCI device with a virtio device inside that does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.machine.devices.bus import VirtioPciBus
from qmp_iothreadd.machine.devices.device import Device

if TYPE_CHECKING:
    from qmp_iothreadd.machine.devices.model_table import DeviceModel
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qom.object import ObjectType


class VirtioPci(Device):
    """A PCI device that carries the virtio device ``backend``, its child ``virtio-backend``."""

    __slots__ = ("backend", "virtio_bus")

    def __init__(self, type: ObjectType, machine: Machine, model: DeviceModel) -> None:
        super().__init__(type, machine, model)
        assert model.backend is not None
        self.virtio_bus = VirtioPciBus(machine.types.add(VirtioPciBus), "virtio-bus")
        self.add_child("virtio-bus", self.virtio_bus)
        self.buses.append(self.virtio_bus)
        made = machine.types[model.backend].instantiate()
        assert isinstance(made, Device)
        self.backend = made
        self.add_child("virtio-backend", made)

    def realize(self) -> None:
        """Plug the backend into the bus inside."""
        self.backend.hotplugged = self.hotplugged
        self.backend.id = None
        self.backend.realize_on(self.virtio_bus)

    def unrealize(self) -> None:
        """Take the backend out."""
        self.backend.unrealize_from_bus()
