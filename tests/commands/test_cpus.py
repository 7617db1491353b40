"""What is asked about CPUs, by machine."""

from __future__ import annotations

import pytest

from qmp_iothreadd.testing import MemoryClient, make_machine


@pytest.mark.parametrize(
    ("machine_type", "cpus", "places"),
    [("none", 0, None), ("microvm", 2, None), ("isapc", 1, 1), ("pc", 2, 3), ("q35", 2, 3)],
)
def test_each_machine_has_its_own(machine_type: str, cpus: int, places: int | None) -> None:
    smp = {"cpus": cpus, "maxcpus": places or cpus}
    machine = make_machine(machine_type=machine_type, properties={"smp": smp} if cpus else None)
    with MemoryClient(machine) as client:
        client.negotiate()
        found = client.execute("query-cpus-fast")
        assert [each["cpu-index"] for each in found] == [*range(cpus)]
        assert len({each["thread-id"] for each in found}) == cpus
        line = {"command-line": "info status"}
        for index in range(cpus):
            client.execute("human-monitor-command", {**line, "cpu-index": index})
        reply = client.request("human-monitor-command", {**line, "cpu-index": cpus})
        assert reply["error"]["desc"] == "Parameter 'cpu-index' expects a CPU number"
        reply = client.request("query-hotpluggable-cpus")
        if places is None:
            assert reply["error"]["desc"] == "machine does not support hot-plugging CPUs"
        else:
            assert len(reply["return"]) == places
            taken = [each["qom-path"] for each in reply["return"] if "qom-path" in each]
            assert taken == [each["qom-path"] for each in reversed(found)]
    machine.close()
