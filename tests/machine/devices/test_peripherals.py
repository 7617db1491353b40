"""Devices of which there is one, and those that need something of the board."""

from __future__ import annotations

from uuid import UUID

import pytest

from qmp_iothreadd.machine.devices.devices import Devices
from tests.machine.devices.plugging import board, plug, refusal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vmgenid", "at most one vmgenid device is permitted"),
        ("vmcoreinfo", "at most one vmcoreinfo device is permitted"),
        ("virtio-balloon-pci", "Only one balloon device is supported"),
    ],
)
def test_there_is_one(text: str, expected: str) -> None:
    with board("pc") as machine:
        plug(machine, text)
        assert refusal(machine, text) == expected


def test_firmware_without_a_way_to_the_device() -> None:
    with board("microvm") as machine:
        assert refusal(machine, "vmgenid") == (
            "vmgenid requires DMA write support in fw_cfg, which this machine type does not provide"
        )
        assert plug(machine, "vmcoreinfo").realized
    with board("none") as machine:
        assert refusal(machine, "vmcoreinfo") == "vmcoreinfo device requires fw_cfg with DMA"


@pytest.mark.parametrize("text", ["vmgenid", "vmgenid,guid=auto"])
def test_a_generation_has_a_uuid(text: str) -> None:
    with board("pc") as machine:
        assert UUID(str(plug(machine, text).load("guid"))).version == 4


def test_serial_ports_are_those_of_a_pc() -> None:
    with board("pc") as machine:
        first, second = plug(machine, "isa-serial"), plug(machine, "isa-serial,irq=9")
        ports = [
            [each.load(name) for name in ("index", "iobase", "irq")] for each in (first, second)
        ]
        assert ports == [[0, 0x3F8, 4], [1, 0x2F8, 9]]


@pytest.mark.parametrize(
    ("rules", "fits"),
    [
        ("0x03:-1:-1:-1:0|-1:-1:-1:-1:1", True),
        ("8:0x1234:0xBEEF:0x0200:1", True),
        ("8:0x1234:0xBEEF:1", False),
        ("0x100:-1:-1:-1:1", False),
        ("x:-1:-1:-1:1", False),
        ("-1:-1:-1:-1:2", False),
    ],
)
async def test_what_usb_devices_may_be_redirected_is_a_list_of_rules(
    rules: str, fits: bool
) -> None:
    with board("pc") as machine:
        machine.chardevs.add("c", {"type": "spicevmc", "data": {"type": "usbredir"}})
        plug(machine, "piix3-usb-uhci")
        device = f"usb-redir,chardev=c,filter={rules}"
        if fits:
            assert plug(machine, device).load("filter") == rules
        else:
            assert refusal(machine, device) == (
                "Parameter 'filter' expects a usb device filter string"
            )


def test_a_source_of_random_numbers_goes_with_its_device() -> None:
    with board("pc") as machine:
        device = plug(machine, "virtio-rng-pci,id=r")
        path = device.get_property("rng")
        assert machine.resolve(path).type.name == "rng-builtin"
        machine.part(Devices).request_unplug(device)
        assert machine.tree.resolve(path) == (None, False)
        machine.add_object("rng-builtin", "own", {})
        named = plug(machine, "virtio-rng-pci,rng=own")
        assert named.get_property("rng") == "/objects/own"
