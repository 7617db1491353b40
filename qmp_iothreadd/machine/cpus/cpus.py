"""The CPUs of the machine: which there are, which there could be, and who is where."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from qmp_iothreadd import errors
from qmp_iothreadd.machine.boards.numa import NumaNodes
from qmp_iothreadd.machine.cpus.models import MODEL_SUFFIX, find_cpu_model
from qmp_iothreadd.machine.cpus.options import DEFAULT_CPU
from qmp_iothreadd.machine.cpus.places import LEVELS, UNSET_APIC_ID, Topology
from qmp_iothreadd.machine.devices.devices import Devices

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine


class Cpu(Protocol):
    """A CPU in its place."""

    @property
    def thread_id(self) -> int:
        """The kernel's number of its thread."""

    @property
    def path(self) -> str:
        """The canonical path."""

    def end_soon(self) -> None:
        """Ask its thread to end."""

    def end(self) -> None:
        """End its thread."""


class Place(NamedTuple):
    """A place for a CPU: its CpuInstanceProperties, and the CPU, if there is one."""

    properties: dict[str, int]
    cpu: Cpu | None


class Cpus:
    """A part of the machine. All its CPUs are of one type, which the board or ``-cpu`` says."""

    def __init__(self, machine: Machine) -> None:
        self.option = DEFAULT_CPU
        # Those that there are by the index of their place, in the order in which they came.
        self.by_index: dict[int, Cpu] = {}
        self._machine = machine

    def close(self) -> None:
        """End all threads: each is asked to before the first is waited for."""
        for cpu in self.by_index.values():
            cpu.end_soon()
        for cpu in self.by_index.values():
            cpu.end()
        self.by_index.clear()

    @cached_property
    def topology(self) -> Topology:
        """The places on the board."""
        return Topology(self._machine.board.smp)

    @property
    def type_name(self) -> str:
        """The type of all CPUs; empty on a machine that has none."""
        if self.option.model is None:
            return self._machine.board.machine_type.default_cpu_type or ""
        return f"{self.option.model}{MODEL_SUFFIX}"

    def create(self) -> None:
        """Make the CPUs that the machine starts with.

        Raises:
            QmpError: there is no such CPU, or it cannot be.
        """
        if self.option.model is not None:
            find_cpu_model(self.option.model)
        devices = self._machine.part(Devices)
        for index in range(self._machine.board.smp["cpus"]):
            numbers = self.topology.numbers(index)
            place = {level.property: number for level, number in zip(LEVELS, numbers, strict=True)}
            devices.add_built_in(self.type_name, None, place)
            if index == 0:  # its interrupt controller brings this along
                devices.add_built_in("kvmvapic")

    # -- Places ------------------------------------------------------------------------------------

    def places(self) -> Iterator[Place]:
        """All places, with and without a CPU."""
        for index in range(self.topology.count):
            yield Place(self.properties(index), self.by_index.get(index))

    def properties(self, index: int) -> dict[str, int]:
        """A place as a CpuInstanceProperties."""
        node = self._node_of(index)
        return self.topology.properties(index) | ({} if node is None else {"node-id": node})

    def _node_of(self, index: int) -> int | None:
        numa = self._machine.part(NumaNodes)
        return numa.node_of(index, self.topology.numbers(index)[0]) if numa.nodes else None

    def apic_ids(self) -> list[int]:
        """Those of the CPUs that there are."""
        return [self.topology.apic_id(self.topology.numbers(index)) for index in self.by_index]

    def find_place(self, type_name: str, given: dict[str, Any]) -> tuple[int, list[int], int]:
        """The index, numbers and APIC id of the place that a new CPU's properties ask for.

        Raises:
            QmpError: they ask for none that there is and that is free.
        """
        if type_name != self.type_name:
            raise errors.cpu_of_another_type(self.type_name)
        asked = [given[level.property] for level in LEVELS]
        apic_id = given["apic-id"]
        if apic_id == UNSET_APIC_ID:
            numbers = self.topology.check(asked)
            apic_id = self.topology.apic_id(numbers)
        else:
            numbers = self.topology.numbers_of(apic_id)
        index = self._free_index(numbers, apic_id)
        for level, number, expected in zip(LEVELS, asked, numbers, strict=True):
            if number not in (-1, expected):
                raise errors.cpu_id_mismatch(level.property, number, apic_id, expected)
        node = self._node_of(index) or 0
        if given["node-id"] not in (-1, node):
            raise errors.bad_numa_node(node)
        return index, numbers, apic_id

    def _free_index(self, numbers: list[int], apic_id: int) -> int:
        index = self.topology.index(numbers)
        if index is None:
            words = zip(LEVELS, numbers, strict=True)
            place = ", ".join([f"{level.word}: {number}" for level, number in words])
            raise errors.no_cpu_with_apic_id(place, apic_id, self.topology.count - 1)
        if index in self.by_index:
            raise errors.cpu_exists(index, apic_id)
        return index
