"""IDE: disks and CD-ROM drives, which the main loop serves."""

from __future__ import annotations

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.block_device import BlockDevice


class IdeDisk(BlockDevice):
    """A disk."""

    __slots__ = ()

    writes = True

    def realize(self) -> None:
        """Hold the drive, and let it be served."""
        self.serve([None], resizable=not self.has_tray)

    def drive_missing(self) -> errors.QmpError:
        """What it says where it has no drive."""
        return errors.ide_drive_missing()


class IdeCd(IdeDisk):
    """A CD-ROM drive."""

    __slots__ = ()

    writes = False
    has_tray = True
