"""A client of a machine with a PCI bus."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qmp_iothreadd.machine.devices.bus import PciBus
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.testing.memory import MemoryClient


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        machine = client.machine
        bus = PciBus(machine.types.add(PciBus), "pci.0", hotpluggable=True)
        machine.resolve("/machine/unattached").add_child("pci.0", bus)
        machine.part(Devices).add_bus(None, bus)
        yield client
