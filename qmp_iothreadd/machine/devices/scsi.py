"""SCSI: a virtio controller whose queues iothreads serve, its bus, and the disks on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.block_device import BlockDevice
from qmp_iothreadd.machine.devices.device import Bus, Device
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.devices.virtqueue_mapping import QueueOwner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qmp_iothreadd.iothread.event_loop import IOThread

_UNSET: Final = (1 << 32) - 1
# What QEMU's virtio-scsi has room for.
_CHANNEL_MAX: Final = 0
_TARGET_MAX: Final = 255
_LUN_MAX: Final = 16383
_QUEUES_MAX: Final = 1024 - 2  # of VIRTIO_QUEUE_MAX, two are for other things


class ScsiBus(Bus):
    """A bus of targets, each with units (LUNs)."""

    __slots__ = ()

    qom_name = "SCSI"
    abstract = False

    def claim(self, device: Device) -> None:
        """Find the device's target and unit: those it asks for, or the first free ones."""
        channel, target, lun = [
            _number(device.load(name)) for name in ("channel", "scsi-id", "lun")
        ]
        channel = channel or 0
        if channel > _CHANNEL_MAX:
            raise errors.scsi_channel_bad(channel)
        if target is not None and target > _TARGET_MAX:
            raise errors.scsi_target_bad(target)
        if lun is not None and lun > _LUN_MAX:
            raise errors.scsi_lun_bad(lun)
        taken = {(each.load("scsi-id"), each.load("lun")): each for each in self.devices}
        if target is None:
            lun = lun or 0
            target = _first_free(_TARGET_MAX, [each for each, its in taken if its == lun])
            if target is None:
                raise errors.scsi_targets_used_up()
        elif lun is None:
            lun = _first_free(_LUN_MAX, [each for its, each in taken if its == target])
            if lun is None:
                raise errors.scsi_luns_used_up()
        elif (target, lun) in taken:
            raise errors.scsi_lun_taken(taken[target, lun].id or "")
        device.values |= {"channel": channel, "scsi-id": target, "lun": lun}


def _number(value: Any) -> int | None:
    return None if value is None or value == _UNSET else int(value)


def _first_free(most: int, taken: Sequence[int]) -> int | None:
    used = set(taken)
    return next((number for number in range(most + 1) if number not in used), None)


class VirtioScsi(QueueOwner):
    """The controller, which offers a bus."""

    __slots__ = ("_bus",)

    queue_property = "num_queues"

    def realize(self) -> None:
        """Offer the bus: it is called after the device that the user named."""
        if not 0 < self.queues <= _QUEUES_MAX:
            raise errors.scsi_queues_bad(self.queues, _QUEUES_MAX)
        self.iothreads()  # whether they go together
        self.values["num_queues"] = self.queues
        devices = self.machine.part(Devices)
        named = self.parent if isinstance(self.parent, Device) else self
        name = f"{named.id}.0" if named.id else _free_name(devices)
        bus = ScsiBus(self.machine.types.add(ScsiBus), name, hotpluggable=True)
        self._bus = devices.add_bus(self, bus)

    def unrealize(self) -> None:
        """Take the bus away."""
        self.buses.remove(self._bus)
        self._bus.unparent()


def _free_name(devices: Devices) -> str:
    number = 0
    while devices.find_bus(f"scsi.{number}") is not None:
        number += 1
    return f"scsi.{number}"


class ScsiDisk(BlockDevice):
    """A disk on a SCSI bus: the controller's iothreads serve it."""

    __slots__ = ()

    def realize(self) -> None:
        """Hold the drive, and let it be served."""
        held = self.claim_drive(resizable=True)
        try:
            held.start(self._iothreads())
        except BaseException:
            self.release_drive(unplugged=False)
            raise

    def _iothreads(self) -> list[IOThread | None]:
        owner = self.bus.owner if self.bus else None
        return owner.iothreads() if isinstance(owner, VirtioScsi) else [None]
