"""Properties of devices that name something else of the machine, and take it for the device."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.audiodevs import Audiodevs
from qmp_iothreadd.machine.devices.virtio import VirtioDevice, VirtioPci
from qmp_iothreadd.machine.devices.walk import devices_below
from qmp_iothreadd.machine.netdevs import Netdevs
from qmp_iothreadd.machine.objects.chardev_user import SilentFrontend

if TYPE_CHECKING:
    from qmp_iothreadd.machine.devices.device import Device

_FIRST_MAC: Final = 0x525400123456
_MAC: Final = re.compile(r"[0-9a-fA-F]{2}(?:([:-])[0-9a-fA-F]{2})(?:\1[0-9a-fA-F]{2}){4}", re.ASCII)

# The port of a guest agent that has not come: libvirt would wait for its answers.
_OPENED_BY_GUESTS: Final = ("virtserialport",)


def _owner(device: Device) -> str:
    """The type that errors name: a serial port's character device is that of the UART in it."""
    return "serial" if device.type.name in ("isa-serial", "pci-serial") else device.type.name


def take_chardev(device: Device, name: str, value: str) -> str:
    """Attach to a character device, and to no other any more; an empty name is none.

    Raises:
        QmpError: there is none of this name, or another one has it.
    """
    if not value:
        return value
    found = device.machine.chardevs.get(value)
    if found is None:
        raise errors.device_property_not_found(_owner(device), name, value)
    frontend = SilentFrontend(device.type.name not in _OPENED_BY_GUESTS)
    try:
        found.attach(frontend)
    except errors.QmpError as error:
        raise errors.device_property_refused(_owner(device), name, value, error) from None
    device.releases.append(lambda: found.detach(frontend))
    return value


def take_netdev(device: Device, name: str, value: str) -> str:
    """Connect a card to a network back end; an empty name is none.

    Raises:
        QmpError: there is none of this name, or another card has it.
    """
    if not value:
        return value
    netdevs = device.machine.part(Netdevs).netdevs
    if value not in netdevs:
        raise errors.device_property_not_found(device.type.name, name, value)
    netdev = netdevs[value]
    if netdev.card is not None:
        raise errors.device_property_in_use(device.type.name, name, value)
    netdev.card = device

    def let_go() -> None:
        netdev.card = None

    device.releases.append(let_go)
    return value


def check_audiodev(device: Device, name: str, value: str) -> str:
    """Where a sound card's sound goes; cards share it.

    Raises:
        QmpError: there is none of this name.
    """
    if value not in [each["id"] for each in device.machine.part(Audiodevs).audiodevs]:
        raise errors.device_property_not_found(device.type.name, name, value)
    return value


def check_mac(device: Device, name: str, value: str) -> str:
    """An address of a network card.

    Raises:
        QmpError: it is none.
    """
    if _MAC.fullmatch(value) is None:
        raise errors.device_property_value(device.type.name, name, value)
    return value.replace("-", ":").lower()


def add_card(device: Device) -> None:
    """Make a device known as a network card; one without an address has the first free one."""
    mac = device.values.setdefault("mac", _free_mac(device))
    owner = device.bus.owner if device.bus is not None else None
    shown = owner if isinstance(device, VirtioDevice) and isinstance(owner, VirtioPci) else device
    netdevs = device.machine.part(Netdevs)
    card = netdevs.add_card(shown.id, shown.type.name, mac, device.load("netdev"))
    device.releases.append(lambda: netdevs.remove_card(card))


def _free_mac(device: Device) -> str:
    """Of those that QEMU gives out."""
    used = {each.values.get("mac") for each in devices_below(device.machine)}
    macs = (f"{_FIRST_MAC + number:012x}" for number in range(len(used) + 1))
    free = (":".join(re.findall("..", mac)) for mac in macs)
    return next(mac for mac in free if mac not in used)


def check_boot_index(device: Device, name: str, value: int) -> int:
    """The place in the order of booting; a negative one is none.

    Raises:
        QmpError: another device has it.
    """
    if value >= 0:
        for other in devices_below(device.machine):
            if other is not device and other.values.get(name) == value:
                raise errors.boot_index_in_use(value)
    return value


BACKENDS: Final[Mapping[str, Callable[[Device, str, Any], Any]]] = {
    "audiodev": check_audiodev,
    "chardev": take_chardev,
    "netdev": take_netdev,
    "mac": check_mac,
    "bootindex": check_boot_index,
}
"""What checks a property's value, and takes what it names, by the property's name."""
