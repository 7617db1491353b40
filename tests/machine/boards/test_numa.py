"""NUMA nodes: which memory and which CPUs they have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.boards.board import Board
from qmp_iothreadd.machine.boards.numa import NumaNodes
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing.memory import MemoryClient, make_machine

MIB = 1 << 20


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A board that is not made yet, of four places for CPUs in two sockets, and 64 MiB."""
    smp = {"cpus": 3, "maxcpus": 4, "sockets": 2, "cores": 2}
    properties = {"smp": smp, "memory": {"size": 64 * MIB}}
    machine = make_machine(machine_type="none")
    machine.close()
    machine = Machine(machine.schema, machine.models, machine_type="q35", properties=properties)
    for name, size in (("a", 48), ("b", 16)):
        machine.add_object("memory-backend-ram", name, {"size": size * MIB})
    machine.add_object("iothread", "io0", {})
    yield machine
    machine.close()


def add(machine: Machine, **given: Any) -> None:
    machine.part(NumaNodes).add(given)


def test_their_memory_is_the_machines(machine: Machine) -> None:
    add(machine, memdev="a", cpus=[0, 3])
    add(machine, memdev="b", cpus=[1, 2])
    machine.part(Board).init()
    with MemoryClient(machine) as client:
        client.negotiate()
        props = [each["props"] for each in client.execute("query-cpus-fast")]
        assert [each["node-id"] for each in props] == [0, 1, 1]
        places = client.execute("query-hotpluggable-cpus")
        assert [each["props"]["node-id"] for each in places] == [0, 1, 1, 0]
        [text] = client.execute("x-query-numa").values()
        assert text.splitlines() == [
            "2 nodes",
            *("node 0 cpus: 0", "node 0 size: 48 MB", "node 0 plugged: 0 MB"),
            *("node 1 cpus: 1 2", "node 1 size: 16 MB", "node 1 plugged: 0 MB"),
        ]
        assert [each["id"] for each in client.execute("query-memdev")] == ["a", "b"]
        assert client.execute("query-memory-size-summary")["base-memory"] == 64 * MIB
        cpu = client.execute("query-cpus-fast")[1]["qom-path"]
        assert client.execute("qom-get", {"path": cpu, "property": "node-id"}) == 1
        line = {"command-line": "info hotpluggable-cpus"}
        assert '    node-id: "0"' in client.execute("human-monitor-command", line).splitlines()
        place = {"driver": "qemu64-x86_64-cpu", "id": "c", "apic-id": 3, "node-id": 1}
        assert client.request("device_add", place)["error"]["desc"].endswith("must be 0")


def test_sockets_take_turns_where_no_node_has_cpus(machine: Machine) -> None:
    add(machine, memdev="a")
    add(machine, memdev="b")
    machine.part(Board).init()
    numa = machine.part(NumaNodes)
    assert [numa.node_of(index, index // 2) for index in range(4)] == [0, 0, 1, 1]


def test_cpus_that_no_node_has_are_in_the_first(machine: Machine) -> None:
    add(machine, memdev="a", cpus=[0])
    assert machine.part(NumaNodes).node_of(3, 1) == 0


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"nodeid": 128}, "Max number of NUMA nodes reached: 128"),
        ({"nodeid": 0}, "Duplicate NUMA nodeid: 0"),
        ({"mem": MIB}, "Parameter -numa node,mem is not supported by this machine type"),
        ({"memdev": "zz"}, "memdev=zz is ambiguous"),
        ({"memdev": "io0"}, "memdev=io0 is ambiguous"),
        ({"cpus": [4]}, r"CPU index \(4\) should be smaller than maxcpus \(4\)"),
        ({"cpus": [1, 0]}, "CPU is already assigned to another node"),
    ],
)
def test_what_cannot_be_is_refused(machine: Machine, given: dict[str, Any], text: str) -> None:
    add(machine, memdev="a", cpus=[0])
    with pytest.raises(QmpError, match=f"^{text}$"):
        add(machine, **given)
    assert list(machine.part(NumaNodes).nodes) == [0]


def test_nodes_are_the_whole_machine(machine: Machine) -> None:
    add(machine, memdev="a", nodeid=1)
    with pytest.raises(QmpError, match=r"^numa: Node ID missing: 0$"):
        machine.part(Board).init()
    add(machine, nodeid=0)
    with pytest.raises(QmpError, match=r"\(0x3000000\) should equal RAM size \(0x4000000\)$"):
        machine.part(Board).init()
    machine.board.values["memory-backend"] = "/objects/a"
    with pytest.raises(QmpError, match=r"are mutually exclusive$"):
        machine.part(Board).init()


def nodes_apart(machine: Machine, *distances: tuple[int, int, int]) -> None:
    numa = machine.part(NumaNodes)
    for memory in ("a", "b", None):
        numa.take({"type": "node"} | ({"memdev": memory} if memory else {}))
    for source, target, distance in distances:
        numa.take({"type": "dist", "src": source, "dst": target, "val": distance})
    numa.check()


@pytest.mark.parametrize(
    ("distances", "text"),
    [
        ([(0, 3, 20)], "Source/Destination NUMA node is missing. Please use '-numa node' option "),
        ([(128, 0, 20)], "Parameter 'src' expects an integer between 0 and 127"),
        ([(0, 1, 9)], "NUMA distance (9) is invalid, it shouldn't be less than 10."),
        ([(1, 1, 11)], "Local distance of node 1 should be 10."),
        ([(0, 1, 20), (1, 0, 21)], "The distance between node 0 and 2 is missing, at least one "),
        ([(0, 1, 20), (1, 0, 21), (1, 2, 20), (0, 2, 20)], "At least one asymmetrical pair of "),
    ],
)
def test_distances_that_cannot_be(
    machine: Machine, distances: list[tuple[int, int, int]], text: str
) -> None:
    with pytest.raises(QmpError, match=f"^{re.escape(text)}"):
        nodes_apart(machine, *distances)


def test_one_way_is_enough_where_none_is_longer_back(machine: Machine) -> None:
    nodes_apart(machine, (0, 0, 10), (0, 1, 20), (1, 0, 20), (2, 1, 30), (0, 2, 40))
    assert machine.part(NumaNodes).distances[2, 1] == 30


def test_a_client_adds_them_before_the_board_is_made(machine: Machine) -> None:
    machine.preconfig = True
    with MemoryClient(machine) as client:
        client.negotiate()
        refused = client.request("set-numa-node", {"type": "cpu", "node-id": 0, "socket-id": 0})
        assert refused["error"]["desc"] == "NUMA is not supported by this machine-type"
        client.execute("set-numa-node", {"type": "node", "memdev": "a"})
        client.execute("set-numa-node", {"type": "dist", "src": 0, "dst": 0, "val": 10})
        assert list(machine.part(NumaNodes).nodes) == [0]
