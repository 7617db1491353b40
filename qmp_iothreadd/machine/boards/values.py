"""What the properties of a machine may be set to, as QEMU's hw/core and hw/i386 check it.

The values have the types of the schema.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.boards.topology import check_topology

if TYPE_CHECKING:
    from qmp_iothreadd.machine.boards.machine_types import MachineType

_PAGE: Final = 8192
_OEM_ID_BYTES: Final = {"x-oem-id": 6, "x-oem-table-id": 8}
_PERSISTENCE: Final = ("cpu", "mem-ctrl")
_MOST_RAM_BELOW_4G: Final = 1 << 32
_MOST_FIRMWARE: Final = 16 << 20

ENUMS: Final = {
    "OnOffAuto": ("auto", "on", "off"),
    "PCSouthBridgeOption": ("piix3", "piix4-isa"),
}
"""The types of properties that take one of a few words."""

WORDS: Final = {"smbios-entry-point-type": ("32", "64", "auto")}
"""The properties that take one of a few words though their type is another's."""

# The types that QOM names in another way than the schema; enumerations that it lacks are texts.
_SCHEMA_TYPES: Final = {
    "string": "str",
    "uint64_t": "uint64",
    "PCSouthBridgeOption": "str",
}


def schema_type(qom_type: str) -> str:
    """The name of the schema's type that a property of this QOM type has."""
    return _SCHEMA_TYPES.get(qom_type, qom_type)


def check_value(machine: MachineType, name: str, value: Any) -> Any:
    """What a property is set to, where it is asked to be ``value``.

    Raises:
        QmpError: it cannot be that.
    """
    if name == "smp":
        topology = {key: int(count) for key, count in value.items()}
        return check_topology(topology, machine.name, machine.cpu_max, machine.family.levels)
    if name in CHECKS:
        return CHECKS[name](value)
    if name in WORDS and value not in WORDS[name]:
        raise errors.unaccepted_value(name, value)
    if name == "nvdimm-persistence" and value not in _PERSISTENCE:
        raise errors.persistence_unsupported(value)
    if name in _OEM_ID_BYTES and len(value.encode()) > _OEM_ID_BYTES[name]:
        raise errors.oem_id_too_long(name, _OEM_ID_BYTES[name])
    return value


def round_memory(values: dict[str, Any]) -> dict[str, Any]:
    """A MemorySizeConfiguration with a size in whole pages.

    Raises:
        QmpError: there are slots without room, or room without slots.
    """
    size = -(-values.get("size", 0) // _PAGE) * _PAGE
    maximum, slots = values.get("max-size"), values.get("slots")
    if maximum is None:
        if slots is not None:
            raise errors.memory_slots_without_maximum()
    elif maximum < size:
        raise errors.maxmem_too_small(maximum, size)
    elif slots and maximum == size:
        raise errors.memory_slots_without_room(size)
    return {**values, "size": size}


def check_boot(values: dict[str, Any]) -> dict[str, Any]:
    """A BootConfiguration, as it was given.

    Raises:
        QmpError: a drive that there cannot be, or one twice.
    """
    for name in ("order", "once"):
        seen = ""
        for letter in values.get(name, ""):
            if not "a" <= letter <= "p":
                raise errors.bad_boot_device(letter)
            if letter in seen:
                raise errors.boot_device_twice(letter)
            seen += letter
    return values


def check_low_memory(size: int) -> int:
    """``max-ram-below-4g``.

    Raises:
        QmpError: it is more than 4 GiB.
    """
    if size > _MOST_RAM_BELOW_4G:
        raise errors.too_much_low_memory(size)
    return size


def check_firmware_size(size: int) -> int:
    """``max-fw-size``.

    Raises:
        QmpError: it is more than 16 MiB.
    """
    if size > _MOST_FIRMWARE:
        raise errors.firmware_too_large(size)
    return size


CHECKS: Final[dict[str, Callable[[Any], Any]]] = {
    "boot": check_boot,
    "max-fw-size": check_firmware_size,
    "max-ram-below-4g": check_low_memory,
    "memory": round_memory,
}
