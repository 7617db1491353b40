"""microvm: a machine of virtio-mmio transports, without PCI."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from qmp_iothreadd.machine.boards.chips import Chip, microvm
from qmp_iothreadd.machine.boards.properties import machine_property
from qmp_iothreadd.machine.boards.x86 import X86_INSTANCE_PROPERTIES, X86Machine
from qmp_iothreadd.qom.object import Property

_FEW_TRANSPORTS: Final = 8
_MANY_TRANSPORTS: Final = 24


class MicrovmMachine(X86Machine):
    """``-M microvm``."""

    __slots__ = ()

    qom_name = "microvm-machine"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = (
        machine_property("rtc", "OnOffAuto", "auto", "Enable MC146818 RTC"),
        machine_property("pcie", "OnOffAuto", "auto", "Enable PCIe"),
        machine_property("ioapic2", "OnOffAuto", "auto", "Enable second IO-APIC"),
        machine_property(
            "isa-serial", "bool", True, "Set off to disable the instantiation an ISA serial port"
        ),
        machine_property("x-option-roms", "bool", True, "Set off to disable loading option ROMs"),
        machine_property(
            "auto-kernel-cmdline",
            "bool",
            True,
            "Set off to disable adding virtio-mmio devices to the kernel cmdline",
        ),
        *X86_INSTANCE_PROPERTIES,
    )
    instance_properties: ClassVar[tuple[Property, ...]] = X86_INSTANCE_PROPERTIES

    def port_count(self, kind: str) -> int:
        """How many ports there are of a kind: a serial one, and what users plug into its bus."""
        return {"serial": int(self.has("isa-serial")), "debugcon": 1}.get(kind, 0)

    def chips(self) -> Iterable[Chip]:
        """The devices that its board has from its start, in their order.

        The second interrupt controller has the lines of more transports; ACPI tells of it.
        """
        more = self.has("acpi") and self.has("ioapic2")
        return microvm(_MANY_TRANSPORTS if more else _FEW_TRANSPORTS, second_ioapic=more)
