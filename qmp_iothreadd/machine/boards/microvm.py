"""microvm: a machine of virtio-mmio transports, without PCI."""

from __future__ import annotations

from typing import ClassVar

from qmp_iothreadd.machine.boards.properties import machine_property
from qmp_iothreadd.machine.boards.x86 import X86_INSTANCE_PROPERTIES, X86Machine
from qmp_iothreadd.qom.object import Property


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
