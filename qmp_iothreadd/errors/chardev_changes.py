"""Commands that make, change and read character devices; the ports of the command line."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def chardev_add_failed(name: str, error: QmpError) -> QmpError:
    """chardev-add of what cannot be made."""
    return QmpError(f"Failed to add chardev '{name}': {error.desc}", hint=error.hint)


def chardev_to_change_missing(name: str) -> QmpError:
    """chardev-change of a device that there is not."""
    return QmpError(f"Chardev '{name}' does not exist")


def chardev_cannot_change() -> QmpError:
    """chardev-change of a mux or a hub."""
    return QmpError("For mux or hub device hotswap is not supported yet")


def frontend_cannot_change() -> QmpError:
    """chardev-change of a device whose front end cannot go on with another one."""
    return QmpError("Chardev user does not support chardev hotswap")


def chardev_args_malformed() -> QmpError:
    """The human monitor's chardev-add and -change, after what is wrong was said."""
    return QmpError("Parsing chardev args failed")


def chardev_id_unexpected() -> QmpError:
    """The human monitor's chardev-change, which names the device already."""
    return QmpError("Unexpected 'id' parameter")


def not_a_ringbuf(name: str) -> QmpError:
    """ringbuf-read and -write of another kind of device."""
    return QmpError(f"{name} is not a ringbuf device")


def ringbuf_size_too_small() -> QmpError:
    """ringbuf-read of nothing."""
    return QmpError("size must be greater than zero")


def port_not_connected(kind: str, text: str) -> QmpError:
    """A port whose character device cannot be had; said after the reason."""
    if kind == "debugcon":
        return QmpError(f"invalid character backend '{text}'")
    return QmpError(f"could not connect {kind} device to character backend '{text}'")


def too_many_parallel_ports() -> QmpError:
    """A fourth parallel port."""
    return QmpError("too many parallel ports")
