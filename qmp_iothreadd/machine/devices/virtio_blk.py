"""virtio-blk: a disk whose queues are served by iothreads, or by the main loop."""

from __future__ import annotations

from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.block_device import BlockDevice
from qmp_iothreadd.machine.devices.virtqueue_mapping import QueueOwner

_QUEUES_MAX: Final = 1024  # QEMU's VIRTIO_QUEUE_MAX
_QUEUE_SIZE_MAX: Final = 1024
_SECTORS_MAX: Final = (1 << 31) // 512 - 1


class VirtioBlk(QueueOwner, BlockDevice):
    """A virtio disk."""

    __slots__ = ()

    def realize(self) -> None:
        """Hold the drive, and let it be served."""
        self._check_queues()
        self.serve(self.iothreads(), resizable=True)
        self.values["num-queues"] = self.queues

    def _check_queues(self) -> None:
        if not self.load("drive"):
            raise errors.drive_property_missing()
        if not self.queues:
            raise errors.no_queues()
        if self.queues > _QUEUES_MAX:
            raise errors.too_many_queues(_QUEUES_MAX)
        size = self.load("queue-size")
        if size is not None and size <= 2:
            raise errors.queue_too_short(size)
        if size is not None and (size & (size - 1) or size > _QUEUE_SIZE_MAX):
            raise errors.queue_size_uneven(size, _QUEUE_SIZE_MAX)
        for name in ("max-discard-sectors", "max-write-zeroes-sectors"):
            sectors = self.load(name)
            if sectors is not None and not 0 < sectors <= _SECTORS_MAX:
                raise errors.sectors_out_of_range(name, sectors, _SECTORS_MAX)
