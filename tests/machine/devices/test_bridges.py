"""Bridges: the buses behind them, and who comes and goes there."""

from __future__ import annotations

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing.memory import MemoryClient
from tests.machine.devices.plugging import board, deleted, plug, refusal

RNG = "virtio-rng-pci"


def qtree_lines(machine: Machine) -> list[str]:
    with MemoryClient(machine) as client:
        client.negotiate()
        line = {"command-line": "info qtree"}
        return str(client.execute("human-monitor-command", line)).splitlines()


@pytest.mark.parametrize(
    ("machine_type", "bridges", "refused"),
    [
        ("q35", "pcie-root-port,id=b", False),
        ("q35", "ioh3420,id=b", False),
        ("q35", "pcie-root-port,id=b,hotplug=off", True),
        ("q35", "pcie-pci-bridge,id=b", False),
        ("q35", "pcie-root-port,id=r x3130-upstream,id=u,bus=r xio3130-downstream,id=b,bus=u,"
         "chassis=3", False),
        ("pc", "pci-bridge,id=b,chassis_nr=1", False),
    ],
)  # fmt: skip
def test_who_comes_and_goes(machine_type: str, bridges: str, refused: bool) -> None:
    with board(machine_type) as machine:
        for text in bridges.split():
            plug(machine, text)
        said = refusal(machine, f"{RNG},bus=b,id=x", hotplugged=True)
        assert said == ("Bus 'b' does not support hotplugging" if refused else "")


def test_a_bridge_goes_with_all_that_is_behind_it() -> None:
    with board("pc") as machine:
        bridge = plug(machine, "pci-bridge,id=b,chassis_nr=1")
        plug(machine, f"{RNG},bus=b,id=r")
        seen = deleted(machine)
        machine.part(Devices).request_unplug(bridge)
        top = "/machine/peripheral"
        assert seen == [
            {"path": f"{top}/r/virtio-backend"},
            {"path": f"{top}/r", "device": "r"},
            {"path": f"{top}/b", "device": "b"},
        ]
        assert machine.resolve(top).children_in_order() == ()
        assert machine.part(Devices).find_bus("b") is None
        assert plug(machine, f"{RNG},addr=2").realized


def test_a_bridge_without_a_name_has_a_numbered_bus() -> None:
    with board("q35") as machine:
        plug(machine, "pcie-root-port,chassis=1")
        plug(machine, "pcie-root-port,chassis=2")
        bus = plug(machine, f"{RNG},bus=pcie.2").bus
        assert bus is not None
        assert bus is machine.part(Devices).find_bus("pcie.2")


def test_the_first_bus_of_a_machine_decides() -> None:
    with board("q35") as machine:
        plug(machine, "pcie-root-port,id=p")
        assert refusal(machine, RNG, hotplugged=True) == "Bus 'pcie.0' does not support hotplugging"
        port = machine.part(Devices).find("p")
        with pytest.raises(QmpError, match=r"^Bus 'pcie\.0' does not support hotplugging$"):
            machine.part(Devices).request_unplug(port)


def test_buses_behind_buses_come_to_an_end() -> None:
    with board("q35") as machine:
        top = plug(machine, "pcie-root-port,id=p0,chassis=0")
        count = 0
        while not (
            said := refusal(
                machine,
                f"pcie-root-port,id=p{count + 1},bus=p{count},chassis={count + 1}",
                hotplugged=True,
            )
        ):
            count += 1
        assert (said, count) == ("PCI: there are 256 buses already", 254)
        seen = deleted(machine)
        hmp_lines = qtree_lines(machine)
        assert sum("dev: pcie-root-port" in line for line in hmp_lines) == 255
        machine.part(Devices).unplug(top)
        assert [each["device"] for each in seen] == [f"p{number}" for number in range(254, -1, -1)]
