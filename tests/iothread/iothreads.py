"""Iothreads of a machine, for tests."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.machine.machine import Machine


def add(machine: Machine, name: str = "io0", **properties: Any) -> IOThread:
    given = {key.replace("_", "-"): value for key, value in properties.items()}
    made = machine.add_object("iothread", name, given)
    assert isinstance(made, IOThread)
    return made
