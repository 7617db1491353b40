"""The table of the models of devices that can be plugged in.

Each row is a QOM type: its parent, the kind of bus that it needs, its properties with their types,
defaults and descriptions, as QEMU's device-list-properties has them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple

from qmp_iothreadd.machine.cpus.models import cpu_device_rows
from qmp_iothreadd.machine.recorded_lists import recorded_list

CLASSES: Final = {
    "device": "device:Device",
    "scsi-hd": "scsi:ScsiDisk",
    "virtio-blk-device": "virtio_blk:VirtioBlk",
    "virtio-scsi-device": "scsi:VirtioScsi",
    "virtio-pci": "virtio_pci:VirtioPci",
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
    """A row: ``properties`` are all of them by name, the inherited ones first.

    ``bus`` is the kind of bus that it is plugged into, ``backend`` the model of the device inside
    that does the work, whose properties are its own too.
    """

    name: str
    parent: str
    abstract: bool
    bus: str | None
    backend: str | None
    hotpluggable: bool
    class_name: str
    properties: dict[str, ModelProperty]


@cache
def device_models() -> dict[str, DeviceModel]:
    """All models by name, each after its parent."""
    found = {"device": DeviceModel("device", "object", True, None, None, True, "device", {})}
    for row in (*recorded_list("device_models"), *cpu_device_rows()):
        name, parent = row["name"], found[row["parent"]]
        own = [ModelProperty(*each) for each in row.get("properties", ())]
        found[name] = DeviceModel(
            name,
            parent.name,
            row.get("abstract", False),
            row.get("bus", parent.bus),
            row.get("backend", parent.backend),
            row.get("hotpluggable", parent.hotpluggable),
            name if name in CLASSES else parent.class_name,
            parent.properties | {each.name: each for each in own},
        )
    return found
