"""What -drive puts on the buses of a board."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from qmp_iothreadd.daemon.backends import BlockConfig, DeviceConfig, make_disks, plug_devices
from qmp_iothreadd.errors import LocatedError
from qmp_iothreadd.machine.block.info import disk_info
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import make_machine


@contextmanager
def started(machine_type: str, *drives: str, devices: tuple[Any, ...] = ()) -> Iterator[Machine]:
    """A machine with these disks and devices, as the daemon starts it."""
    machine = make_machine(machine_type=machine_type)
    try:
        pairs = [[word.partition("=") for word in text.split(",")] for text in drives]
        configs = [
            BlockConfig(text, pairs=tuple((key, value) for key, _, value in each))
            for text, each in zip(drives, pairs, strict=True)
        ]
        make_disks(machine, configs, lambda text: None)
        plug_devices(machine, devices)
        yield machine
    finally:
        machine.close()


def disks(machine: Machine) -> dict[str, str]:
    """Which type of device has which disk."""
    found = [disk_info(each) for each in machine.part(BlockNodes).backends]
    return {each["device"]: machine.resolve(each["qdev"]).type.name for each in found}


NULL = "file=null-co://,format=raw"


@pytest.mark.parametrize("machine_type", ["pc", "q35"])
def test_disks_have_their_devices(machine_type: str) -> None:
    drives = (NULL, f"media=cdrom,index=2,{NULL}", f"if=virtio,{NULL}")
    with started(machine_type, *drives) as machine:
        bus = 1 if machine_type == "pc" else 2
        assert disks(machine) == {
            "ide0-hd0": "ide-hd",
            f"ide{bus}-cd0": "ide-cd",
            "virtio0": "virtio-blk-device",
        }


def test_devices_come_in_qemus_order() -> None:
    spare = {"driver": "virtio-blk-pci", "drive": "none0"}
    devices = (
        DeviceConfig("json", {"driver": "virtio-scsi-pci", "id": "json"}),
        DeviceConfig("text", {**spare, "id": "text"}, from_text=True),
    )
    drives = (f"if=none,{NULL}", f"if=virtio,{NULL}")
    with started("pc", *drives, devices=devices) as machine:
        slots = [
            str(machine.resolve(f"/machine/{path}").get_property("addr"))
            for path in ("peripheral/text", "peripheral-anon/device[0]", "peripheral/json")
        ]
        assert slots == sorted(slots)


@pytest.mark.parametrize(
    ("machine_type", "drive", "text"),
    [
        ("microvm", f"if=virtio,{NULL}", "No 'PCI' bus found for device 'virtio-blk-pci'"),
        ("microvm", f"if=ide,{NULL}", "machine type does not support if=ide,bus=0,unit=0"),
        ("pc", f"if=ide,index=5,{NULL}", "machine type does not support if=ide,bus=2,unit=1"),
        ("pc", f"if=scsi,{NULL}", "machine type does not support if=scsi,bus=0,unit=0"),
        ("q35", f"if=ide,bus=0,unit=1,{NULL}", "unit 1 too big (max is 0)"),
        ("pc", "if=virtio", "Device needs media, but drive is empty"),
    ],
)
def test_what_has_no_place(machine_type: str, drive: str, text: str) -> None:
    with pytest.raises(LocatedError) as raised, started(machine_type, drive):
        pass
    assert raised.value.location == drive
    assert str(raised.value) == text


def test_microvm_has_disks_that_a_device_names() -> None:
    device = DeviceConfig("d", {"driver": "virtio-blk-device", "drive": "none00", "id": "d"})
    with started("microvm", NULL, devices=(device,)) as machine:
        assert disks(machine) == {"none00": "virtio-blk-device"}
