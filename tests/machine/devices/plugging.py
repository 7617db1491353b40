"""Devices as the command line names them, on boards of several types."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.devices.device import Device
from qmp_iothreadd.machine.devices.devices import Devices
from qmp_iothreadd.machine.guest import Guest
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing.memory import make_machine


@contextmanager
def board(machine_type: str) -> Iterator[Machine]:
    """A machine with its board, and a guest that lets go of devices at once."""
    machine = make_machine(machine_type=machine_type)
    try:
        guest = machine.part(Guest)
        guest.unplug = lambda device, let_go: let_go()  # type: ignore[method-assign]
        yield machine
    finally:
        machine.close()


def plug(machine: Machine, text: str, *, hotplugged: bool = False, **more: Any) -> Device:
    """Plug in what ``driver,name=value`` says; ``more`` are options of its own types."""
    driver, *pairs = text.split(",")
    options = dict(pair.split("=", 1) for pair in pairs)
    devices = machine.part(Devices)
    return devices.plug(
        {"driver": driver, **options, **more}, hotplugged=hotplugged, from_text=not more
    )


def refusal(machine: Machine, text: str, **more: Any) -> str:
    """Why a device cannot be plugged in; empty where it was. What is refused leaves nothing."""
    before = everything(machine)
    try:
        plug(machine, text, **more)
    except QmpError as error:
        assert everything(machine) == before
        return error.desc
    return ""


def everything(machine: Machine) -> list[str]:
    """The paths of all objects of the machine."""
    found, pending = [], [machine.resolve("/machine")]
    while pending:
        each = pending.pop()
        found.append(each.path)
        pending += (each.children or {}).values()
    return sorted(found)


def deleted(machine: Machine) -> list[dict[str, Any]]:
    """The data of the events that say what was deleted, from now on."""
    seen: list[dict[str, Any]] = []

    def listen(message: dict[str, Any]) -> None:
        if message["event"] == "DEVICE_DELETED":
            seen.append(message["data"])

    machine.listeners.append(listen)
    return seen
