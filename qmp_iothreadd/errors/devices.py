"""Devices, their properties, and network back ends."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def not_a_device_type() -> QmpError:
    """device_add of a type that only has heirs."""
    return QmpError("Parameter 'driver' expects a non-abstract device type")


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


def no_config_to_sync(type_name: str) -> QmpError:
    """device-sync-config of a device that nobody else configures."""
    return QmpError(f"device-sync-config is not supported for '{type_name}'")


# -- Properties of devices ------------------------------------------------------------------------


def device_property_value(type_name: str, name: str, value: str) -> QmpError:
    """A text that is no value of the property."""
    return QmpError(f"Property '{type_name}.{name}' doesn't take value '{value}'")


def device_property_not_found(type_name: str, name: str, value: str) -> QmpError:
    """The name of something that there is not."""
    return QmpError(f"Property '{type_name}.{name}' can't find value '{value}'")


def device_property_in_use(type_name: str, name: str, value: str) -> QmpError:
    """The name of something that another device has."""
    return QmpError(f"Property '{type_name}.{name}' can't take value '{value}', it's in use")


def device_property_refused(type_name: str, name: str, value: str, error: QmpError) -> QmpError:
    """The name of something that refuses, for the reason ``error``."""
    return QmpError(f"Property '{type_name}.{name}' can't take value '{value}': {error.desc}")


def device_property_set_too_late(name: str, id: str | None, type_name: str) -> QmpError:
    """A property that stays once the device works."""
    device = "anonymous device" if id is None else f"device '{id}'"
    return QmpError(
        f"Attempt to set property '{name}' on {device} (type '{type_name}') after it was realized"
    )


def boot_index_in_use(index: int) -> QmpError:
    """Two devices at one place of the boot order."""
    return QmpError(f"The bootindex {index} has already been used")


def global_not_applied(driver: str, name: str, value: str, error: QmpError) -> QmpError:
    """-global, where a device refuses the value for the reason ``error``."""
    return QmpError(f"can't apply global {driver}.{name}={value}: {error.desc}")


# -- What single models need ----------------------------------------------------------------------


def qxl_revision_unknown(revision: int, most: int) -> QmpError:
    """A card of SPICE that was never made."""
    return QmpError(f"Invalid revision {revision} for qxl device (max {most})")


def chardev_missing(what: str) -> QmpError:
    """A port that leads nowhere; ``what``: debugcon or parallel."""
    return QmpError(f"Can't create {what} device, empty char device")


def negative_interval() -> QmpError:
    """How often a guest is asked for statistics."""
    return QmpError("timer value must be greater than zero")


def interval_too_long() -> QmpError:
    """The same, in more seconds than 32 bits count."""
    return QmpError("timer value is too big")


def second_balloon() -> QmpError:
    """A machine has one."""
    return QmpError("Only one balloon device is supported")


def second_device(driver: str) -> QmpError:
    """Of vmgenid and vmcoreinfo a machine has one."""
    return QmpError(f"at most one {driver} device is permitted")


def rng_period_too_short() -> QmpError:
    """A source of random numbers that gives none."""
    return QmpError("'period' parameter expects a positive integer")


def unplug_pending(id: str) -> QmpError:
    """device_del again, before the guest could have heard of the first."""
    return QmpError(f"Device {id} is already in the process of unplug")
