"""Parts of a machine: made when they are first asked for, closed with it."""

from __future__ import annotations

from typing import ClassVar

from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.machine.part import Part
from qmp_iothreadd.testing import make_machine


class First(Part):
    """Notes when it is closed."""

    closed: ClassVar[list[str]] = []

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def close(self) -> None:
        self.closed.append(type(self).__name__)


class Second(First):
    """Another part."""


def test_a_part_is_made_once_and_the_latest_closed_first() -> None:
    machine = make_machine()
    part = machine.part(First)
    assert part.machine is machine
    assert machine.part(Second) is not part
    assert machine.part(First) is part
    assert First.closed == []
    machine.close()
    assert First.closed == ["Second", "First"]


def test_machines_share_no_part() -> None:
    one, other = make_machine(), make_machine()
    assert one.part(First) is not other.part(First)
    one.close()
    other.close()
