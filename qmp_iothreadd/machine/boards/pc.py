"""PCs: with PCI behind an i440FX or PCI Express behind a Q35, or with ISA alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from qmp_iothreadd.machine.boards.chips import I440FX, ISAPC, Q35, Chip
from qmp_iothreadd.machine.boards.properties import FLASHES, machine_property
from qmp_iothreadd.machine.boards.x86 import X86_INSTANCE_PROPERTIES, X86Machine
from qmp_iothreadd.qom.object import Property

_GIB: Final = 1 << 30
_PORTS: Final = {"serial": 4, "parallel": 3, "debugcon": 1}

_INSTANCE_PROPERTIES: Final = (
    *X86_INSTANCE_PROPERTIES,
    machine_property("nvdimm", "bool", False, "Set on/off to enable/disable NVDIMM instantiation"),
    machine_property(
        "nvdimm-persistence", "string", "", "Set NVDIMM persistenceValid values are cpu, mem-ctrl"
    ),
    machine_property("pcspk-audiodev", "str", "", "ID of an audiodev to use as audio backend"),
)
_PCI_PROPERTIES: Final = (
    *_INSTANCE_PROPERTIES,
    *(
        machine_property(name, "str", "", "Node name or ID of a block device to use as a backend")
        for name in FLASHES
    ),
    machine_property("cxl", "bool", False),
    machine_property("cxl-fmw", "CXLFixedMemoryWindow", [], "CXL Fixed Memory Windows (array)"),
)


class PcMachine(X86Machine):
    """The abstract type of PCs."""

    __slots__ = ()

    qom_name = "generic-pc-machine"
    abstract = True
    qom_properties: ClassVar[tuple[Property, ...]] = (
        machine_property("vmport", "OnOffAuto", "on", "Enable vmport (pc & q35)"),
        machine_property("smbus", "bool", True, "Enable/disable system management bus"),
        machine_property("sata", "bool", True, "Enable/disable Serial ATA bus"),
        machine_property(
            "hpet", "bool", True, "Enable/disable high precision event timer emulation"
        ),
        machine_property(
            "i8042", "bool", True, "Enable/disable Intel 8042 PS/2 controller emulation"
        ),
        machine_property("default-bus-bypass-iommu", "bool", False),
        machine_property(
            "max-ram-below-4g",
            "size",
            0,
            "Maximum ram below the 4G boundary (32bit boundary)",
        ),
        machine_property("max-fw-size", "size", 8 << 20, "Maximum combined firmware size"),
        machine_property(
            "smbios-entry-point-type", "str", "auto", "SMBIOS Entry Point type [32, 64]"
        ),
        machine_property("fd-bootchk", "bool", True),
    )
    defaults: ClassVar[Mapping[str, Any]] = {
        **X86Machine.defaults,
        "boot": {"order": "cad"},
        "max-ram-below-4g": 7 * _GIB // 2,
    }

    def port_count(self, kind: str) -> int:
        """How many ports there are of a kind: serial, parallel, or debugcon."""
        return _PORTS[kind]


class I440fxMachine(PcMachine):
    """``-M pc``: the base of its versions."""

    __slots__ = ()

    pci_bus = "pci.0"
    qom_properties: ClassVar[tuple[Property, ...]] = (
        machine_property(
            "x-south-bridge",
            "PCSouthBridgeOption",
            "piix3",
            "Use a different south bridge than PIIX3",
        ),
        *_PCI_PROPERTIES,
    )
    instance_properties: ClassVar[tuple[Property, ...]] = _PCI_PROPERTIES
    defaults: ClassVar[Mapping[str, Any]] = {**PcMachine.defaults, "firmware": "bios-256k.bin"}

    def chips(self) -> Iterable[Chip]:
        """The devices that its board has from its start, in their order."""
        return I440FX

    @property
    def hot_plug_bus(self) -> str | None:
        """Its own bus, which needs ACPI to tell the guest."""
        return "pci.0" if self.has("acpi") else None


class Q35Machine(PcMachine):
    """``-M q35``: the base of its versions."""

    __slots__ = ()

    pci_bus = "pcie.0"
    qom_properties: ClassVar[tuple[Property, ...]] = (
        machine_property("wdat", "bool", False, "Enable/disable WDAT watchdog ACPI table"),
        *_PCI_PROPERTIES,
    )
    instance_properties: ClassVar[tuple[Property, ...]] = _PCI_PROPERTIES
    defaults: ClassVar[Mapping[str, Any]] = {
        **PcMachine.defaults,
        "firmware": "bios-256k.bin",
        "max-ram-below-4g": 4 * _GIB,
    }

    @property
    def has_acpi_device(self) -> bool:
        """Its south bridge is there in any case."""
        return True

    def chips(self) -> Iterable[Chip]:
        """The devices that its board has from its start, in their order."""
        return Q35


class IsaPcMachine(PcMachine):
    """``-M isapc``."""

    __slots__ = ()

    qom_name = "isapc-machine"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = _INSTANCE_PROPERTIES
    instance_properties: ClassVar[tuple[Property, ...]] = _INSTANCE_PROPERTIES
    defaults: ClassVar[Mapping[str, Any]] = {**PcMachine.defaults, "hpet": False}

    @property
    def has_acpi_device(self) -> bool:
        """It has none."""
        return False

    def chips(self) -> Iterable[Chip]:
        """The devices that its board has from its start, in their order."""
        return ISAPC
