"""-vga, -nic and -net: cards of boards, and what they are connected to."""

from __future__ import annotations

import re

import pytest

from qmp_iothreadd import cli
from tests.cli.lines import BASE, parse, said


@pytest.mark.parametrize(
    ("machine", "text", "model"),
    [
        ("pc", "std", "VGA"),
        ("q35", "cirrus", "cirrus-vga"),
        ("q35", "virtio", "virtio-vga"),
        ("pc", "qxl", "qxl-vga"),
        ("pc", "std,retrace=dumb", "VGA"),
    ],
)
def test_a_graphic_card_is_on_the_board(machine: str, text: str, model: str) -> None:
    assert parse("-M", machine, "-nic", "user", "-vga", text).cards[0] == (model, {})


def test_a_graphic_card_that_there_is_not_is_refused() -> None:
    assert said("-M", "pc", "-vga", "vmware") == "prog: VMWare SVGA not available\n"
    assert parse("-M", "pc", "-vga", "none").cards == []


def test_displays_ask_for_passwords() -> None:
    config = parse("-vnc", ":1", "-vnc", ":2,password=on", "-vnc", "none,id=c", "-spice", "port=1")
    assert (config.vnc, config.spice) == ({"default": False, "vnc2": True, "c": False}, True)


@pytest.mark.parametrize("machine", ["none", "microvm", "isapc"])
def test_a_machine_without_pci_has_no_graphic_card(machine: str) -> None:
    config, warnings = cli.parse(["prog", *BASE, "-M", machine, "-vga", "std"])
    assert "this machine type does not use that option" in warnings
    assert config.cards == []


@pytest.mark.parametrize(
    ("machine", "text", "model"),
    [
        ("pc", "user,id=n", "e1000"),
        ("q35", "user,id=n", "e1000e"),
        ("q35", "user,id=n,model=virtio", "virtio-net-pci"),
        ("pc", "id=n,model=rtl8139", "rtl8139"),
    ],
)
def test_a_network_card_is_on_the_board(machine: str, text: str, model: str) -> None:
    config = parse("-M", machine, "-nic", text)
    assert config.cards == [(model, {"netdev": "n"})]
    assert config.netdevs == [{"type": "user", "id": "n"}]


def test_cards_have_back_ends_of_their_own_and_an_address() -> None:
    mac = "52:54:00:00:00:01"
    config = parse("-M", "pc", "-nic", f"user,mac={mac}", "-nic", "user", "-nic", "none")
    names = [each["id"] for each in config.netdevs]
    assert [re.sub(r"\d\d$", "", name) for name in names] == ["#net0", "#net1"]
    assert config.cards == [
        ("e1000", {"netdev": names[0], "mac": mac}),
        ("e1000", {"netdev": names[1]}),
    ]
    assert said("-M", "pc", "-nic", "user,model=nope").endswith("Unsupported NIC model: nope\n")
    assert said("-M", "pc", "-nic", "user,model=VGA").endswith("Unsupported NIC model: VGA\n")


def test_net_is_on_a_hub() -> None:
    options = ["-net", "nic,model=e1000,macaddr=52:54:00:00:00:02", "-net", "user,id=u"]
    config = parse("-M", "q35", *options, "-net", "none")
    assert config.cards == [("e1000", {"netdev": "hub0port0", "mac": "52:54:00:00:00:02"})]
    assert config.netdevs == [
        {"type": "hubport", "id": "hub0port0", "hubid": 0},
        {"type": "user", "id": "u"},
        {"type": "hubport", "id": "hub0port1", "hubid": 0, "netdev": "u"},
    ]


def test_without_pci_nothing_is_connected() -> None:
    _, warnings = cli.parse(["prog", *BASE, "-M", "microvm", "-nic", "user,id=n"])
    assert "netdev n has no peer" in warnings
    assert "was not created (not supported by this machine?)" in warnings


def test_a_device_of_a_board_may_use_a_network() -> None:
    [network] = parse("-M", "q35", "-netdev", "user,id=n").netdevs
    assert (network["type"], network["id"]) == ("user", "n")
