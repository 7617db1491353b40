"""SCSI: a virtio controller whose queues iothreads serve, its bus, and the disks on it."""

from __future__ import annotations

from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.block_device import BlockDevice
from qmp_iothreadd.machine.devices.bus import ScsiBus
from qmp_iothreadd.machine.devices.device import Device
from qmp_iothreadd.machine.devices.virtqueue_mapping import QueueOwner

_QUEUES_MAX: Final = 1024 - 2  # of VIRTIO_QUEUE_MAX, two are for other things


class VirtioScsi(QueueOwner):
    """The controller, which offers a bus."""

    __slots__ = ()

    queue_property = "num_queues"

    def realize(self) -> None:
        """Offer the bus: it is called after the device that the user named."""
        if not 0 < self.queues <= _QUEUES_MAX:
            raise errors.scsi_queues_bad(self.queues, _QUEUES_MAX)
        self.iothreads()  # whether they go together
        self.values["num_queues"] = self.queues
        named = self.parent if isinstance(self.parent, Device) else self
        name = f"{named.id}.0" if named.id else None
        self.offer_bus(ScsiBus, name, hotpluggable=bool(self.load("hotplug")))


class ScsiDisk(BlockDevice):
    """A disk on a SCSI bus: the controller's iothreads serve it."""

    __slots__ = ()

    def realize(self) -> None:
        """Hold the drive, and let it be served."""
        owner = self.bus.owner if self.bus else None
        iothreads = owner.iothreads() if isinstance(owner, VirtioScsi) else [None]
        self.serve(iothreads, resizable=not self.has_tray)


class ScsiCd(ScsiDisk):
    """A CD-ROM drive on a SCSI bus."""

    __slots__ = ()

    writes = False
    has_tray = True
