"""virtio-blk: a disk whose queues are served by iothreads, or by the main loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.machine.devices.block_device import BlockDevice
from qmp_iothreadd.machine.devices.virtqueue_mapping import assign
from qmp_iothreadd.qom.links import resolve_link
from qmp_iothreadd.qom.object import Object, ObjectType

if TYPE_CHECKING:
    from qmp_iothreadd.machine.devices.model_table import DeviceModel
    from qmp_iothreadd.machine.machine import Machine

_AUTO: Final = 0xFFFF
_QUEUES_MAX: Final = 1024  # QEMU's VIRTIO_QUEUE_MAX
_QUEUE_SIZE_MAX: Final = 1024
_SECTORS_MAX: Final = (1 << 31) // 512 - 1


class VirtioBlk(BlockDevice):
    """A virtio disk."""

    __slots__ = ("_iothread",)

    def __init__(self, type: ObjectType, machine: Machine, model: DeviceModel) -> None:
        super().__init__(type, machine, model)
        self._iothread: Object | None = None

    def load(self, name: str) -> Any:
        """The value of a property; an iothread that was deleted since has no path any more."""
        if name == "iothread":
            found = self._iothread
            return found.path if found is not None and found.parent is not None else ""
        return super().load(name)

    def apply(self, name: str, value: Any) -> Any:
        """Find the iothread: it is kept itself, whatever its name stands for later."""
        if name == "iothread":
            path = resolve_link(self.machine.tree.root, name, value, "iothread")
            self._iothread = self.machine.resolve(path) if path else None
        return super().apply(name, value)

    @property
    def queues(self) -> int:
        """How many queues it has."""
        asked = self.load("num-queues")
        return 1 if asked in (None, _AUTO) else int(asked)

    def realize(self) -> None:
        """Hold the drive, and let it be served."""
        self._check_queues()
        held = self.claim_drive(resizable=True)
        try:
            held.start(self._iothreads())
        except BaseException:
            self.release_drive(unplugged=False)
            raise
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

    def _iothreads(self) -> list[IOThread | None]:
        """Who serves each queue; None: the main loop."""
        mappings = self.load("iothread-vq-mapping")
        if self._iothread is not None and mappings:
            raise errors.iothread_and_mapping()
        if self.load("ioeventfd") is False and (self._iothread is not None or mappings):
            raise errors.iothread_without_notifier()
        if mappings:
            return [*assign(self.machine, mappings, self.queues)]
        assert self._iothread is None or isinstance(self._iothread, IOThread)
        return [self._iothread] * self.queues
