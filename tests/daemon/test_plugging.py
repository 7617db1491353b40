"""Devices of the command line are plugged in, and refused with the option that asked for them."""

from __future__ import annotations

import pytest

from qmp_iothreadd.daemon.backends import DeviceConfig, plug_devices
from qmp_iothreadd.errors import LocatedError
from qmp_iothreadd.testing.memory import make_machine

RNG = "virtio-rng-pci"


def test_devices_are_plugged_in_as_texts_and_as_values() -> None:
    machine = make_machine(machine_type="pc")
    try:
        plug_devices(
            machine,
            [
                DeviceConfig("-device a", {"driver": RNG, "id": "a", "vectors": "3"}, True),
                DeviceConfig("-device b", {"driver": RNG, "id": "b", "vectors": 4}),
            ],
        )
        devices = [machine.resolve(f"/machine/peripheral/{id}") for id in "ab"]
        assert [each.get_property("vectors") for each in devices] == [3, 4]
        assert [each.get_property("hotplugged") for each in devices] == [False, False]
    finally:
        machine.close()


@pytest.mark.parametrize("from_text", [True, False])
def test_a_refusal_names_its_option(from_text: bool) -> None:
    machine = make_machine(machine_type="microvm")
    try:
        wanted = [DeviceConfig("-device x", {"driver": RNG}, from_text)]
        with pytest.raises(LocatedError) as caught:
            plug_devices(machine, wanted)
        assert caught.value.location == "-device x"
        assert f"No 'PCI' bus found for device '{RNG}'" in str(caught.value)
    finally:
        machine.close()
