"""What a machine's type puts into it: memory, CPUs, buses, and devices that are always there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from qmp_iothreadd import errors
from qmp_iothreadd.machine.boards.numa import NumaNodes
from qmp_iothreadd.machine.boards.properties import FLASHES
from qmp_iothreadd.machine.cpus.cpus import Cpus
from qmp_iothreadd.machine.devices.devices import Devices

if TYPE_CHECKING:
    from qmp_iothreadd.machine.boards.chips import Chip
    from qmp_iothreadd.machine.devices.device import Device
    from qmp_iothreadd.machine.machine import Machine


_FLASH: Final = "cfi.pflash01"


class Port(Protocol):
    """A port of a board: a serial or parallel one, or a debugcon; and its character device."""

    @property
    def kind(self) -> str:
        """What it is."""

    @property
    def number(self) -> int:
        """The first is 0."""

    @property
    def chardev(self) -> str:
        """What it is connected to."""


class Board:
    """A part of the machine: what is on its board, once ``init`` was called."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def init(
        self,
        memory_path: str | None = None,
        ports: Iterable[Port] = (),
        cards: Iterable[tuple[str, Mapping[str, Any]]] = (),
    ) -> None:
        """Make it all, when the objects of the command line are there.

        ``memory_path`` is the file that memory is kept in, or the folder of a file without a name.
        ``ports`` have something connected to them; ``cards`` are models and their values, of what
        is on the board's PCI bus.

        Raises:
            QmpError: something of it cannot be had.
        """
        machine = self._machine
        if machine.part(NumaNodes).nodes:
            machine.part(NumaNodes).check()
        else:
            machine.create_default_memory(memory_path)
        if not machine.board.is_empty:
            self._check_flash()
            machine.part(Cpus).create()
            self._add_chips(machine.part(Devices))
            self._add_ports(machine.part(Devices), ports)
            for model, values in cards:
                devices = machine.part(Devices)
                devices.add_built_in(model, devices.find_bus(machine.board.pci_bus), values)

    def close(self) -> None:
        """What is on the board ends with the devices."""

    def _check_flash(self) -> None:
        """Flash memory is in a node or a disk that there is."""
        wanted = [self._machine.board.values.get(name) for name in FLASHES]
        for name in filter(None, wanted):
            from qmp_iothreadd.machine.block.nodes import BlockNodes  # few have any

            blocks = self._machine.part(BlockNodes)
            if name not in blocks.nodes and name not in blocks.disks:
                raise errors.drive_not_found(_FLASH, name)

    def _add_chips(self, devices: Devices) -> None:
        board = self._machine.board
        last: Device | None = None
        for chip in board.chips():
            if chip.needs and not board.has(chip.needs):
                continue
            for _ in range(chip.copies):
                made = _add_chip(devices, chip, last)
            if not chip.path.startswith("."):
                last = made
        name = board.hot_plug_bus
        if name is not None and (bus := devices.find_bus(name)) is not None:
            bus.hotpluggable = True

    def _add_ports(self, devices: Devices, ports: Iterable[Port]) -> None:
        """Those that nobody can reach, as the board has fewer, have their character devices."""
        bus, board = devices.find_bus("isa.0"), self._machine.board
        for port in ports:
            if port.number < board.port_count(port.kind):
                model, number = f"isa-{port.kind}", {"index": port.number}
                values = {"chardev": port.chardev, **(number if port.kind != "debugcon" else {})}
                devices.add_built_in(model, bus, values)


def _add_chip(devices: Devices, chip: Chip, last: Device | None) -> Device:
    """``last`` is the one that a path which begins with a dot is below."""
    path = None
    if chip.path.startswith(".") and last is not None:
        path = f"{last.path}/{chip.path[1:]}"
    elif chip.path:
        path = f"/machine/{chip.path}"
    bus = devices.find_bus(chip.bus) if chip.bus else None
    return devices.add_built_in(chip.model, bus, chip.values, path)
