"""Devices on a PCI bus."""

from __future__ import annotations

import re
from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.bus import FUNCTIONS, SLOTS
from qmp_iothreadd.machine.devices.device import Device

# A slot in base 16, as C's scanf reads one, and a function.
_ADDRESS: Final = re.compile(r"(?:0[xX])?([0-9a-fA-F]+)(?:\.(?:0[xX])?([0-9a-fA-F]+))?", re.ASCII)


class PciDevice(Device):
    """A function of a slot. ``values["addr"]`` is slot * 8 + function; -1: any free slot."""

    __slots__ = ()

    qom_name = "pci-device"
    asks_guest = True

    def load(self, name: str) -> Any:
        """The value in force of a property; the address as users write it."""
        value = super().load(name)
        if name == "addr" and isinstance(value, int):
            return "-1" if value < 0 else f"{value // FUNCTIONS:02x}.{value % FUNCTIONS:x}"
        return value

    def convert(self, name: str, value: Any) -> Any:
        """The value as the property's type has it; an address is a text or a number.

        Raises:
            QmpError: it is of another type, or no address.
        """
        if name != "addr":
            return super().convert(name, value)
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise errors.invalid_parameter_type(name, "int32 or str")
        place = read_address(value) if isinstance(value, str) else value
        if place is None or not -1 <= place < SLOTS * FUNCTIONS:
            raise errors.device_property_value(self.type.name, name, str(value))
        return place


def read_address(text: str) -> int | None:
    """Slot * 8 + function of ``SLOT`` or ``SLOT.FUNCTION``; None where it is no address."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return None
    slot, function = int(found[1], 16), int(found[2] or "0", 16)
    return slot * FUNCTIONS + function if slot < SLOTS and function < FUNCTIONS else None
