"""What devices that read and write a disk have in common: QEMU's hw/block/block.c."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.machine.devices.device import Device
from qmp_iothreadd.qom.object import ObjectType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qmp_iothreadd.iothread._engine import DiskQueue
    from qmp_iothreadd.iothread.event_loop import IOThread
    from qmp_iothreadd.machine.block.backend import BlockBackend
    from qmp_iothreadd.machine.devices.model_table import DeviceModel
    from qmp_iothreadd.machine.machine import Machine

_BLOCK = 512
_BLOCK_SIZES = ("logical_block_size", "physical_block_size")
_BLOCK_MAX = 2 << 20
_UNSET = (1 << 32) - 1
_CYLINDERS_MAX, _HEADS, _SECTORS = 16383, 16, 63


class BlockDevice(Device):
    """A device with a ``drive``: a disk or a node, which it holds while it works.

    ``held`` is its hold; None while it does not work.
    """

    __slots__ = ("held",)

    abstract = True
    writes: ClassVar[bool | None] = None
    """Whether it writes; None: where the node can be written."""
    has_tray: ClassVar[bool] = False
    """Whether its medium can be changed, and may be missing."""

    def __init__(self, type: ObjectType, machine: Machine, model: DeviceModel) -> None:
        super().__init__(type, machine, model)
        self.held: BlockBackend | None = None

    def apply(self, name: str, value: Any) -> Any:
        """Check what the drive is, and how large its blocks are."""
        if name == "drive" and value:
            self._check_drive(value)
        elif name in _BLOCK_SIZES and value:
            _check_block_size(name, value)
        return super().apply(name, value)

    def _check_drive(self, name: str) -> None:
        nodes = self.machine.part(BlockNodes)
        disk = nodes.disks.get(name)
        if disk is None and name not in nodes.nodes:
            raise errors.drive_not_found(self.type.name, name)
        if disk is not None:
            disk.check_free()

    def claim_drive(self, *, resizable: bool) -> BlockBackend:
        """Hold the drive, as ``realize`` begins.

        Raises:
            QmpError: there is none, others use it, or the sizes of its blocks do not fit together.
        """
        name = self.load("drive") or None
        if name is None and not self.has_tray:
            raise self.drive_missing()
        held = self.machine.part(BlockNodes).hold(name)
        held.attach(self)
        try:
            self._configure(held, resizable=resizable)
        except BaseException:
            held.detach(unplugged=False)
            raise
        self.held = held
        return held

    def drive_missing(self) -> errors.QmpError:
        """What it says where it has no drive."""
        return errors.drive_property_missing()

    def _configure(self, held: BlockBackend, *, resizable: bool) -> None:
        node = held.node
        if node is None and not self.has_tray:
            raise errors.drive_empty()
        self._check_sizes()
        if node is not None and "cyls" in self.model.properties:
            self._guess_geometry(node.virtual_size())
        held.claim(
            writes=node is not None and not node.read_only if self.writes is None else self.writes,
            share_writes=bool(self.load("share-rw")),
            share_resize=resizable,
        )
        for name in ("write", "read"):
            action = self.load(f"{name[0]}error")
            if action != "auto":
                setattr(held, f"{name}_error", action)
        if self.load("write-cache") == "off":
            held.write_cache = False
        held.tray_open = False if self.has_tray else None

    def _check_sizes(self) -> None:
        logical, physical = [self.load(name) or _BLOCK for name in _BLOCK_SIZES]
        if logical > physical:
            raise errors.block_sizes_reversed()
        for name in ("min_io_size", "opt_io_size", "discard_granularity"):
            size = self.load(name) or 0
            if size != _UNSET and size % logical:
                raise errors.size_not_in_blocks(name)
        self.values |= dict(zip(_BLOCK_SIZES, (logical, physical), strict=True))

    def _guess_geometry(self, size: int) -> None:
        """Cylinders, heads and sectors, where none are said: those of QEMU's hd-geometry."""
        if not any(self.load(name) for name in ("cyls", "heads", "secs")):
            cylinders = size // _BLOCK // (_HEADS * _SECTORS)
            cylinders = min(max(cylinders, 2), _CYLINDERS_MAX)
            self.values |= {"cyls": cylinders, "heads": _HEADS, "secs": _SECTORS}

    def release_drive(self, *, unplugged: bool = True) -> None:
        """Let go of the drive, where it is held; ``unplugged`` False: the plugging failed."""
        held, self.held = self.held, None
        if held is not None:
            held.detach(unplugged=unplugged)

    def disk_queue(self, number: int) -> DiskQueue:
        """The queue that a workload is to use.

        Raises:
            QmpError: there is no such queue.
        """
        queues = self.held.queues if self.held else []
        if number >= len(queues):
            raise errors.disk_queue_not_found(number, len(queues))
        return queues[number]

    def serve(self, iothreads: Sequence[IOThread | None], *, resizable: bool) -> None:
        """Hold the drive, and let each queue be served by its iothread: what ``realize`` does.

        Raises:
            QmpError: see claim_drive; or there are no descriptors, or no threads, left.
        """
        held = self.claim_drive(resizable=resizable)
        try:
            held.start(iothreads)
        except BaseException:
            self.release_drive(unplugged=False)
            raise

    def unrealize(self) -> None:
        """Let go of the drive."""
        self.release_drive()


def _check_block_size(name: str, value: int) -> None:
    if not _BLOCK <= value <= _BLOCK_MAX:
        raise errors.block_size_range(name, value, _BLOCK, _BLOCK_MAX)
    if value & (value - 1):
        raise errors.block_size_uneven(name, value)
