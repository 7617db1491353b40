"""What boards have from their start: buses, the devices on them, ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from qmp_iothreadd.daemon.backends import unconnected_netdevs
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.machine.boards.board import Board
from qmp_iothreadd.machine.devices.bus import PciBus
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.devices.walk import buses_below, devices_below, system_bus
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.machine.netdevs import Netdevs
from qmp_iothreadd.testing.memory import make_machine


@contextmanager
def board(machine_type: str, **properties: Any) -> Iterator[Machine]:
    named = {name.replace("_", "-"): value for name, value in properties.items()}
    machine = make_machine(machine_type=machine_type, properties=named)
    try:
        yield machine
    finally:
        machine.close()


def bus_names(machine: Machine) -> set[str]:
    return {bus.bus_name for bus in buses_below(system_bus(machine))} - {"main-system-bus"}


def functions(machine: Machine, name: str) -> dict[str, str]:
    """What is on a PCI bus, by address."""
    bus = machine.part(Devices).find_bus(name)
    assert isinstance(bus, PciBus)
    return {device.load("addr"): device.type.name for device in bus.functions.values()}


PC = {"00.0": "i440FX", "01.0": "PIIX3", "01.1": "piix3-ide"}
Q35 = {"00.0": "mch", "1f.0": "ICH9-LPC"}


@pytest.mark.parametrize(
    ("machine_type", "properties", "expected"),
    [
        ("pc", {}, PC | {"01.3": "PIIX4_PM"}),
        ("pc", {"acpi": "off"}, PC),
        ("pc", {"usb": True}, PC | {"01.2": "piix3-usb-uhci", "01.3": "PIIX4_PM"}),
        ("q35", {}, Q35 | {"1f.2": "ich9-ahci", "1f.3": "ICH9-SMB"}),
        ("q35", {"sata": False, "smbus": False}, Q35),
        (
            "q35",
            {"sata": False, "smbus": False, "usb": True},
            Q35
            | {f"1d.{number}": f"ich9-usb-uhci{number + 1}" for number in range(3)}
            | {"1d.7": "ich9-usb-ehci1"},
        ),
    ],
)
def test_pci_devices_are_at_qemus_addresses(
    machine_type: str, properties: Mapping[str, Any], expected: dict[str, str]
) -> None:
    with board(machine_type, **properties) as machine:
        assert functions(machine, "pci.0" if machine_type == "pc" else "pcie.0") == expected


@pytest.mark.parametrize(
    ("machine_type", "properties", "buses"),
    [
        ("pc", {}, {"pci.0", "isa.0", "ide.0", "ide.1"}),
        ("pc", {"usb": True}, {"pci.0", "isa.0", "ide.0", "ide.1", "usb-bus.0"}),
        ("q35", {}, {"pcie.0", "isa.0", *(f"ide.{number}" for number in range(6))}),
        ("q35", {"usb": True, "sata": False}, {"pcie.0", "isa.0", "usb-bus.0"}),
        ("isapc", {}, {"isa.0", "ide.0", "ide.1"}),
        ("microvm", {"acpi": "off"}, {"isa.0", *(f"virtio-mmio-bus.{n}" for n in range(8))}),
        ("microvm", {"ioapic2": "off"}, {"isa.0", *(f"virtio-mmio-bus.{n}" for n in range(8))}),
        ("microvm", {}, {"isa.0", *(f"virtio-mmio-bus.{n}" for n in range(24))}),
    ],
)
def test_buses_are_those_of_the_type(
    machine_type: str, properties: Mapping[str, Any], buses: set[str]
) -> None:
    with board(machine_type, **properties) as machine:
        assert bus_names(machine) == buses


@pytest.mark.parametrize(
    ("machine_type", "properties", "hotpluggable"),
    [
        ("pc", {}, {"pci.0"}),
        ("pc", {"acpi": "off"}, set()),
        ("q35", {}, set()),
        ("microvm", {}, set()),
    ],
)
def test_only_a_pc_with_acpi_has_a_bus_of_its_own_for_hot_plug(
    machine_type: str, properties: Mapping[str, Any], hotpluggable: set[str]
) -> None:
    with board(machine_type, **properties) as machine:
        buses = buses_below(system_bus(machine))
        assert {bus.bus_name for bus in buses if bus.hotpluggable} == hotpluggable


@pytest.mark.parametrize(
    ("machine_type", "paths"),
    [
        ("pc", ["fw_cfg", "i440fx/pci.0", "i440fx/ioapic", "unattached/device[0]"]),
        ("q35", ["fw_cfg", "q35/pcie.0", "q35/mch", "q35/ioapic"]),
        ("microvm", ["fw_cfg", "ioapic"]),
        ("isapc", ["fw_cfg"]),
    ],
)
def test_the_tree_has_them_where_qemu_has_them(machine_type: str, paths: list[str]) -> None:
    with board(machine_type) as machine:
        for path in paths:
            assert machine.resolve(f"/machine/{path}")


@pytest.mark.parametrize(
    ("properties", "missing"),
    [
        ({"hpet": False}, "hpet"),
        ({"i8042": False}, "i8042"),
        ({"vmport": "off"}, "vmport"),
        ({"pit": "off"}, "isa-pit"),
        ({"pic": "off"}, "isa-i8259"),
    ],
)
def test_what_is_turned_off_is_not_there(properties: Mapping[str, Any], missing: str) -> None:
    with board("pc") as machine:
        assert missing in {device.type.name for device in devices_below(machine)}
    with board("pc", **properties) as machine:
        assert missing not in {device.type.name for device in devices_below(machine)}


class Connected(NamedTuple):
    kind: str
    number: int
    chardev: str


@pytest.mark.parametrize(
    ("machine_type", "properties", "made"),
    [
        ("none", {}, []),
        ("pc", {}, ["isa-debugcon", "isa-parallel", "isa-serial"]),
        ("microvm", {"acpi": "off"}, ["isa-debugcon", "isa-serial"]),
        ("microvm", {"acpi": "off", "isa-serial": False}, ["isa-debugcon"]),
    ],
)
def test_a_board_has_the_ports_that_something_is_connected_to(
    machine_type: str, properties: Mapping[str, Any], made: list[str]
) -> None:
    with board("none") as other:
        models = other.models
    machine = Machine(models.schema, models, machine_type=machine_type, properties=properties)
    ports = [
        Connected("serial", 0, "s"),
        Connected("serial", 4, "t"),
        Connected("parallel", 0, "p"),
        Connected("debugcon", 0, "d"),
    ]
    for port in ports:
        chardev = machine.chardevs.make(port.chardev, {"type": "null", "data": {}})
        machine.tree.chardevs.add_child(port.chardev, chardev)
    machine.part(Board).init(ports=ports)
    found = {
        device.type.name: device.load("chardev")
        for device in devices_below(machine)
        if "chardev" in device.model.properties
    }
    assert sorted(found) == made
    assert all(found[name] == name.removeprefix("isa-")[0] for name in made)
    machine.close()


@pytest.mark.parametrize(("machine_type", "bus"), [("pc", "pci.0"), ("q35", "pcie.0")])
def test_cards_are_on_the_first_bus(machine_type: str, bus: str) -> None:
    with board("none") as other:
        models = other.models
    machine = Machine(models.schema, models, machine_type=machine_type)
    machine.part(Netdevs).hold({"type": "user", "id": "n"})
    machine.part(Netdevs).hold({"type": "user", "id": "lone"})
    machine.part(Netdevs).hold({"type": "hubport", "id": "port", "hubid": 0, "netdev": "lone"})
    machine.part(Netdevs).hold({"type": "user", "id": "unused"})
    machine.part(Board).init(cards=[("VGA", {}), ("e1000", {"netdev": "n"})])
    found = functions(machine, bus)
    assert {"VGA", "e1000"} <= set(found.values())
    assert list(unconnected_netdevs(machine)) == ["unused"]
    machine.close()


@pytest.mark.parametrize(
    ("machine_type", "properties", "tells"),
    [
        ("none", {}, False),
        ("isapc", {}, False),
        ("q35", {"acpi": "off"}, True),
        ("pc", {}, True),
        ("pc", {"acpi": "off"}, False),
        ("microvm", {}, True),
    ],
)
def test_a_device_of_the_boards_tells_of_slots(
    machine_type: str, properties: Mapping[str, Any], tells: bool
) -> None:
    with board(machine_type, **properties) as machine:
        assert machine.board.has_acpi_device == tells


def test_the_empty_machine_has_nothing_on_its_board() -> None:
    with board("none") as machine:
        machine.part(Board).init(ports=[Connected("serial", 0, "s")], cards=[("VGA", {})])
        assert list(devices_below(machine)) == []
        assert machine.board.hot_plug_bus is None
        assert not machine.board.chips()
        assert machine.board.port_count("serial") == 0


def test_flash_memory_is_in_a_node_that_there_is() -> None:
    with board("none") as other:
        models = other.models
    properties = {"pflash0": "n0"}
    machine = Machine(models.schema, models, machine_type="q35", properties=properties)
    with pytest.raises(QmpError, match=r"Property 'cfi\.pflash01\.drive' can't find value 'n0'"):
        machine.part(Board).init()
    machine.close()
    machine = Machine(models.schema, models, machine_type="q35", properties=properties)
    machine.part(BlockNodes).add({"driver": "null-co", "node-name": "n0"})
    machine.part(Board).init()
    assert machine.board.get_property("pflash0") == "n0"
    machine.close()
