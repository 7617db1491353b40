"""Buses, and the places on them that devices ask for."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def bus_not_found(name: str) -> QmpError:
    """device_add to a bus that there is not."""
    return QmpError(f"Bus '{name}' not found")


def not_one_bus(device: str, *, some: bool) -> QmpError:
    """device_add to the bus of a device that offers none, or several: ``some``."""
    return QmpError(f"Device '{device}' has {'multiple child buses' if some else 'no child bus'}")


def bus_full(name: str) -> QmpError:
    """device_add to a bus without room."""
    return QmpError(f"Bus '{name}' is full")


def device_of_another_bus(driver: str, kind: str) -> QmpError:
    """device_add to a bus of another kind than the device needs."""
    return QmpError(f"Device '{driver}' can't go on {kind} bus")


def bus_not_hotpluggable(name: str) -> QmpError:
    """device_add or device_del on a bus whose devices stay."""
    return QmpError(f"Bus '{name}' does not support hotplugging")


# -- PCI ------------------------------------------------------------------------------------------


def pci_slots_used_up(driver: str) -> QmpError:
    """No slot is left for a device that asks for none."""
    return QmpError(f"PCI: no slot/function available for {driver}, all in use or reserved")


def pci_slot_in_use(slot: int, function: int, driver: str, user: str, id: str) -> QmpError:
    """The device ``user`` has the function already."""
    return QmpError(
        f"PCI: slot {slot} function {function} not available for {driver}, in use by {user},id={id}"
    )


def pci_function_hidden(slot: int, first: str, driver: str) -> QmpError:
    """device_add of a further function: a guest looks for those together with function 0."""
    return QmpError(
        f"PCI: slot {slot} function 0 already occupied by {first}, "
        f"new func {driver} cannot be exposed to guest."
    )


def pci_single_function(slot: int, function: int) -> QmpError:
    """A further function, where function 0 says that there is no other."""
    return QmpError(
        f"PCI: single function device can't be populated in function {slot:x}.{function:x}"
    )


def pci_function_populated(slot: int, function: int) -> QmpError:
    """A function 0 that says so, where there are others."""
    return QmpError(
        f"PCI: {slot:x}.0 indicates single function, but {slot:x}.{function:x} is already "
        "populated."
    )


def bridge_without_chassis() -> QmpError:
    """A bridge whose guests could not tell its slots from another one's."""
    return QmpError(
        "Bridge chassis not specified. Each bridge is required to be assigned a unique "
        "chassis id > 0."
    )


def chassis_slot_in_use() -> QmpError:
    """A slot with the number of another one; -16 is EBUSY."""
    return QmpError("Can't add chassis slot, error -16")


def too_many_pci_buses(limit: int) -> QmpError:
    """A bridge to a bus that could have no number."""
    return QmpError(f"PCI: there are {limit} buses already")


# -- IDE ------------------------------------------------------------------------------------------


def ide_unit_unknown(unit: int) -> QmpError:
    """A third disk on a cable."""
    return QmpError(f"Can't create IDE unit {unit}, bus supports only 2 units")


def ide_unit_in_use(unit: int) -> QmpError:
    """A second disk for a unit."""
    return QmpError(f"IDE unit {unit} is in use")


def hda_bus_full() -> QmpError:
    """A codec with a number that a sound card does not have."""
    return QmpError("HDA audio codec address is full")


# -- USB and serial ports -------------------------------------------------------------------------


def usb_port_not_found(port: str, bus: str) -> QmpError:
    """A device for a port that there is not, or where another one is."""
    return QmpError(f"usb port {port} (bus {bus}) not found (in use?)")


def usb_ports_used_up(driver: str) -> QmpError:
    """No port is left."""
    return QmpError(f"tried to attach usb device {driver} to a bus with no free ports")


def usb_hubs_too_deep() -> QmpError:
    """A sixth hub behind the others."""
    return QmpError("usb hub chain too deep")


def usb_bus_not_found(name: str) -> QmpError:
    """A controller for the slow devices on a bus that there is not."""
    return QmpError(f"USB bus '{name}' not found")


def usb_no_companions(name: str) -> QmpError:
    """The same, where the bus's controller takes slow devices itself."""
    return QmpError(
        f"Can't use USB bus '{name}' as masterbus, it doesn't support companion controllers"
    )


def serial_port_in_use(number: int) -> QmpError:
    """A second port of one number."""
    return QmpError(f"virtio-serial-bus: A port already exists at id {number}")


def serial_port_reserved() -> QmpError:
    """A port 0 that is no console."""
    return QmpError(
        "Port number 0 on virtio-serial devices reserved for virtconsole devices for "
        "backward compatibility."
    )


def serial_port_out_of_range(most: int) -> QmpError:
    """A port with a number that the device does not have."""
    return QmpError(f"virtio-serial-bus: Out-of-range port id specified, max. allowed: {most}")


def virtio_serial_ports(most: int) -> QmpError:
    """A device with more ports than it has queues for."""
    return QmpError(f"maximum ports supported: {most}")


def isa_serial_ports_used_up(count: int) -> QmpError:
    """A PC has no more."""
    return QmpError(f"Max. supported number of ISA serial ports is {count}.")
