"""What a machine's type puts into it: memory, CPUs, buses, and devices that are always there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.machine.cpus.cpus import Cpus

if TYPE_CHECKING:
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
        self._machine.create_default_memory(memory_path)
        if not self._machine.board.is_empty:
            self._machine.part(Cpus).create()

    def close(self) -> None:
        """What is on the board ends with the tree."""
