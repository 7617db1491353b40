"""``-numa``: whose memory and CPUs belong together, and how far they are from others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from qmp_iothreadd import errors
from qmp_iothreadd.machine.objects.memory import MemoryBackend

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

NODES_MAX: Final = 128
"""MAX_NODES of QEMU's sysemu/numa.h."""


_OWN_DISTANCE: Final = 10
"""How far a node is from itself, and the least that it is from another."""


class NumaNode(NamedTuple):
    """A node: its memory, if any, and the indices of the places for CPUs that were said."""

    memory: MemoryBackend | None
    cpus: frozenset[int]

    @property
    def size(self) -> int:
        """How much memory it has, in bytes."""
        return int(self.memory.load("size")) if self.memory else 0


class NumaNodes:
    """A part of the machine: its nodes by number. Without any it is one, of which nobody speaks."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.nodes: dict[int, NumaNode] = {}
        self.distances: dict[tuple[int, int], int] = {}

    def close(self) -> None:
        """The memory is the objects'."""

    def take(self, given: Mapping[str, Any]) -> None:
        """Add what a NumaOptions describes: a node, or how far one is from another.

        Raises:
            QmpError: it cannot be, or is neither.
        """
        what = {name: value for name, value in given.items() if name != "type"}
        if given["type"] == "node":
            self.add(what)
        elif given["type"] == "dist":
            self._set_distance(what["src"], what["dst"], what["val"])
        else:
            raise errors.numa_unsupported()

    def _set_distance(self, source: int, target: int, distance: int) -> None:
        for name, number in (("src", source), ("dst", target)):
            if number >= NODES_MAX:
                raise errors.invalid_parameter_value(
                    name, f"an integer between 0 and {NODES_MAX - 1}"
                )
        if source not in self.nodes or target not in self.nodes:
            raise errors.numa_node_undeclared()
        if distance < _OWN_DISTANCE:
            raise errors.numa_distance_too_small(distance, _OWN_DISTANCE)
        if source == target and distance != _OWN_DISTANCE:
            raise errors.numa_own_distance(source, _OWN_DISTANCE)
        self.distances[source, target] = distance

    def add(self, given: Mapping[str, Any]) -> None:
        """Add the node of a NumaNodeOptions.

        Raises:
            QmpError: it cannot be, or what it is to have cannot be had.
        """
        number = given.get("nodeid", len(self.nodes))
        if number >= NODES_MAX:
            raise errors.too_many_numa_nodes(number)
        if number in self.nodes:
            raise errors.numa_node_twice(number)
        if "mem" in given:
            raise errors.numa_memory_without_backend()
        most = self._machine.board.smp["maxcpus"]
        for index in given.get("cpus", ()):
            if index >= most:
                raise errors.numa_cpu_out_of_range(index, most)
            if any(index in node.cpus for node in self.nodes.values()):
                raise errors.numa_cpu_twice()
        memory = self._find_memory(given["memdev"]) if "memdev" in given else None
        self.nodes[number] = NumaNode(memory, frozenset(given.get("cpus", ())))

    def _find_memory(self, name: str) -> MemoryBackend:
        found = self._machine.find_object(name)
        if not isinstance(found, MemoryBackend):
            raise errors.numa_memory_unknown(name)
        return found

    def check(self) -> None:
        """Check that all nodes together are the machine.

        Raises:
            QmpError: a number is left out, or there is more memory or less.
        """
        for number in range(max(self.nodes)):
            if number not in self.nodes:
                raise errors.numa_node_missing(number)
        if self.distances:
            self._check_distances()
        board = self._machine.board
        if board.get_property("memory-backend"):
            raise errors.numa_and_memory_backend()
        size = board.memory["size"] or board.machine_type.family.memory
        found = sum([node.size for node in self.nodes.values()])
        if found != size:
            raise errors.numa_memory_differs(found, size)
        board.values["memory"] = {**board.memory, "size": size}

    def _check_distances(self) -> None:
        pairs = [(low, high) for high in self.nodes for low in self.nodes if low < high]
        both = {pair: (self.distances.get(pair), self.distances.get(pair[::-1])) for pair in pairs}
        for (low, high), there_and_back in sorted(both.items()):
            if there_and_back == (None, None):
                raise errors.numa_distance_missing(low, high)
        if any(None not in each and each[0] != each[1] for each in both.values()) and any(
            None in each for each in both.values()
        ):
            raise errors.numa_distances_one_way()

    def node_of(self, index: int, socket: int) -> int:
        """The node of a place for a CPU: as it was said, or else the sockets take turns."""
        for number, node in self.nodes.items():
            if index in node.cpus:
                return number
        said = any(node.cpus for node in self.nodes.values())
        return 0 if said else socket % len(self.nodes)
