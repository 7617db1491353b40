"""A guest, its CPUs and its balloon under whatever clients ask for, in any order."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from qmp_iothreadd.machine.guest import BEHAVIOURS, Guest
from qmp_iothreadd.testing import MemoryClient, make_machine

STEPS = 80


def request(chance: random.Random) -> dict[str, Any]:
    cpu = {"driver": "qemu64-x86_64-cpu", "id": f"c{chance.randrange(3)}"}
    acts = ("shutdown", "reboot", "suspend", "panic", "hang")
    command, arguments = chance.choice(
        [
            *[(name, {}) for name in ("stop", "cont", "cont", "system_reset", "system_wakeup")],
            ("system_powerdown", {}),
            ("device_add", {**cpu, "apic-id": chance.randrange(4)}),
            ("device_add", {"driver": "virtio-balloon-pci", "id": "b"}),
            ("device_del", {"id": chance.choice(["c0", "c1", "c2", "b"])}),
            ("balloon", {"value": chance.choice([1, 2**20, 2**40])}),
            ("x-guest-act", {"act": chance.choice(acts)}),
        ]
    )
    return {"execute": command, "arguments": arguments}


@pytest.mark.parametrize("seed", range(9))
def test_each_cpu_has_its_thread_whatever_happens(seed: int) -> None:
    chance, others = random.Random(seed), len(os.listdir("/proc/self/task"))
    smp = {"cpus": 1, "maxcpus": 3, "sockets": 3}
    machine = make_machine(machine_type="pc", properties={"smp": smp})
    machine.part(Guest).behaviour = BEHAVIOURS[seed % 3]
    machine.actions |= {"shutdown": "pause", "panic": chance.choice(["none", "exit-failure"])}
    with MemoryClient(machine) as client:
        client.negotiate()
        for _ in range(STEPS):
            client.send(request(chance))
            found = client.execute("query-cpus-fast")
            assert len(os.listdir("/proc/self/task")) == others + len(found)
            for each in found:
                assert os.path.exists(f"/proc/self/task/{each['thread-id']}")
            if chance.random() < 0.1:
                client.execute("system_reset")  # what was asked for is given up
                for name in ("c0", "c1", "c2", "b"):
                    device = machine.resolve("/machine/peripheral").child(name)
                    assert not machine.part(Guest).is_unplugging(device)
    machine.close()
    assert len(os.listdir("/proc/self/task")) == others
