"""A part of the machine's state that most clients never ask for."""

from __future__ import annotations

from typing import Protocol


class Part(Protocol):
    """The state of one subsystem: made when it is first asked for, closed with the machine.

    ``machine.part(Jobs)`` is the machine's one ``Jobs``, made by ``Jobs(machine)``.
    """

    def close(self) -> None:
        """Give back what the part holds."""
