"""``info`` about devices: the buses and what is on them, as a tree and as a guest finds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qmp_iothreadd.commands import device_lists
from qmp_iothreadd.hmp.commands import info  # noqa: F401 -- here are sub-commands of it
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.hmp.sizes import size_text
from qmp_iothreadd.machine.devices.bus import FUNCTIONS
from qmp_iothreadd.machine.devices.device import Bus, Device
from qmp_iothreadd.machine.devices.model_table import device_models
from qmp_iothreadd.machine.devices.pci_listing import describe_function
from qmp_iothreadd.machine.devices.walk import system_bus
from qmp_iothreadd.qmp.registry import Context

_UNASSIGNED = 2**64 - 1
"""The address of a region that no firmware gave one."""


@hmp_command("info virtio", help="List all available virtio devices", preconfig=True)
def virtio(ctx: Context) -> str:
    """The virtio devices, by their paths."""
    found = device_lists.query_virtio(ctx)
    return "".join(f"{each['path']} [{each['name']}]\n" for each in found) or "No VirtIO devices\n"


@hmp_command("info vm-generation-id", help="Show Virtual Machine Generation ID")
def vm_generation_id(ctx: Context) -> str:
    """The UUID."""
    return f"{device_lists.query_vm_generation_id(ctx)['guid']}\n"


# -- As a guest finds them ------------------------------------------------------------------------


@hmp_command("info pci", help="show PCI info")
def pci(ctx: Context) -> str:
    """All functions of all buses."""
    return "".join(
        f"{line}\n"
        for bus in device_lists.query_pci(ctx)
        for device in bus["devices"]
        for line in _describe_function(device)
    )


def _describe_function(device: dict[str, Any]) -> Iterator[str]:
    place = f"device {device['slot']:>3}, function {device['function']}"
    yield f"  Bus {device['bus']:>2}, {place}:"
    kind, identity = device["class_info"], device["id"]
    name = kind.get("desc") or f"Class {kind['class']:04d}"
    yield f"    {name}: PCI device {identity['vendor']:04x}:{identity['device']:04x}"
    if "subsystem" in identity:
        subsystem = f"{identity['subsystem-vendor']:04x}:{identity['subsystem']:04x}"
        yield f"      PCI subsystem {subsystem}"
    if "irq" in device:
        yield f"      IRQ {device['irq']}, pin {chr(ord('A') + device['irq_pin'] - 1)}"
    if "pci_bridge" in device:
        yield from _describe_bridge(device["pci_bridge"]["bus"])
    for region in device["regions"]:
        yield f"      {_describe_region(region)}"
    yield f'      id "{device["qdev_id"]}"'


def _describe_bridge(bus: dict[str, Any]) -> Iterator[str]:
    ports, memory, prefetchable = (
        (bus[name]["base"], bus[name]["limit"])
        for name in ("io_range", "memory_range", "prefetchable_range")
    )
    yield f"      BUS {bus['number']}."
    yield f"      secondary bus {bus['secondary']}."
    yield f"      subordinate bus {bus['subordinate']}."
    yield f"      IO range [0x{ports[0]:04x}, 0x{ports[1]:04x}]"
    yield f"      memory range [0x{memory[0]:08x}, 0x{memory[1]:08x}]"
    yield f"      prefetchable memory range [0x{prefetchable[0]:08x}, 0x{prefetchable[1]:08x}]"


def _describe_region(region: dict[str, Any]) -> str:
    address = region["address"] & _UNASSIGNED
    end = (address + region["size"] - 1) & _UNASSIGNED
    if region["type"] == "io":
        return f"BAR{region['bar']}: I/O at 0x{address:04x} [0x{end:04x}]."
    bits = 64 if region["mem_type_64"] else 32
    prefetchable = " prefetchable" if region["prefetch"] else ""
    kind = f"{bits} bit{prefetchable} memory"
    return f"BAR{region['bar']}: {kind} at 0x{address:08x} [0x{end:08x}]."


# -- As a tree ------------------------------------------------------------------------------------


@hmp_command("info qtree", help="show device tree")
def qtree(ctx: Context) -> str:
    """All buses, with the devices on them and their properties."""
    bus = system_bus(ctx.machine)
    return "".join(f"{line}\n" for line in _bus_lines(bus, bus.bus_name))


def _bus_lines(bus: Bus, name: str) -> Iterator[str]:
    yield f"bus: {name}"
    yield f"  type {bus.kind}"
    for device in bus.devices:
        for line in _device_lines(device):
            yield f"  {line}"


def _device_lines(device: Device) -> Iterator[str]:
    yield f'dev: {device.type.name}, id "{device.id or ""}"'
    for name in _own_first(device):
        type_name = device.model.properties[name].type
        yield f"  {name} = {_value_text(type_name, device.load(name), name)}"
    for line in _pci_lines(device):
        yield f"  {line}"
    for bus in device.buses:
        for line in _bus_lines(bus, bus.bus_name):
            yield f"  {line}"


def _own_first(device: Device) -> list[str]:
    """The properties of the device's own model, then those of each above it."""
    models, names = device_models(), dict[str, None]()
    name = device.model.name
    chain = [name]
    while models[name].parent in models:
        name = models[name].parent
        chain.append(name)
    for each in chain:
        above = models.get(models[each].parent)
        inherited = above.properties if above else {}
        names |= dict.fromkeys(
            key
            for key in models[each].properties
            if key not in inherited and key not in models[each].instance
        )
    return [key for key in names if device.model.properties[key].type != "busnr"]


def _value_text(type_name: str, value: Any, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if type_name == "size":
            return f"{value} ({size_text(value)})"
        return f"{value} (0x{value & _UNASSIGNED:x})"
    if name == "addr":
        return str(value)
    if isinstance(value, list):
        return "<list>" if value else "<null>"
    return f'"{value}"'


def _pci_lines(device: Device) -> Iterator[str]:
    known = describe_function(device)
    if known is None:
        return
    kind, identity = known["class_info"], known["id"]
    slot, function = divmod(device.values["addr"], FUNCTIONS)
    name = kind.get("desc") or f"Class {kind['class']:04x}"
    subsystem = f"{identity.get('subsystem-vendor', 0):04x}:{identity.get('subsystem', 0):04x}"
    yield (
        f"class {name}, addr 00:{slot:02x}.{function:x}, "
        f"pci id {identity['vendor']:04x}:{identity['device']:04x} (sub {subsystem})"
    )
    for region in known["regions"]:
        kind = "i/o" if region["type"] == "io" else "mem"
        end = (region["address"] + region["size"] - 1) & _UNASSIGNED
        yield f"bar {region['bar']}: {kind} at 0x{_UNASSIGNED:x} [0x{end:x}]"
