"""Devices that cannot be plugged in, and network back ends."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def not_a_device_type() -> QmpError:
    """device_add of a type that only has heirs."""
    return QmpError("Parameter 'driver' expects a non-abstract device type")


def bus_not_found(name: str) -> QmpError:
    """device_add to a bus that there is not."""
    return QmpError(f"Bus '{name}' not found")


def bus_full(name: str) -> QmpError:
    """device_add to a bus without room."""
    return QmpError(f"Bus '{name}' is full")


def device_of_another_bus(driver: str, kind: str) -> QmpError:
    """device_add to a bus of another kind than the device needs."""
    return QmpError(f"Device '{driver}' can't go on {kind} bus")


def bus_not_hotpluggable(name: str) -> QmpError:
    """device_add or device_del on a bus whose devices stay."""
    return QmpError(f"Bus '{name}' does not support hotplugging")


def duplicate_device_id(id: str) -> QmpError:
    """A second device of one id."""
    return QmpError(f"Duplicate device ID '{id}'")


def device_not_unpluggable(driver: str) -> QmpError:
    """device_del of a device that stays."""
    return QmpError(f"Device '{driver}' does not support hotplugging")


def device_not_pluggable() -> QmpError:
    """device_add of what is there from the start or never."""
    return QmpError("Parameter 'driver' expects a pluggable device type")


def device_not_hotpluggable_here(driver: str) -> QmpError:
    """device_add of what needs no bus, but another machine."""
    return QmpError(f"Device '{driver}' can not be hotplugged on this machine")


def device_not_hotpluggable(id: str) -> QmpError:
    """device_del of an object that is no device."""
    return QmpError(f"{id} is not a hotpluggable device")


def netdev_not_built_in(kind: str) -> QmpError:
    """netdev_add of a kind that the build lacks."""
    return QmpError(f"network backend '{kind}' is not compiled into this binary")


def netdev_duplicate(id: str) -> QmpError:
    """A second back end of one name."""
    return QmpError(f"Duplicate ID '{id}'")


def netdev_peer_not_found(id: str) -> QmpError:
    """A hub's port to a back end that there is not."""
    return QmpError(f"netdev '{id}' not found")


def too_many_netdevs(limit: int) -> QmpError:
    """More back ends than QEMU looks through."""
    return QmpError(f"there are {limit} network backends already")
