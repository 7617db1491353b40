"""What the properties of a machine may be set to, as QEMU's hw/core/machine checks it.

The values have the types of the schema.
"""

from __future__ import annotations

from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.boards.properties import SMP

_PAGE: Final = 8192


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


def check_smp(values: dict[str, int]) -> dict[str, int]:
    """The SMPConfiguration of a machine that can have one CPU.

    Raises:
        QmpError: there would be more, or none.
    """
    if 0 in values.values():
        raise errors.no_cpus()
    count = max(values.values(), default=1)
    if count > 1:
        raise errors.too_many_cpus(count, "none", 1)
    return SMP


CHECKS: Final = {
    "boot": check_boot,
    "memory": round_memory,
    "smp": check_smp,
}
