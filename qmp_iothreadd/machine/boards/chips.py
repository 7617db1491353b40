"""What is soldered onto the boards: the devices that each has from its start, in QEMU's order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Chip(NamedTuple):
    """A device of a board.

    ``bus`` is the name of the bus that it sits on, the system's where it is empty. ``needs``: a
    property of the machine without which it is not there. ``path`` is its place below
    ``/machine``, or below the last chip where it begins with a dot; empty: it is unattached.
    ``copies``: how many of them there are.
    """

    model: str
    bus: str = ""
    values: Mapping[str, Any] = {}
    needs: str = ""
    path: str = ""
    copies: int = 1


def _function(model: str, bus: str, address: str, **more: Any) -> Chip:
    """A PCI device, which is one of several in its slot."""
    return Chip(model, bus, {"addr": address, "multifunction": True}, **more)


def _companion(number: int) -> Chip:
    """A USB 1 controller for two ports of the USB 2 controller's."""
    values = {
        "addr": f"1d.{number - 1}",
        "multifunction": True,
        "masterbus": "usb-bus.0",
        "firstport": 2 * (number - 1),
    }
    return Chip(f"ich9-usb-uhci{number}", "pcie.0", values, needs="usb")


_FW_CFG: Final = Chip("fw_cfg_io", path="fw_cfg")
_DMA: Final = (
    Chip("i8257", "isa.0", {"base": 0x00, "page-base": 0x80, "pageh-base": -1, "dshift": 0}),
    Chip("i8257", "isa.0", {"base": 0xC0, "page-base": 0x88, "pageh-base": -1, "dshift": 1}),
)
_PIC: Final = (
    Chip(
        "isa-i8259",
        "isa.0",
        {"iobase": 0x20, "elcr_addr": 0x4D0, "elcr_mask": 0xF8, "master": True},
        needs="pic",
    ),
    Chip(
        "isa-i8259",
        "isa.0",
        {"iobase": 0xA0, "elcr_addr": 0x4D1, "elcr_mask": 0xDE, "master": False},
        needs="pic",
    ),
)
_RTC: Final = Chip("mc146818rtc", "isa.0", {"base_year": 0})
_PIT: Final = Chip("isa-pit", "isa.0", needs="pit")
_SPEAKER: Final = Chip("isa-pcspk", "isa.0", needs="pit")
_KEYBOARD: Final = (
    Chip("i8042", "isa.0", needs="i8042"),
    Chip("vmport", "isa.0", needs="vmport"),
    Chip("port92", "isa.0"),
)
_FLOPPIES: Final = Chip("isa-fdc", "isa.0")

I440FX: Final = (
    _FW_CFG,
    Chip("i440FX-pcihost", path="i440fx"),
    Chip("i440FX", "pci.0", {"addr": "00.0"}),
    _function("PIIX3", "pci.0", "01.0"),
    _RTC._replace(path=".rtc"),
    _function("piix3-ide", "pci.0", "01.1", path=".ide"),
    _function("piix3-usb-uhci", "pci.0", "01.2", path=".uhci", needs="usb"),
    _function("PIIX4_PM", "pci.0", "01.3", path=".pm", needs="acpi"),
    *_DMA,
    *_PIC,
    Chip("ioapic", path="i440fx/ioapic"),
    Chip("hpet", needs="hpet"),
    _PIT,
    _SPEAKER,
    _FLOPPIES,
    *_KEYBOARD,
)
Q35: Final = (
    _FW_CFG,
    Chip("q35-pcihost", path="q35"),
    Chip("mch", "pcie.0", {"addr": "00.0"}, path="q35/mch"),
    _function("ICH9-LPC", "pcie.0", "1f.0"),
    _RTC._replace(path=".rtc"),
    *_DMA,
    *_PIC,
    Chip("ioapic", path="q35/ioapic"),
    Chip("hpet", needs="hpet"),
    _PIT,
    _SPEAKER,
    *_KEYBOARD,
    _function("ich9-ahci", "pcie.0", "1f.2", needs="sata"),
    _function("ich9-usb-ehci1", "pcie.0", "1d.7", needs="usb"),
    _companion(1),
    _companion(2),
    _companion(3),
    _function("ICH9-SMB", "pcie.0", "1f.3", needs="smbus"),
)
ISAPC: Final = (
    _FW_CFG,
    Chip("isabus-bridge"),
    *_DMA,
    *_PIC,
    _RTC,
    _PIT,
    _SPEAKER,
    _FLOPPIES,
    *_KEYBOARD,
    Chip("isa-ide", "isa.0", {"iobase": 0x1F0, "iobase2": 0x3F6, "irq": 14}),
    Chip("isa-ide", "isa.0", {"iobase": 0x170, "iobase2": 0x376, "irq": 15}),
)


def microvm(transports: int, second_ioapic: bool) -> tuple[Chip, ...]:
    """Those of a microvm with so many transports."""
    return (
        _FW_CFG,
        Chip("ioapic", path="ioapic"),
        Chip("isabus-bridge"),
        *((Chip("ioapic"),) if second_ioapic else ()),
        Chip("virtio-mmio", copies=transports),
        Chip("acpi-ged-x86", needs="acpi"),
        *_PIC,
        _PIT,
        _RTC._replace(needs="rtc"),
    )
