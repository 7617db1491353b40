"""Scripted responses: what a command answers instead of what it does by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qmp.dispatch import BoundCommand, Dispatcher


class Responses:
    """The responses of a machine, by command."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def find(self, name: str, dispatcher: Dispatcher) -> BoundCommand:
        """The command of this name, with its scripted response where there is one.

        Raises:
            QmpError, FunctionError: what ``Dispatcher.find`` raises.
        """
        return dispatcher.find(name)

    def left_over(self) -> list[str]:
        """The responses that were not used, in words."""
        return []
