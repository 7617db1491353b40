"""What a machine's type puts into it: memory, CPUs, buses, and devices that are always there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.machine.cpus.cpus import Cpus
from qmp_iothreadd.machine.devices.devices import Devices

if TYPE_CHECKING:
    from qmp_iothreadd.machine.boards.chips import Chip
    from qmp_iothreadd.machine.devices.device import Device
    from qmp_iothreadd.machine.machine import Machine


class Board:
    """A part of the machine: what is on its board, once ``init`` was called."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def init(self, memory_path: str | None = None) -> None:
        """Make it all, when the objects of the command line are there.

        ``memory_path`` is the file that memory is kept in, or the folder of a file without a name.

        Raises:
            QmpError: something of it cannot be had.
        """
        machine = self._machine
        machine.create_default_memory(memory_path)
        if not machine.board.is_empty:
            machine.part(Cpus).create()
            self._add_chips(machine.part(Devices))

    def close(self) -> None:
        """What is on the board ends with the devices."""

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
        bus = devices.find_bus(board.hot_plug_bus or "")
        if bus is not None:
            bus.hotpluggable = True


def _add_chip(devices: Devices, chip: Chip, last: Device | None) -> Device:
    """``last`` is the one that a path which begins with a dot is below."""
    path = None
    if chip.path.startswith(".") and last is not None:
        path = f"{last.path}/{chip.path[1:]}"
    elif chip.path:
        path = f"/machine/{chip.path}"
    bus = devices.find_bus(chip.bus) if chip.bus else None
    return devices.add_built_in(chip.model, bus, chip.values, path)
