"""Devices of disks that ``-drive`` puts on a bus: nobody has to name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qmp_iothreadd import errors
from qmp_iothreadd.errors import located
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.devices.walk import find_bus

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

# A board's flash memory and floppy drives are none of ours: their disks stay without a device.
_LEFT_ALONE: Final = ("none", "pflash", "floppy")


def plug_board_drives(machine: Machine) -> None:
    """Make the disks of the board's IDE cables, as the board does that has such.

    Raises:
        LocatedError: one of them cannot be.
    """
    for disk in list(machine.part(BlockNodes).disks.values()):
        kind, bus, unit = disk.place
        cable = find_bus(machine, f"ide.{bus}") if kind == "ide" else None
        if cable is not None:
            model = "ide-cd" if disk.is_cdrom else "ide-hd"
            values = {"drive": disk.name, "unit": unit}
            with located(disk.location):
                machine.part(Devices).add_built_in(model, cable, values)


def plug_virtio_drives(machine: Machine) -> None:
    """Make the devices of the disks with if=virtio.

    Raises:
        LocatedError: one of them cannot be.
    """
    for disk in list(machine.part(BlockNodes).disks.values()):
        if disk.place.kind == "virtio":
            options = {"driver": "virtio-blk-pci", "drive": disk.name}
            with located(disk.location):
                machine.part(Devices).plug(options, hotplugged=False)


def check_drives(machine: Machine) -> None:
    """Refuse disks on buses that the board does not have.

    Raises:
        LocatedError: there is such a disk.
    """
    for disk in machine.part(BlockNodes).disks.values():
        if disk.device is None and disk.place.kind not in _LEFT_ALONE:
            with located(disk.location):
                raise errors.drive_without_place(*disk.place)
