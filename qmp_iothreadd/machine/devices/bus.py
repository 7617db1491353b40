"""The kinds of buses besides the system's. Each is a type, with its own idea of a free place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.device import Bus, Device
from qmp_iothreadd.qom.object import ObjectType

SLOTS, FUNCTIONS = 32, 8
"""Of a PCI bus, and of a slot there."""
_CODECS_MAX: Final = 15
_UNSET: Final = (1 << 32) - 1
# What QEMU's virtio-scsi has room for.
_CHANNEL_MAX: Final = 0
_TARGET_MAX: Final = 255
_LUN_MAX: Final = 16383


class PciBus(Bus):
    """A bus of 32 slots with 8 functions each.

    ``functions`` are the devices by slot * 8 + function; slots before ``first_slot`` are only for
    who asks for them.
    """

    __slots__ = ("first_slot", "functions")

    qom_name = "PCI"
    abstract = False

    def __init__(self, type: ObjectType, bus_name: str = "", *, hotpluggable: bool = False) -> None:
        super().__init__(type, bus_name, hotpluggable=hotpluggable)
        self.functions: dict[int, Device] = {}
        self.first_slot = 0

    def claim(self, device: Device) -> None:
        """Give a device the function that its address names, or the first free slot.

        Raises:
            QmpError: it is taken, or all are; or the slot's functions do not go together.
        """
        place = device.values.get("addr", -1)
        if place < 0:
            place = self._free_slot(device)
        self._check_free(place, device)
        self._check_functions(place, device)
        device.values["addr"] = place
        self.functions[place] = device

    def release(self, device: Device) -> None:
        """Free the device's function."""
        del self.functions[device.values["addr"]]

    def _free_slot(self, device: Device) -> int:
        for place in range(self.first_slot * FUNCTIONS, SLOTS * FUNCTIONS, FUNCTIONS):
            if place not in self.functions:
                return place
        raise errors.pci_slots_used_up(device.type.name)

    def _check_free(self, place: int, device: Device) -> None:
        slot, function = divmod(place, FUNCTIONS)
        user, first = self.functions.get(place), self.functions.get(slot * FUNCTIONS)
        if user is not None:
            raise errors.pci_slot_in_use(
                slot, function, device.type.name, user.type.name, user.id or "(null)"
            )
        if device.hotplugged and first is not None:
            raise errors.pci_function_hidden(slot, first.type.name, device.type.name)

    def _check_functions(self, place: int, device: Device) -> None:
        """Other functions than 0 are there only where that one says so."""
        slot, function = divmod(place, FUNCTIONS)
        first = self.functions.get(slot * FUNCTIONS)
        if function and first is not None and not first.load("multifunction"):
            raise errors.pci_single_function(slot, function)
        if function or device.load("multifunction"):
            return
        for other in range(1, FUNCTIONS):
            if place + other in self.functions:
                raise errors.pci_function_populated(slot, other)


class PcieBus(PciBus):
    """The same, of PCI Express."""

    __slots__ = ()

    qom_name = "PCIE"


class IsaBus(Bus):
    """A bus without addresses of its own: devices find their ports by themselves."""

    __slots__ = ()

    qom_name = "ISA"
    abstract = False


class IdeBus(Bus):
    """A cable with a master (unit 0) and a slave."""

    __slots__ = ("units",)

    qom_name = "IDE"
    abstract = False
    capacity = 2

    def __init__(self, type: ObjectType, bus_name: str = "", *, hotpluggable: bool = False) -> None:
        super().__init__(type, bus_name, hotpluggable=hotpluggable)
        self.units: dict[int, Device] = {}

    def claim(self, device: Device) -> None:
        """Give a disk the unit that it asks for, or the first free one.

        Raises:
            QmpError: there is no such unit, or it is taken.
        """
        unit = device.values.get("unit", -1)
        if unit < 0:
            unit = 1 if 0 in self.units else 0
        if unit > 1:
            raise errors.ide_unit_unknown(unit)
        if unit in self.units:
            raise errors.ide_unit_in_use(unit)
        device.values["unit"] = unit
        self.units[unit] = device

    def release(self, device: Device) -> None:
        """Free the unit."""
        del self.units[device.values["unit"]]


class HdaBus(Bus):
    """The codecs of a sound card, by their number."""

    __slots__ = ("codecs",)

    qom_name = "HDA"
    abstract = False

    def __init__(self, type: ObjectType, bus_name: str = "", *, hotpluggable: bool = False) -> None:
        super().__init__(type, bus_name, hotpluggable=hotpluggable)
        self.codecs = 0

    def claim(self, device: Device) -> None:
        """Give a codec the number that it asks for, or the next one.

        Raises:
            QmpError: there is no such number.
        """
        number = device.values.get("cad", self.codecs)
        if number >= _CODECS_MAX:
            raise errors.hda_bus_full()
        device.values["cad"] = number
        self.codecs = max(self.codecs, number + 1)


