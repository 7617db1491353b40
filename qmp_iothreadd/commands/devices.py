"""Devices and network back ends: the former are refused, the latter held."""

from __future__ import annotations

from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.devices.model_table import device_models
from qmp_iothreadd.machine.devices.unbuilt import bus_of, is_cpu
from qmp_iothreadd.machine.netdevs import Netdevs
from qmp_iothreadd.qmp.registry import Context, command

_ABSTRACT: Final = ("device", "pci-device", "usb-device", "scsi-device", "isa-device")
_WITHOUT_BUS: Final = ("pc-dimm", "nvdimm", "loader", "guest-loader", "hv-syndbg")
_NOT_LATER: Final = ("amd-iommu", "intel-iommu", "vmcoreinfo", "vmgenid")
"""Those that a machine has from its start or never."""


@command("device_add")
def device_add(ctx: Context, arg: dict[str, Any]) -> None:
    """Plug a device in."""
    driver = str(arg.get("driver", ""))
    if driver in _ABSTRACT:
        raise errors.not_a_device_type()
    if driver in _NOT_LATER:
        raise errors.device_not_pluggable()
    if driver in _WITHOUT_BUS or (ctx.machine.board.is_empty and is_cpu(driver)):
        raise errors.device_not_hotpluggable_here(driver)
    if "bus" in arg and bus_of(driver) is not None and driver not in device_models():
        raise errors.bus_not_found(str(arg["bus"]))
    ctx.machine.part(Devices).plug(arg, hotplugged=True)


@command("device_del")
def device_del(ctx: Context, id: str) -> None:
    """Unplug a device."""
    devices = ctx.machine.part(Devices)
    devices.request_unplug(devices.find(id))


@command("device-sync-config")
def device_sync_config(ctx: Context, id: str) -> None:
    """Refuse: there is no such device."""
    raise errors.device_not_found(id)


@command("netdev_add")
def netdev_add(ctx: Context, arg: dict[str, Any]) -> None:
    """Make a network back end."""
    ctx.machine.part(Netdevs).add(arg)


@command("netdev_del")
def netdev_del(ctx: Context, id: str) -> None:
    """Remove a network back end."""
    ctx.machine.part(Netdevs).delete(id)


@command("set_link")
def set_link(ctx: Context, name: str, up: bool) -> None:
    """Connect or disconnect a network back end's cable."""
    ctx.machine.part(Netdevs).find(name).link_up = up
