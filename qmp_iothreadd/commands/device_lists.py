"""What there is of devices: on PCI and USB buses, and what single devices can be asked."""

from __future__ import annotations

from typing import Any, NoReturn

from qmp_iothreadd import errors
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.devices.pci_listing import list_pci
from qmp_iothreadd.machine.devices.peripherals import GenerationId
from qmp_iothreadd.machine.devices.usb_listing import describe_usb, usb_buses
from qmp_iothreadd.machine.devices.virtio import VirtioDevice, VirtioPci
from qmp_iothreadd.machine.devices.walk import devices_below
from qmp_iothreadd.qmp.registry import Context, command


@command("query-pci")
def query_pci(ctx: Context) -> list[dict[str, Any]]:
    """The PCI buses, with what is on them."""
    return list_pci(ctx.machine)


@command("x-query-usb")
def query_usb(ctx: Context) -> dict[str, Any]:
    """The devices on USB buses, in words."""
    if not usb_buses(ctx.machine):
        raise errors.no_usb()
    return {"human-readable-text": describe_usb(ctx.machine)}


@command("x-query-virtio")
def query_virtio(ctx: Context) -> list[dict[str, str]]:
    """The virtio devices; what drivers would negotiate with them is not kept."""
    return [
        {"path": each.path, "name": each.type.name.removesuffix("-device")}
        for each in devices_below(ctx.machine)
        if isinstance(each, VirtioDevice)
    ]


@command("query-vm-generation-id")
def query_vm_generation_id(ctx: Context) -> dict[str, str]:
    """The UUID that tells a guest whether it was copied."""
    for folder in ("peripheral", "peripheral-anon"):
        for device in ctx.machine.resolve(f"/machine/{folder}").children_in_order():
            if isinstance(device, GenerationId):
                return {"guid": str(device.load("guid"))}
    raise errors.no_generation_id()


@command("device-sync-config")
def device_sync_config(ctx: Context, id: str) -> NoReturn:
    """Refuse: no device has settings that somebody else could have changed."""
    found = ctx.machine.part(Devices).find(id)
    worker = found.backend if isinstance(found, VirtioPci) else found
    raise errors.no_config_to_sync(worker.type.name)