class ScsiBus(Bus):
    """A bus of targets, each with units (LUNs)."""

    __slots__ = ()

    qom_name = "SCSI"
    abstract = False

    def claim(self, device: Device) -> None:
        """Find the device's target and unit: those it asks for, or the first free ones."""
        channel, target, lun = [
            _number(device.load(name)) for name in ("channel", "scsi-id", "lun")
        ]
        channel = channel or 0
        if channel > _CHANNEL_MAX:
            raise errors.scsi_channel_bad(channel)
        if target is not None and target > _TARGET_MAX:
            raise errors.scsi_target_bad(target)
        if lun is not None and lun > _LUN_MAX:
            raise errors.scsi_lun_bad(lun)
        taken = {(each.load("scsi-id"), each.load("lun")): each for each in self.devices}
        if target is None:
            lun = lun or 0
            target = _first_free(_TARGET_MAX, [each for each, its in taken if its == lun])
            if target is None:
                raise errors.scsi_targets_used_up()
        elif lun is None:
            lun = _first_free(_LUN_MAX, [each for its, each in taken if its == target])
            if lun is None:
                raise errors.scsi_luns_used_up()
        elif (target, lun) in taken:
            raise errors.scsi_lun_taken(taken[target, lun].id or "")
        device.values |= {"channel": channel, "scsi-id": target, "lun": lun}


def _number(value: Any) -> int | None:
    return None if value is None or value == _UNSET else int(value)


def _first_free(most: int, taken: Sequence[int]) -> int | None:
    used = set(taken)
    return next((number for number in range(most + 1) if number not in used), None)


class UsbBus(Bus):
    """The ports of a USB controller and of the hubs behind it, by path: ``1``, ``2.3``."""

    __slots__ = ("ports",)

    qom_name = "usb-bus"
    abstract = False

    def __init__(self, type: ObjectType, bus_name: str = "", *, hotpluggable: bool = True) -> None:
        super().__init__(type, bus_name, hotpluggable=hotpluggable)
        self.ports: dict[str, Device | None] = {}

    def claim(self, device: Device) -> None:
        """Give a device the port that it asks for, or the first free one.

        Raises:
            QmpError: there is no such port, or it is taken, or all are.
        """
        wanted = device.values.get("port")
        free = [port for port, user in self.ports.items() if user is None]
        if wanted is not None and wanted not in free:
            raise errors.usb_port_not_found(wanted, self.bus_name)
        if not free:
            raise errors.usb_ports_used_up(device.type.name)
        device.values["port"] = port = wanted or free[0]
        self.ports[port] = device

    def release(self, device: Device) -> None:
        """Free the port."""
        self.ports[device.values["port"]] = None


class VirtioSerialBus(Bus):
    """The ports of a virtio-serial device, by their number; 0 is for a console."""

    __slots__ = ("max_ports", "ports")

    qom_name = "virtio-serial-bus"
    abstract = False

    def __init__(self, type: ObjectType, bus_name: str = "", *, hotpluggable: bool = True) -> None:
        super().__init__(type, bus_name, hotpluggable=hotpluggable)
        self.ports: dict[int, Device] = {}
        self.max_ports = 31

    def claim(self, device: Device) -> None:
        """Give a port the number that it asks for, or the first free one.

        Raises:
            QmpError: there is no such number, or it is taken or reserved, or all are.
        """
        number = device.values.get("nr", -1)
        console = device.type.implements("virtconsole")
        if number in self.ports:
            raise errors.serial_port_in_use(number)
        if number == 0 and not console:
            raise errors.serial_port_reserved()
        if not 0 <= number < 2**32 - 1:
            number = self._free(0 if console else 1)
        if number >= self.max_ports:
            raise errors.serial_port_out_of_range(self.max_ports - 1)
        device.values["nr"] = number
        self.ports[number] = device

    def release(self, device: Device) -> None:
        """Free the number."""
        del self.ports[device.values["nr"]]

    def _free(self, first: int) -> int:
        return next(
            number for number in range(first, self.max_ports + 1) if number not in self.ports
        )


class VirtioBus(Bus):
    """The abstract type of what connects a virtio device to what carries it: one device each."""

    __slots__ = ()

    qom_name = "virtio-bus"
    abstract = True
    capacity = 1


class VirtioPciBus(VirtioBus):
    """In a virtio-pci device."""

    __slots__ = ()

    qom_name = "virtio-pci-bus"
    abstract = False


class VirtioMmioBus(VirtioBus):
    """In a virtio-mmio device."""

    __slots__ = ()

    qom_name = "virtio-mmio-bus"
    abstract = False
