"""What a guest would find on the PCI buses: query-pci."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd.machine.devices.bus import FUNCTIONS, PciBus
from qmp_iothreadd.machine.devices.device import Device
from qmp_iothreadd.machine.devices.virtio import VirtioPci
from qmp_iothreadd.machine.devices.walk import buses_below, system_bus
from qmp_iothreadd.machine.recorded_lists import recorded_list

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

# Of Red Hat's device ids, 0x1000 is the first virtio device with the registers of before version 1,
# and 0x1040 plus its virtio type the same one without them.
_TRANSITIONAL: Final = {0x1000: 1, 0x1001: 2, 0x1002: 5, 0x1003: 3, 0x1004: 8, 0x1005: 4, 0x1009: 9}
_MODERN: Final = 0x1040
_MODERN_SUBSYSTEM: Final = 0x1100


def list_pci(machine: Machine) -> list[dict[str, Any]]:
    """The buses that are no bridge's, with the functions on each, as PciInfo.

    No firmware gave numbers to the buses behind bridges: nothing is found there.
    """
    return [
        {"bus": 0, "devices": [*_functions(bus)]}
        for bus in buses_below(system_bus(machine))
        if isinstance(bus, PciBus) and not (bus.owner and bus.owner.type.implements("pci-device"))
    ]


def describe_function(device: Device) -> dict[str, Any] | None:
    """What is known of a PCI device without its place; None: nothing is."""
    known = _known().get(device.type.name)
    if known is None or not isinstance(device, VirtioPci) or not _is_modern(device):
        return known
    identity = known["id"]
    kind = _TRANSITIONAL.get(identity["device"])
    if kind is None:
        return known
    identity = identity | {"device": _MODERN + kind, "subsystem": _MODERN_SUBSYSTEM}
    regions = [region for region in known["regions"] if region["type"] != "io"]
    return known | {"id": identity, "regions": regions}


@cache
def _known() -> dict[str, dict[str, Any]]:
    rows = recorded_list("pci_functions")
    return {row["model"]: {k: v for k, v in row.items() if k != "model"} for row in rows}


def _functions(bus: PciBus) -> Iterator[dict[str, Any]]:
    for place, device in sorted(bus.functions.items()):
        known = describe_function(device)
        if known is not None:
            slot, function = divmod(place, FUNCTIONS)
            where = {"bus": 0, "slot": slot, "function": function}
            yield where | {"qdev_id": device.id or ""} | known


def _is_modern(device: VirtioPci) -> bool:
    """Whether a virtio device has no registers of before version 1: so it is behind a port."""
    legacy = device.load("disable-legacy") if "disable-legacy" in device.model.properties else "off"
    if legacy != "auto":
        return bool(legacy == "on")
    owner = device.bus.owner if device.bus is not None else None
    return owner is not None and owner.type.implements("pcie-port")
