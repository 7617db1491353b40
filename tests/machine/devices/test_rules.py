"""What a bus or a device refuses, in words that QEMU 7.2 and 11.1 share: rules.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import make_machine

LINES = Path(__file__).with_name("rules.txt").read_text().splitlines()
RULES = [line.split(" | ") for line in LINES if not line.startswith("#")]


def plug(machine: Machine, text: str) -> None:
    driver, *pairs = text.split(",")
    options = {"driver": driver, **dict(pair.split("=", 1) for pair in pairs)}
    machine.part(Devices).plug(options, hotplugged=False, from_text=True)


@pytest.mark.parametrize(("machine_type", "devices", "outcome"), RULES)
def test_a_device_is_plugged_in_or_refused(machine_type: str, devices: str, outcome: str) -> None:
    machine = make_machine(machine_type=machine_type)
    *others, last = devices.split(";")
    for each in others:
        plug(machine, each)
    if outcome == "plugged in":
        plug(machine, last)
    else:
        with pytest.raises(QmpError) as caught:
            plug(machine, last)
        assert caught.value.desc == outcome
    machine.close()
