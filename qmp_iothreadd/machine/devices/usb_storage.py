"""A disk on a USB port: behind it a SCSI bus with that disk."""

from __future__ import annotations

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.machine.devices.bus import ScsiBus
from qmp_iothreadd.machine.devices.controllers import UsbDevice
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.devices.model_table import device_models


class UsbStorage(UsbDevice):
    """The bridge from USB to SCSI: what it is told of the disk it hands on."""

    __slots__ = ()

    qom_name = "usb-storage"

    def realize(self) -> None:
        """Make the bus, and the disk or CD-ROM drive on it.

        Raises:
            QmpError: there is no drive, or the disk cannot be had.
        """
        name = self.load("drive")
        if not name:
            raise errors.drive_property_missing()
        nodes = self.machine.part(BlockNodes)
        disk = nodes.disks.get(name)
        if disk is None and name not in nodes.nodes:
            raise errors.drive_not_found(self.type.name, name)
        model = "scsi-cd" if disk is not None and disk.is_cdrom else "scsi-hd"
        known = device_models()[model].properties.keys() - {"bootindex"}  # which is taken
        values = {key: value for key, value in self.values.items() if key in known}
        bus = self.offer_bus(ScsiBus, hotpluggable=False)
        path = f"{bus.path}/legacy[0]"
        self.machine.part(Devices).add_built_in(model, bus, values, path)
