"""Places on buses: what is asked for, what is free, and what QEMU says where there is none."""

from __future__ import annotations

import pytest

from qmp_iothreadd.machine.devices.devices import Devices
from tests.machine.devices.plugging import board, deleted, plug, refusal

RNG, PORT = "virtio-rng-pci", "virtserialport"

# A type of machine, what is plugged in first, and what is then refused, with the text.
REFUSED = [
    ("pc", f"{RNG},addr=4,id=a", f"{RNG},addr=4", "PCI: slot 4 function 0 not available for "
     f"{RNG}, in use by {RNG},id=a"),
    ("pc", f"{RNG},addr=7.1", f"{RNG},addr=7.0",
     "PCI: 7.0 indicates single function, but 7.1 is already populated."),
    ("pc", f"{RNG},addr=6.0", f"{RNG},addr=6.1",
     "PCI: single function device can't be populated in function 6.1"),
    ("pc", "", f"{RNG},addr=20", f"Property '{RNG}.addr' doesn't take value '20'"),
    ("pc", "", f"{RNG},addr=5.8", f"Property '{RNG}.addr' doesn't take value '5.8'"),
    ("pc", "", f"{RNG},addr=zz", f"Property '{RNG}.addr' doesn't take value 'zz'"),
    ("pc", "", f"{RNG},bus=isa.0", f"Device '{RNG}' can't go on ISA bus"),
    ("pc", "", f"{RNG},bus=nope", "Bus 'nope' not found"),
    ("pc", "", f"{RNG},bus=", "Bus '' not found"),
    ("pc", "", f"{RNG},bus=/nope", "Device 'nope' not found"),
    ("pc", "", f"{RNG},bus=/i440FX-pcihost/pci.1", "Bus 'pci.1' not found"),
    ("pc", "", f"{RNG},bus=pci.0/nope/x", "Device 'nope' not found"),
    ("pc", "edu,id=e", f"{RNG},bus=pci.0/e", "Device 'e' has no child bus"),
    ("pc", "", "ide-cd,bus=pci.0/piix3-ide", "Device 'piix3-ide' has multiple child buses"),
    ("pc", f"{RNG},id=a", f"{RNG},bus=pci.0/a", "Bus 'pci.0/a' is full"),
    ("pc", RNG, "virtio-rng-device,bus=virtio-bus", "Bus 'virtio-bus' is full"),
    ("pc", "", "PIIX3", "Parameter 'driver' expects a pluggable device type"),
    ("pc", "", "vfio-pci", "'vfio-pci' is not a valid device model name"),
    ("pc", f"{RNG},id=a", f"{RNG},id=a", "Duplicate device ID 'a'"),
    ("pc", "", f"{RNG},id=1", "Parameter 'id' expects an identifier"),
    ("microvm", "", RNG, f"No 'PCI' bus found for device '{RNG}'"),
    ("q35", "pcie-root-port,id=a", "pcie-root-port,id=b", "Can't add chassis slot, error -16"),
    ("q35", "", "pci-bridge", "Bridge chassis not specified. Each bridge is required to be "
     "assigned a unique chassis id > 0."),
    ("pc", "", "ide-hd,bus=ide.0,unit=3", "Can't create IDE unit 3, bus supports only 2 units"),
    ("pc", "ide-cd,bus=ide.0,unit=0", "ide-cd,bus=ide.0,unit=0", "IDE unit 0 is in use"),
    ("pc", "virtio-serial-pci,max_ports=2", f"{PORT},nr=5",
     "virtio-serial-bus: Out-of-range port id specified, max. allowed: 1"),
    ("pc", f"virtio-serial-pci,max_ports=2 {PORT}", PORT,
     "virtio-serial-bus: Out-of-range port id specified, max. allowed: 1"),
    ("pc", f"virtio-serial-pci {PORT},nr=1", f"{PORT},nr=1",
     "virtio-serial-bus: A port already exists at id 1"),
    ("pc", "virtio-serial-pci", f"{PORT},nr=0", "Port number 0 on virtio-serial devices reserved "
     "for virtconsole devices for backward compatibility."),
    ("pc", "", "virtio-serial-pci,max_ports=4000", "maximum ports supported: 511"),
    ("pc", "piix3-usb-uhci", "usb-tablet,port=7",
     "usb port 7 (bus usb-bus.0) not found (in use?)"),
    ("pc", "piix3-usb-uhci usb-kbd usb-tablet", "usb-mouse",
     "tried to attach usb device usb-mouse to a bus with no free ports"),
    ("pc", "", "ich9-usb-uhci1,masterbus=zz.0", "USB bus 'zz.0' not found"),
    ("pc", "piix3-usb-uhci,id=u", "ich9-usb-uhci1,masterbus=u.0",
     "Can't use USB bus 'u.0' as masterbus, it doesn't support companion controllers"),
    ("pc", "intel-hda", "hda-duplex,cad=15", "HDA audio codec address is full"),
    ("pc", "isa-serial isa-serial isa-serial isa-serial", "isa-serial",
     "Max. supported number of ISA serial ports is 4."),
]  # fmt: skip


