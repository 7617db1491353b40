"""The table of the models of devices that can be had.

Each row is a QOM type: its parent, the kind of bus that it needs, its properties with their types,
defaults and descriptions, as QEMU's device-list-properties has them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple

from qmp_iothreadd.machine.cpus.models import cpu_device_rows
from qmp_iothreadd.machine.recorded_lists import recorded_list

CLASSES: Final = {
    "ICH9-LPC": "bridges:IsaBridge",
    "base-pci-bridge": "bridges:PciBridge",
    "device": "device:Device",
    "ich9-ahci": "controllers:Ahci",
    "ide-cd": "ide:IdeCd",
    "ide-hd": "ide:IdeDisk",
    "intel-hda-generic": "controllers:Hda",
    "isa-debugcon": "peripherals:NeedsChardev",
    "isa-ide": "controllers:IsaIde",
    "isa-parallel": "peripherals:NeedsChardev",
    "isa-serial": "peripherals:IsaSerial",
    "isabus-bridge": "bridges:IsaBusBridge",
    "pci-device": "pci:PciDevice",
    "pci-ehci-usb": "controllers:EhciController",
    "pci-host-bridge": "bridges:HostBridge",
    "pci-ide": "controllers:PciIde",
    "pci-ohci": "controllers:OhciController",
    "pci-piix": "bridges:IsaBridge",
    "pci-qxl": "peripherals:Qxl",
    "pci-uhci-usb": "controllers:UsbController",
    "pci-xhci": "controllers:XhciController",
    "scsi-cd": "scsi:ScsiCd",
    "scsi-hd": "scsi:ScsiDisk",
    "usb-device": "controllers:UsbDevice",
    "usb-hub": "controllers:UsbHub",
    "usb-redir": "peripherals:UsbRedir",
    "usb-storage": "usb_storage:UsbStorage",
    "virtio-balloon-device": "balloon:Balloon",
    "virtio-blk-device": "virtio_blk:VirtioBlk",
    "virtio-device": "virtio:VirtioDevice",
    "virtio-mmio": "virtio:VirtioMmio",
    "virtio-pci": "virtio:VirtioPci",
    "virtio-rng-device": "peripherals:Rng",
    "virtio-scsi-device": "scsi:VirtioScsi",
    "virtio-serial-device": "controllers:VirtioSerial",
    "vmcoreinfo": "peripherals:Single",
    "vmgenid": "peripherals:GenerationId",
    "x86_64-cpu": "x86_cpu:X86Cpu",
}
"""Where the class of a type's devices is, below this package; types without one inherit it."""


class ModelProperty(NamedTuple):
    """A property of a model; ``default`` is None where there is none."""

    name: str
    type: str
    default: Any = None
    description: str | None = None


class DeviceModel(NamedTuple):
    """A row.

    ``properties`` are all by name, the inherited ones first; ``instance`` are those of them that
    QEMU adds to each device and not to their type. ``bus`` is the kind of bus that it is plugged
    into; ``backend`` the model of the device inside that does the work, whose properties are its
    own too. ``internal``: boards alone have it. ``category`` and ``description`` are those of
    ``-device help``.
    """

    name: str
    parent: str
    abstract: bool
    internal: bool
    hotpluggable: bool
    bus: str | None
    backend: str | None
    alias: str | None
    category: str | None
    description: str | None
    interfaces: tuple[str, ...]
    class_name: str
    properties: dict[str, ModelProperty]
    instance: tuple[str, ...]


_DEVICE = DeviceModel(
    "device", "object", True, False, True, None, None, None, None, None, (), "device", {}, ()
)


@cache
def device_models() -> dict[str, DeviceModel]:
    """All models by name, each after its parent."""
    found = {"device": _DEVICE}
    for row in (*recorded_list("device_models"), *cpu_device_rows()):
        found[row["name"]] = _read_row(row, found[row["parent"]])
    return found


@cache
def _aliases() -> dict[str, DeviceModel]:
    return {model.alias: model for model in device_models().values() if model.alias}


def find_row(name: str) -> DeviceModel | None:
    """The model of this name, or with this alias; None where there is none."""
    return device_models().get(name) or _aliases().get(name)


def _read_row(row: dict[str, Any], parent: DeviceModel) -> DeviceModel:
    own = [ModelProperty(*each) for each in row.get("properties", ())]
    instance = [ModelProperty(*each) for each in row.get("instance", ())]
    return DeviceModel(
        name=row["name"],
        parent=parent.name,
        abstract=row.get("abstract", False),
        internal=row.get("internal", False),
        hotpluggable=row.get("hotpluggable", parent.hotpluggable),
        bus=row.get("bus", parent.bus),
        backend=row.get("backend"),
        alias=row.get("alias"),
        category=row.get("category"),
        description=row.get("description"),
        interfaces=tuple(row.get("interfaces", ())),
        class_name=row["name"] if row["name"] in CLASSES else parent.class_name,
        properties=parent.properties | {each.name: each for each in (*own, *instance)},
        instance=tuple(each.name for each in instance),
    )
