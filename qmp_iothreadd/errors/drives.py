"""Disks of the command line and of drive_add."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def disk_empty(name: str) -> QmpError:
    """A disk that is there, and nothing in it."""
    return QmpError(f"Device '{name}' has no medium")


def drive_bus_unknown(name: str) -> QmpError:
    """-drive with an if= that there is not."""
    return QmpError(f"unsupported bus type '{name}'")


def drive_media_unknown(name: str) -> QmpError:
    """-drive with a media= that there is not."""
    return QmpError(f"'{name}' invalid media")


def drive_discard_unknown() -> QmpError:
    """-drive with a discard= that there is not."""
    return QmpError("Invalid discard option")


def drive_aio_unknown() -> QmpError:
    """-drive with an aio= that there is not."""
    return QmpError("invalid aio option")


def drive_bus_without_error_action(name: str) -> QmpError:
    """-drive with werror= or rerror= on a bus whose devices ask for neither."""
    return QmpError(f"{name} is not supported by this bus type")


def drive_error_action_unknown(value: str, act: str) -> QmpError:
    """-drive with a werror= or rerror= that there is not; ``act``: write or read."""
    return QmpError(f"'{value}' invalid {act} error action")


def drive_cache_unknown() -> QmpError:
    """-drive with a cache= that there is not."""
    return QmpError("invalid cache option")


def drive_exists(name: str) -> QmpError:
    """A second disk of one name."""
    return QmpError(f"Duplicate ID '{name}' for drive")


def drive_conflicts(name: str) -> QmpError:
    """A disk that is called as a node is."""
    return QmpError(f"Device name '{name}' conflicts with an existing node name")


def node_conflicts(name: str) -> QmpError:
    """A node that is called as a disk is."""
    return QmpError(f"node-name={name} is conflicting with a device id")


def drive_without_file() -> QmpError:
    """-drive that says how to open, and not what."""
    return QmpError("Must specify either driver or file")


def drive_needs_file() -> QmpError:
    """-drive of a format, without what is to be in it."""
    return QmpError('A block device must be specified for "file"')


def drive_option_unknown(format: str, name: str) -> QmpError:
    """-drive with an option that the format does not have."""
    return QmpError(f"Block format '{format}' does not support the option '{name}'")


def drive_protocol_unknown(name: str) -> QmpError:
    """-drive of what is reached in a way that the build lacks."""
    return QmpError(f"Unknown protocol '{name}'")


def option_not_a_switch(name: str) -> QmpError:
    """Neither on nor off."""
    return QmpError(f"Parameter '{name}' expects 'on' or 'off'")


def option_not_a_number(name: str) -> QmpError:
    """-drive with a place that is none."""
    return QmpError(f"Parameter '{name}' expects a number")


def drive_overlay_unsupported(file: str) -> QmpError:
    """-drive snapshot=on, or -snapshot, of an image that would be written instead."""
    return QmpError(f"snapshot=on is not supported: no format here keeps the changes of '{file}'")


def drive_without_place(kind: str, bus: int = 0, unit: int = 0) -> QmpError:
    """-drive on a bus that the machine does not have."""
    return QmpError(f"machine type does not support if={kind},bus={bus},unit={unit}")


def drive_cannot_be_added(bus: int) -> QmpError:
    """drive_add to a bus of a guest."""
    return QmpError(f"Can't hot-add drive to type {bus}")


def drive_node_name_missing() -> QmpError:
    """``drive_add -n`` without a name."""
    return QmpError("'node-name' needs to be specified")


def commit_unsupported(disk: str) -> QmpError:
    """``commit`` of a disk without a backing file."""
    return QmpError(f"'commit' error for '{disk}': Operation not supported")


def drive_in_use(name: str, *, automatic: bool) -> QmpError:
    """A second device for one disk; ``automatic``: the first one was made with it."""
    if automatic:
        return QmpError(
            f"Drive '{name}' is already in use because it has been automatically connected to "
            "another device (did you need 'if=none' in the drive options?)"
        )
    return QmpError(f"Drive '{name}' is already in use by another device")


def device_without_backend() -> QmpError:
    """A command about a disk, for a device that is none."""
    return QmpError("Device does not have a block device backend")


def drive_fixed(id: str) -> QmpError:
    """A command that changes a disk's medium, for one that stays."""
    return QmpError(f"Device '{id}' is not removable")


def medium_fixed() -> QmpError:
    """blockdev-insert-medium of a disk that keeps its own."""
    return QmpError("Device is not removable")


def latency_bounds_refused(id: str, operation: str) -> QmpError:
    """Bounds of latencies that do not rise."""
    return QmpError(f"Device '{id}' set {operation} boundaries fail")


def medium_node_in_use(name: str) -> QmpError:
    """blockdev-insert-medium of a node that another disk has."""
    return QmpError(f"Node '{name}' is already in use")


def medium_there() -> QmpError:
    """blockdev-insert-medium where there is one."""
    return QmpError("There already is a medium in the device")


def tray_closed(id: str | None = None) -> QmpError:
    """A medium that is to be put into a closed tray or, from ``id``, taken out of it."""
    if id is None:
        return QmpError("Tray of the device is not open")
    return QmpError(f"Tray of device '{id}' is not open")


def medium_missing() -> QmpError:
    """Limits for a disk with nothing in it."""
    return QmpError("Device has no medium")
