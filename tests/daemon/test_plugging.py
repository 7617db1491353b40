"""Devices of the command line are plugged in, and refused with the option that asked for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


async def test_a_start_makes_what_a_board_has(
    in_process: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "qmp")
    in_process.start(
        *("-M", "q35", "-nodefaults", "-m", "64", "-cpu", "max", "--guest", "stubborn"),
        *("-object", "memory-backend-ram,id=r,size=64M", "-numa", "node,memdev=r"),
        *("-netdev", "user,id=n", "-netdev", "user,id=used"),
        *("-device", f"{RNG},id=a", "-device", "e1000,netdev=used"),
        *("-qmp", f"unix:{path},server=on,wait=off"),
    )
    asked = ("query-cpus-fast", "x-query-numa", "query-rx-filter", "quit")
    [cpu], numa, *_ = await in_process.execute(path, *asked)
    assert cpu["qom-type"] == "max-x86_64-cpu"
    assert numa["human-readable-text"].startswith("1 nodes\n")
    assert await in_process.ended() == 0
    said = capsys.readouterr().err
    assert "warning: netdev n has no peer" in said
    assert "netdev used" not in said


async def test_a_machine_can_wait_for_another(in_process: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "qmp")
    listening = ("-qmp", f"unix:{path},server=on,wait=off")
    in_process.start("-incoming", f"unix:{tmp_path}/machine", *listening)
    status, _ = await in_process.execute(path, "query-status", "quit")
    assert status["status"] == "inmigrate"
    assert await in_process.ended() == 0
