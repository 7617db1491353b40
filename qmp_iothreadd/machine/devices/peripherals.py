"""Devices with a rule of their own, and no bus: there is one of them, or they need something."""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.controllers import UsbDevice
from qmp_iothreadd.machine.devices.device import Device
from qmp_iothreadd.machine.devices.pci import PciDevice
from qmp_iothreadd.machine.devices.virtio import VirtioDevice
from qmp_iothreadd.machine.devices.walk import devices_below

_QXL_REVISION: Final = 5
_USB_RULE: Final = ((-1, 0xFF), (-1, 0xFFFF), (-1, 0xFFFF), (-1, 0xFFFF), (0, 1))
_C_NUMBER: Final = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|0|[1-9][0-9]{0,9})")
ISA_SERIAL_PORTS: Final = 4
_ISA_PORTS: Final = ((0x3F8, 4), (0x2F8, 3), (0x3E8, 4), (0x2E8, 3))
"""The port and the interrupt of each serial port of a PC."""


class IsaSerial(Device):
    """A serial port of a PC."""

    __slots__ = ()

    qom_name = "isa-serial"

    def realize(self) -> None:
        """Take the next of a PC's serial ports.

        Raises:
            QmpError: there are no more of them.
        """
        index = self.load("index")
        if index == 2**32 - 1:
            index = sum(each.type is self.type for each in devices_below(self.machine)) - 1
        if index >= ISA_SERIAL_PORTS:
            raise errors.isa_serial_ports_used_up(ISA_SERIAL_PORTS)
        port, interrupt = _ISA_PORTS[index]
        self.values = {"iobase": port, "irq": interrupt} | self.values | {"index": index}


class NeedsChardev(Device):
    """A device that is of no use without a character device."""

    __slots__ = ()

    def realize(self) -> None:
        """Check that there is one.

        Raises:
            QmpError: there is none.
        """
        if not self.load("chardev"):
            raise errors.chardev_missing(self.type.name.removeprefix("isa-"))


class Qxl(PciDevice):
    """A graphic card for SPICE."""

    __slots__ = ()

    def realize(self) -> None:
        """Check that there is such a revision.

        Raises:
            QmpError: there is none.
        """
        revision = self.load("revision")
        if not 1 <= revision <= _QXL_REVISION:
            raise errors.qxl_revision_unknown(revision, _QXL_REVISION)


class UsbRedir(UsbDevice):
    """A USB device of somebody's who looks at the guest from afar."""

    __slots__ = ()

    qom_name = "usb-redir"

    def realize(self) -> None:
        """Check that there is a way to it.

        Raises:
            QmpError: there is none, or ``filter`` is not a list of rules.
        """
        if not self.load("chardev"):
            raise errors.missing_parameter("chardev")
        text = self.load("filter")
        if text and not all(_is_usb_rule(rule) for rule in text.split("|")):
            raise errors.invalid_parameter_value("filter", "a usb device filter string")


def _is_usb_rule(text: str) -> bool:
    """Whether it is class, vendor, product and version (-1: any), and whether to allow that."""
    fields = text.split(":")
    return len(fields) == len(_USB_RULE) and all(
        _C_NUMBER.fullmatch(field) is not None and least <= int(field, 0) <= most
        for field, (least, most) in zip(fields, _USB_RULE, strict=True)
    )


class Rng(VirtioDevice):
    """Random numbers for the guest; where no source is named, it has its own."""

    __slots__ = ()

    qom_name = "virtio-rng-device"

    def realize(self) -> None:
        """Make the source, where none was named.

        Raises:
            QmpError: it would be allowed no time.
        """
        if self.load("period") <= 0:
            raise errors.rng_period_too_short()
        if not self.values.get("rng"):
            source = self.machine.types["rng-builtin"].instantiate()
            self.add_child("default-backend", source)
            self.values["rng"] = source.path
            self.releases.append(source.unparent)


class Single(Device):
    """A device of a kind that a machine has one of; it is plugged into no bus."""

    __slots__ = ()

    def realize(self) -> None:
        """Check that it is the only one, and that the machine's firmware can reach it.

        Raises:
            QmpError: it is not, or it cannot.
        """
        self.check_board()
        found = [
            each
            for folder in ("peripheral", "peripheral-anon")
            for each in self.machine.resolve(f"/machine/{folder}").children_in_order()
        ]
        if sum(each.type is self.type for each in found) > 1:
            raise errors.second_device(self.type.name)

    def check_board(self) -> None:
        """Check that the machine's firmware can reach the device.

        Raises:
            QmpError: it cannot.
        """
        if self.machine.board.is_empty:
            raise errors.no_firmware_dma(self.type.name)


class GenerationId(Single):
    """Tells the guest whether it was copied: ``guid`` changes then."""

    __slots__ = ()

    qom_name = "vmgenid"

    def realize(self) -> None:
        """Have a UUID, a new one where none was given."""
        super().realize()
        self.values.setdefault("guid", str(uuid.uuid4()))

    def check_board(self) -> None:
        """The firmware has to say where the UUID is."""
        if not self.machine.board.type.implements("generic-pc-machine"):
            raise errors.no_firmware_dma_writes(self.type.name)

    def apply(self, name: str, value: Any) -> Any:
        """Check a UUID that is about to be set; ``auto`` is a new one.

        Raises:
            QmpError: it is none.
        """
        if value == "auto":
            return str(uuid.uuid4())
        try:
            return str(uuid.UUID(value))
        except ValueError:
            raise errors.device_property_value(self.type.name, name, value) from None
