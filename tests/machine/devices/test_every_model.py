"""Each model can be plugged in, and is gone without a trace when it is taken out."""

from __future__ import annotations

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.audiodevs import Audiodevs
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.devices.listing import list_properties
from qmp_iothreadd.machine.devices.model_table import device_models
from qmp_iothreadd.machine.devices.pci_listing import describe_function, list_pci
from qmp_iothreadd.machine.devices.usb_listing import describe_usb, usb_buses
from qmp_iothreadd.machine.guest import Guest
from qmp_iothreadd.machine.machine import Machine
from tests.machine.devices.plugging import board, everything, plug, refusal

# What is plugged in before a device that needs another kind of bus than a q35 has.
BUSES = {
    "HDA": "intel-hda",
    "SCSI": "virtio-scsi-pci",
    "usb-bus": "qemu-xhci",
    "virtio-serial-bus": "virtio-serial-pci",
}
NEEDS = {
    "ide-hd": "drive=n0",
    "isa-debugcon": "chardev=c0",
    "isa-parallel": "chardev=c0",
    "pci-bridge": "chassis_nr=1",
    "scsi-cd": "drive=n0",
    "scsi-hd": "drive=n0",
    "usb-redir": "chardev=c0",
    "usb-storage": "drive=n0",
    "virtio-blk-device": "drive=n0",
    "virtio-blk-pci": "drive=n0",
    "virtio-blk-pci-non-transitional": "drive=n0",
    "virtio-blk-pci-transitional": "drive=n0",
}
MODELS = [
    name
    for name, model in device_models().items()
    if not (model.abstract or model.internal or name.endswith("-x86_64-cpu"))
]


def prepare(machine: Machine, bus: str | None) -> None:
    machine.part(BlockNodes).add({"driver": "null-co", "node-name": "n0"})
    machine.part(Audiodevs).audiodevs.append({"id": "a0", "driver": "none"})
    made = machine.chardevs.make("c0", {"type": "null", "data": {}})
    machine.tree.chardevs.add_child("c0", made)
    if bus in BUSES:
        plug(machine, BUSES[bus])


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_plugged_in_and_taken_out(name: str) -> None:
    model = device_models()[name]
    with board("microvm" if model.bus == "virtio-bus" else "q35") as machine:
        prepare(machine, model.bus)
        before = everything(machine)
        device = plug(machine, ",".join([name, "id=d", *filter(None, [NEEDS.get(name)])]))
        assert device.realized
        for prop in device.properties():
            if prop.get is not None:
                prop.get(device)
        assert name not in ("edu", "VGA") or describe_function(device) is not None
        machine.part(Devices).unplug(device)
        assert everything(machine) == before
        assert machine.chardevs.find("c0").frontend is None


@pytest.mark.parametrize("name", [each for each in device_models() if each != "device"])
def test_a_model_lists_its_properties(name: str) -> None:
    with board("pc") as machine:
        if device_models()[name].abstract:
            with pytest.raises(QmpError, match="expects a non-abstract device type"):
                list_properties(machine.types, name)
            return
        for each in list_properties(machine.types, name):
            assert (
                {"name", "type"} <= each.keys() <= {"name", "type", "description", "default-value"}
            )


def test_what_is_no_device_has_no_such_properties() -> None:
    with board("none") as machine:
        with pytest.raises(QmpError, match=r"^Device 'nope' not found$"):
            list_properties(machine.types, "nope")
        with pytest.raises(QmpError, match="expects a non-abstract device type"):
            list_properties(machine.types, "iothread")


def test_defaults_are_those_of_a_device_that_was_just_made() -> None:
    with board("pc") as machine:
        listed = {each["name"]: each for each in list_properties(machine.types, "virtio-blk-pci")}
        assert listed["num-queues"]["default-value"] == 65535
        assert listed["virtio-backend"] == {
            "name": "virtio-backend",
            "type": "child<virtio-blk-device>",
        }
        assert "default-value" not in listed["drive"]


def test_devices_of_a_board_stay() -> None:
    with board("pc") as machine:
        devices = machine.part(Devices)
        for path, text in (
            ("/machine/i440fx/pci.0", "/machine/i440fx/pci.0 is not a hotpluggable device"),
            ("/machine/nope", "Device '/machine/nope' not found"),
            ("", " is not a hotpluggable device"),
        ):
            with pytest.raises(QmpError) as caught:
                devices.find(path)
            assert str(caught.value) == text
        card = plug(machine, "VGA,id=v")
        with pytest.raises(QmpError, match=r"^Device 'VGA' does not support hotplugging$"):
            devices.request_unplug(card)
        text = "Parameter 'driver' expects a pluggable device type"
        assert refusal(machine, "cirrus-vga", hotplugged=True) == text


def test_a_guest_that_has_not_begun_is_not_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    with board("pc") as machine:
        device = plug(machine, "edu,id=e")
        guest, devices = machine.part(Guest), machine.part(Devices)
        asked: list[object] = []
        monkeypatch.setattr(guest, "unplug", lambda device, let_go: asked.append(device))
        monkeypatch.setattr(guest, "is_unplugging", lambda device: device in asked)
        devices.request_unplug(device)
        devices.request_unplug(device)  # the machine runs
        machine.status = "prelaunch"
        with pytest.raises(QmpError, match=r"^Device e is already in the process of unplug$"):
            devices.request_unplug(device)


def test_lists_of_a_machine_without_buses_are_empty() -> None:
    with board("none") as machine:
        assert (list_pci(machine), usb_buses(machine), describe_usb(machine)) == ([], [], "")


def test_buses_list_what_is_on_them() -> None:
    with board("q35") as machine:
        plug(machine, "pcie-root-port,id=p")
        for text in (
            "virtio-rng-pci,bus=p",
            "virtio-mouse-pci,disable-legacy=on",
            "virtio-net-pci,disable-legacy=on",
            "virtio-balloon-pci",
        ):
            plug(machine, text)
        [bus] = list_pci(machine)
        kinds = [each["id"]["device"] for each in bus["devices"]]
        assert kinds == [0x29C0, 0xC, 0x1052, 0x1041, 0x1002, 0x2918, 0x2922, 0x2930]
        plug(machine, "qemu-xhci")
        plug(machine, "usb-wacom-tablet")
        assert describe_usb(machine) == (
            "  Device 0.0, Port 1, Speed 12 Mb/s, Product QEMU PenPartner tablet\n"
        )
