"""Properties of devices: values and texts, defaults, and what they name and take."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.audiodevs import Audiodevs
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.netdevs import Netdevs
from tests.machine.devices.plugging import board, plug, refusal

RNG, NET = "virtio-rng-pci", "virtio-net-pci"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{RNG},foo=1", f"Property '{RNG}.foo' not found"),
        (f"{RNG},vectors=zz", "Parameter 'vectors' expects integer"),
        (f"{RNG},vectors=5000000000", "Parameter 'vectors' expects uint32_t"),
        (f"{RNG},multifunction=1", "Parameter 'multifunction' expects 'on' or 'off'"),
        (f"{RNG},max-bytes=x", "Parameter 'max-bytes' expects integer"),
        (f"{RNG},period=0", "'period' parameter expects a positive integer"),
        (f"{RNG},rng=zz", "Device 'zz' not found"),
        (f"{RNG},rng=/machine", "Invalid parameter type for 'rng', expected: rng-backend"),
        (f"{NET},mac=zz", "Property 'virtio-net-device.mac' doesn't take value 'zz'"),
        (f"{NET},netdev=zz", "Property 'virtio-net-device.netdev' can't find value 'zz'"),
        ("pci-serial,chardev=zz", "Property 'serial.chardev' can't find value 'zz'"),
        ("pcie-root-port,x-speed=7", "Parameter 'x-speed' does not accept value '7'"),
        ("isa-debugcon,chardev=z", "Property 'isa-debugcon.chardev' can't find value 'z'"),
        ("isa-debugcon", "Can't create debugcon device, empty char device"),
        ("isa-parallel", "Can't create parallel device, empty char device"),
        ("vmgenid,guid=zz", "Property 'vmgenid.guid' doesn't take value 'zz'"),
    ],
)
def test_texts_that_are_refused(text: str, expected: str) -> None:
    with board("pc") as machine:
        assert refusal(machine, text) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"vectors": "3"}, "Parameter 'vectors' expects uint64"),
        ({"multifunction": "on"}, "Invalid parameter type for 'multifunction', expected: boolean"),
        ({"rng": 5}, "Invalid parameter type for 'rng', expected: string"),
    ],
)
def test_values_of_another_type(values: dict[str, Any], expected: str) -> None:
    with board("pc") as machine:
        assert refusal(machine, RNG, **values) == expected


def test_values_stay_once_the_device_works() -> None:
    with board("pc") as machine:
        named, unnamed = plug(machine, f"{RNG},id=r"), plug(machine, RNG)
        for device, who in ((named, "device 'r'"), (unnamed, "anonymous device")):
            with pytest.raises(QmpError) as caught:
                device.set_property("vectors", 3)
            assert str(caught.value) == (
                f"Attempt to set property 'vectors' on {who} (type '{RNG}') after it was realized"
            )
        assert named.get_property("romfile") == ""
        assert named.get_property("acpi-index") == 0
        assert named.get_property("aer") is False
        assert unnamed.get_property("rng").endswith("/virtio-backend/default-backend")


def test_a_card_has_an_address_of_its_own() -> None:
    with board("pc") as machine:
        texts = ("e1000", "e1000,mac=52-54-00-12-34-57", NET)
        macs = [plug(machine, text).get_property("mac") for text in texts]
        assert macs == [f"52:54:00:12:34:{number}" for number in (56, 57, 58)]


def test_a_network_has_one_card() -> None:
    with board("pc") as machine:
        machine.part(Netdevs).add({"type": "user", "id": "n"})
        card = plug(machine, f"{NET},netdev=n,id=c")
        assert refusal(machine, "e1000,netdev=n") == (
            "Property 'e1000.netdev' can't take value 'n', it's in use"
        )
        machine.part(Devices).request_unplug(card)
        assert plug(machine, "e1000,netdev=n").realized
        assert plug(machine, "e1000,netdev=").realized


def test_networks_list_their_cards() -> None:
    with board("pc") as machine:
        netdevs = machine.part(Netdevs)
        for id in "nm":
            netdevs.add({"type": "user", "id": id})
        card = plug(machine, f"{NET},netdev=n,id=c")
        plug(machine, "e1000")
        user = "index=0,type=user,net=10.0.2.0,restrict=off"
        nic = "index=0,type=nic"
        assert netdevs.describe() == (
            f"m: {user}\n"
            f"c: {nic},model={NET},macaddr=52:54:00:12:34:56\n \\ n: {user}\n"
            f"e1000.0: {nic},model=e1000,macaddr=52:54:00:12:34:57\n"
        )
        for name in ("c", "e1000.0", "m"):
            netdevs.set_link(name, up=False)
        assert [each.link_up for each in netdevs.cards] == [False, False]
        netdevs.delete("n")
        assert "\\" not in netdevs.describe()
        machine.part(Devices).request_unplug(card)
        assert [each.name for each in netdevs.cards] == ["e1000.0"]
        with pytest.raises(QmpError, match="Device 'c' not found"):
            netdevs.set_link("c", up=True)


def test_a_character_device_has_one_port() -> None:
    with board("pc") as machine:
        made = machine.chardevs.make("c", {"type": "null", "data": {}})
        machine.tree.chardevs.add_child("c", made)
        port = plug(machine, "pci-serial,chardev=c")
        assert refusal(machine, "isa-serial,chardev=c") == (
            "Property 'serial.chardev' can't take value 'c': chardev 'c' is already in use"
        )
        machine.part(Devices).request_unplug(port)
        assert plug(machine, "isa-serial,chardev=c").load("iobase") == 0x3F8
        assert plug(machine, "pci-serial,chardev=").realized


def test_a_refused_device_lets_go_of_what_it_took() -> None:
    with board("pc") as machine:
        machine.part(Netdevs).add({"type": "user", "id": "n"})
        assert refusal(machine, f"{NET},netdev=n,addr=1.0").startswith("PCI: slot 1 function 0")
        assert plug(machine, f"{NET},netdev=n").realized


def test_a_place_in_the_order_of_booting_is_one_devices() -> None:
    with board("pc") as machine:
        card = plug(machine, "e1000,bootindex=1")
        assert refusal(machine, f"{NET},bootindex=1") == "The bootindex 1 has already been used"
        card.set_property("bootindex", -1)  # goes while it works, too
        assert plug(machine, f"{NET},bootindex=1").get_property("bootindex") == 1


def test_what_all_devices_of_a_type_begin_with() -> None:
    with board("pc") as machine:
        machine.device_defaults += [("virtio-pci", "ats", "on"), (RNG, "max-bytes", "7")]
        device = plug(machine, RNG)
        assert (device.get_property("ats"), device.get_property("max-bytes")) == (True, 7)
        assert plug(machine, "edu").realized
        machine.device_defaults.append(("edu", "foo", "1"))
        text = "can't apply global edu.foo=1: Property 'edu.foo' not found"
        assert refusal(machine, "edu") == text
        machine.device_defaults[-1] = ("edu", "dma_mask", "zz")
        text = "can't apply global edu.dma_mask=zz: Parameter 'dma_mask' expects uint64"
        assert refusal(machine, "edu") == text


def test_cards_share_where_sound_goes() -> None:
    with board("pc") as machine:
        machine.part(Audiodevs).audiodevs.append({"id": "a", "driver": "none"})
        plug(machine, "ich9-intel-hda,id=s")
        codecs = [plug(machine, "hda-duplex,audiodev=a,bus=s.0") for _ in range(2)]
        assert [codec.load("cad") for codec in codecs] == [0, 1]
        assert (
            refusal(machine, "AC97,audiodev=zz") == "Property 'AC97.audiodev' can't find value 'zz'"
        )


def test_structured_values() -> None:
    with board("pc") as machine:
        types = machine.types["virtio-blk-pci"].instantiate()
        with pytest.raises(QmpError) as caught:
            types.set_property("iothread-vq-mapping", [{"vqs": [1]}])
        assert str(caught.value) == "Parameter 'iothread-vq-mapping[0].iothread' is missing"
        assert types.get_property("iothread-vq-mapping") == []
        types.set_property("stats-intervals", [1, 2])
        assert types.get_property("stats-intervals") == [1, 2]
