"""Devices that hold disks: what they refuse."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError

# -- The drive ------------------------------------------------------------------------------------


def drive_property_missing() -> QmpError:
    """A device for a disk, without one."""
    return QmpError("drive property not set")


def ide_drive_missing() -> QmpError:
    """The same on an IDE cable."""
    return QmpError("No drive specified")


def drive_empty() -> QmpError:
    """A device whose disk never changes, with nothing in it."""
    return QmpError("Device needs media, but drive is empty")


def drive_not_found(type: str, name: str) -> QmpError:
    """A device's ``drive`` that is neither a disk nor a node."""
    return QmpError(f"Property '{type}.drive' can't find value '{name}'")


def block_size_range(name: str, value: int, least: int, most: int) -> QmpError:
    """Blocks that are too small or too large; the type is not said at this point."""
    return QmpError(
        f"Property .{name} doesn't take value {value} (minimum: {least}, maximum: {most})"
    )


def block_size_uneven(name: str, value: int) -> QmpError:
    """Blocks whose size is no power of two."""
    return QmpError(f"Property .{name} doesn't take value '{value}', it's not a power of 2")


def block_sizes_reversed() -> QmpError:
    """Logical blocks that are larger than physical ones."""
    return QmpError("logical_block_size > physical_block_size not supported")


def size_not_in_blocks(name: str) -> QmpError:
    """A size that is not made of whole logical blocks."""
    return QmpError(f"{name} must be a multiple of logical_block_size")


# -- Queues ---------------------------------------------------------------------------------------


def no_queues() -> QmpError:
    """A virtio disk that could not be talked to."""
    return QmpError("num-queues property must be larger than 0")


def too_many_queues(limit: int) -> QmpError:
    """More queues than a virtio device has; QEMU aborts."""
    return QmpError(f"num-queues property must not be larger than {limit}")


def queue_too_short(size: int) -> QmpError:
    """A queue that has no room for a request."""
    return QmpError(f"invalid queue-size property ({size}), must be > 2")


def queue_size_uneven(size: int, most: int) -> QmpError:
    """A queue whose length is no power of two, or too large."""
    return QmpError(f"invalid queue-size property ({size}), must be a power of 2 (max {most})")


def sectors_out_of_range(name: str, value: int, most: int) -> QmpError:
    """A largest request that is none, or too large."""
    return QmpError(f"invalid {name} property ({value}), must be between 1 and {most}")


def disk_queue_not_found(number: int, queues: int) -> QmpError:
    """A workload of a queue that the disk does not have; QEMU has no workloads."""
    return QmpError(f"the disk has no queue {number}: there are {queues}")


# -- iothread-vq-mapping --------------------------------------------------------------------------


def iothread_and_mapping() -> QmpError:
    """Who serves the queues, said twice."""
    return QmpError("iothread and iothread-vq-mapping properties cannot be set at the same time")


def iothread_without_notifier() -> QmpError:
    """An iothread for a device whose guest would not wake one."""
    return QmpError("ioeventfd is required for iothread")


def mapped_iothread_twice(name: str) -> QmpError:
    """Two mappings to one iothread."""
    return QmpError(f'duplicate IOThread name "{name}" in iothread-vq-mapping')


def mapping_mixed() -> QmpError:
    """Some mappings name queues, others do not."""
    return QmpError(
        "either all items in iothread-vq-mapping must have vqs or none of them must have it"
    )


def mapped_queue_too_large(queue: int, iothread: str, queues: int) -> QmpError:
    """A mapping of a queue that the device does not have."""
    return QmpError(
        f'vq index {queue} for IOThread "{iothread}" must be less than num_queues {queues} in '
        "iothread-vq-mapping"
    )


def mapped_queue_taken(queue: int, iothread: str) -> QmpError:
    """A queue that two iothreads would serve."""
    return QmpError(
        f'cannot assign vq {queue} to IOThread "{iothread}" because it is already assigned'
    )


def mapped_queue_missing(queue: int) -> QmpError:
    """A queue that no iothread would serve."""
    return QmpError(f"missing vq {queue} IOThread assignment in iothread-vq-mapping")


# -- SCSI -----------------------------------------------------------------------------------------


def scsi_queues_bad(queues: int, most: int) -> QmpError:
    """A SCSI controller that could not be talked to, or with too many queues."""
    return QmpError(
        f"Invalid number of queues (= {queues}), must be a positive integer less than {most}."
    )


def scsi_channel_bad(channel: int) -> QmpError:
    """A channel that the controller does not have."""
    return QmpError(f"bad scsi channel id: {channel}")


def scsi_target_bad(target: int) -> QmpError:
    """A target that the controller does not have."""
    return QmpError(f"bad scsi device id: {target}")


def scsi_lun_bad(lun: int) -> QmpError:
    """A unit that no target has."""
    return QmpError(f"bad scsi device lun: {lun}")


def scsi_lun_taken(id: str) -> QmpError:
    """Two devices in one place; ``id`` is the other one's."""
    return QmpError(f"lun already used by '{id}'")


def scsi_targets_used_up() -> QmpError:
    """No target is free for a device that asks for none."""
    return QmpError("no free target")


def scsi_luns_used_up() -> QmpError:
    """No unit is free in the target that a device asks for."""
    return QmpError("no free lun")
