"""What all x86 machines have: PCs and microvm."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from qmp_iothreadd.machine.boards.machine_object import MachineObject
from qmp_iothreadd.machine.boards.properties import INSTANCE_PROPERTIES, machine_property
from qmp_iothreadd.qom.object import Property

_OEM_ID: Final = (
    "Override the default value of field {} in ACPI table header."
    "The string may be up to {} bytes in size"
)


def _time_now(machine: MachineObject) -> dict[str, int]:
    """The clock's time, as C counts: months from 0, years from 1900."""
    now = time.gmtime(time.time() + machine.clock_offset)
    return {
        "tm_year": now.tm_year - 1900,
        "tm_mon": now.tm_mon - 1,
        "tm_mday": now.tm_mday,
        "tm_hour": now.tm_hour,
        "tm_min": now.tm_min,
        "tm_sec": now.tm_sec,
    }


X86_INSTANCE_PROPERTIES: Final = (
    *INSTANCE_PROPERTIES,
    machine_property(
        "hmat",
        "bool",
        False,
        "Set on/off to enable/disable ACPI Heterogeneous Memory Attribute Table (HMAT)",
    ),
    Property("rtc-time", "struct tm", _time_now),
)
"""What each x86 machine has beside what its type lists."""


class X86Machine(MachineObject):
    """The abstract type of x86 machines."""

    __slots__ = ()

    qom_name = "x86-machine"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = (
        machine_property("smm", "OnOffAuto", "auto", "Enable SMM"),
        machine_property("acpi", "OnOffAuto", "auto", "Enable ACPI"),
        machine_property("pit", "OnOffAuto", "auto", "Enable i8254 PIT"),
        machine_property("pic", "OnOffAuto", "auto", "Enable i8259 PIC"),
        machine_property("x-oem-id", "string", "BOCHS ", _OEM_ID.format("OEMID", 6)),
        machine_property("x-oem-table-id", "string", "BXPC    ", _OEM_ID.format("OEM Table ID", 8)),
        machine_property(
            "bus-lock-ratelimit",
            "uint64_t",
            0,
            "Set the ratelimit for the bus locks acquired in VMs",
        ),
        machine_property("sgx-epc", "SgxEPC", [], "SGX EPC device"),
    )
    defaults: ClassVar[Mapping[str, Any]] = {"graphics": True}

    @property
    def has_acpi_device(self) -> bool:
        """Whether a device of its tells about slots that ACPI knows."""
        return self.has("acpi")