@pytest.mark.parametrize(("machine_type", "first", "text", "expected"), REFUSED)
def test_a_place_is_refused(machine_type: str, first: str, text: str, expected: str) -> None:
    with board(machine_type) as machine:
        for each in first.split():
            plug(machine, each)
        assert refusal(machine, text) == expected


def test_a_later_function_would_not_be_found() -> None:
    with board("pc") as machine:
        plug(machine, f"{RNG},addr=6.0,multifunction=on")
        assert refusal(machine, f"{RNG},addr=6.1", hotplugged=True) == (
            f"PCI: slot 6 function 0 already occupied by {RNG}, new func {RNG} cannot be "
            "exposed to guest."
        )
        assert plug(machine, f"{RNG},addr=6.2").load("addr") == "06.2"


def test_a_bus_has_a_path() -> None:
    with board("pc") as machine:
        for path in ("/i440FX-pcihost", "/i440FX-pcihost/pci.0", "pci.0"):
            assert plug(machine, f"{RNG},bus={path}").get_property("parent_bus").endswith("/pci.0")


def test_slots_come_to_an_end() -> None:
    with board("pc") as machine:
        places = [plug(machine, RNG).load("addr") for _ in range(30)]
        assert places == [f"{slot:02x}.0" for slot in range(2, 32)]
        text = f"PCI: no slot/function available for {RNG}, all in use or reserved"
        assert refusal(machine, RNG) == text
        device = machine.part(Devices).find("/machine/peripheral-anon/device[5]")
        machine.part(Devices).request_unplug(device)
        assert plug(machine, RNG).load("addr") == "07.0"


@pytest.mark.parametrize(("value", "shown"), [(24, "03.0"), (-1, "02.0"), ("0x1f.0x7", "1f.7")])
def test_an_address_can_be_a_number(value: object, shown: str) -> None:
    with board("pc") as machine:
        assert plug(machine, RNG, addr=value).load("addr") == shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "Invalid parameter type for 'addr', expected: int32 or str"),
        (256, f"Property '{RNG}.addr' doesn't take value '256'"),
    ],
)
def test_what_is_no_address(value: object, text: str) -> None:
    with board("pc") as machine:
        assert refusal(machine, RNG, addr=value) == text
        device = machine.types[RNG].instantiate()
        assert device.get_property("addr") == "-1"


def test_free_units_of_a_cable() -> None:
    with board("pc") as machine:
        units = [plug(machine, "ide-cd,bus=ide.0").load("unit") for _ in range(2)]
        assert (units, refusal(machine, "ide-cd,bus=ide.0")) == ([0, 1], "Bus 'ide.0' is full")


def test_ports_of_a_hub_go_with_it() -> None:
    with board("pc") as machine:
        plug(machine, "usb-ehci,id=e")
        hub = plug(machine, "usb-hub,id=h")
        assert plug(machine, "usb-kbd,id=k,port=1.8").load("port") == "1.8"
        seen = deleted(machine)
        machine.part(Devices).request_unplug(hub)
        assert [each["device"] for each in seen] == ["h"]
        assert refusal(machine, "usb-kbd,port=1.1").startswith("usb port 1.1 (bus e.0) not found")
        assert [machine.resolve("/machine/peripheral").child(name) for name in "hk"] == [None, None]


def test_hubs_behind_hubs_come_to_an_end() -> None:
    with board("pc") as machine:
        plug(machine, "qemu-xhci")
        port = "1"
        for _ in range(5):
            plug(machine, f"usb-hub,port={port}")
            port += ".1"
        assert refusal(machine, f"usb-hub,port={port}") == "usb hub chain too deep"


def test_companions_have_their_masters_ports() -> None:
    with board("pc") as machine:
        plug(machine, "ich9-usb-ehci1,id=e,addr=7.7,multifunction=on")
        assert plug(machine, "ich9-usb-uhci1,masterbus=e.0,addr=7.0,multifunction=on").buses == []


@pytest.mark.parametrize(
    ("controller", "ports"),
    [("piix3-usb-uhci", 2), ("usb-ehci", 6), ("pci-ohci,num-ports=3", 3), ("qemu-xhci,p2=8", 8)],
)
def test_a_controller_has_ports(controller: str, ports: int) -> None:
    with board("pc") as machine:
        plug(machine, controller)
        for _ in range(ports):
            plug(machine, "usb-tablet")
        assert "no free ports" in refusal(machine, "usb-tablet")


def test_a_console_is_port_0() -> None:
    with board("pc") as machine:
        plug(machine, "virtio-serial-pci,id=s")
        texts = ("virtconsole", PORT, "virtconsole")
        assert [plug(machine, f"{text},bus=s.0").load("nr") for text in texts] == [0, 1, 2]
        assert plug(machine, "virtio-serial-pci").load("addr") == "03.0"
        assert machine.part(Devices).find_bus("virtio-serial-bus.0") is not None
