"""A client of a machine with a PCI bus."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.guest import Guest
from qmp_iothreadd.testing.memory import MemoryClient


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryClient]:
    with MemoryClient() as client:
        client.negotiate()
        host = client.machine.part(Devices).add_built_in("i440FX-pcihost")
        host.buses[0].hotpluggable = True
        # This guest lets go of a device at once, and not after the reply.
        guest = client.machine.part(Guest)
        monkeypatch.setattr(guest, "unplug", lambda device, let_go: let_go())
        yield client
